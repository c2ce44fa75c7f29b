from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.shingles import Numbers

def pour(
    tokens: Lanes,
    sizes: Bytes,
    bounds: Ints,
    size: int,
    slots: Hashes,
    numbers: Numbers,
    sieve: Hashes,
    starts: Ints,
    owners: Numbers,
    need: Numbers,
    marks: Numbers,
    hits: Numbers,
    spots: Numbers,
    which: Numbers,
    mask: Bytes,
    best: Numbers,
    score: Numbers,
    covered: Numbers,
    whole: Numbers,
) -> None: ...
def gaps(
    tokens: Lanes,
    bounds: Ints,
    size: int,
    chosen: Numbers,
    slots: Hashes,
    numbers: Numbers,
    starts: Ints,
    runs: Numbers,
    out: Ints,
    hashes: Hashes,
) -> int: ...
