from auditor.kernels.flat import Bytes, Ints, Lanes

def fine(
    buffer: Bytes,
    offsets: Ints,
    order: Ints,
    hashes: Lanes,
    sizes: Bytes,
    places: Ints,
    bounds: Ints,
) -> int: ...
