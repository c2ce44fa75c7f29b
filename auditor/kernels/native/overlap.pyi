from auditor.kernels.flat import Bytes, Hashes, Ints

def overlap(
    hashes: Hashes,
    values: Hashes,
    parts: Ints,
    pairs: Ints,
    size: int,
    longest: int,
    left: Bytes,
    right: Bytes,
    out: Ints,
) -> int: ...
