from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.moulds import Doubles, Numbers

def survey(tokens: Lanes, bounds: Ints, size: int, table: Bytes, keys: Lanes) -> None: ...
def crowded(
    tokens: Lanes, bounds: Ints, size: int, table: Bytes, least: int, values: Hashes, texts: Numbers
) -> int: ...
def spread(starts: Ints, texts: Numbers, keys: Lanes, out: Doubles) -> None: ...
def tally(chosen: Numbers, starts: Ints, shingles: Numbers, counts: Numbers, weight: int) -> None: ...
def closure(
    posting: Numbers, alive: Bytes, starts: Ints, shingles: Numbers, share: float, counts: Numbers, found: Numbers
) -> tuple[int, int]: ...
def table_of(values: Hashes, slots: Hashes, numbers: Numbers) -> None: ...
def pour(
    tokens: Lanes,
    sizes: Bytes,
    bounds: Ints,
    size: int,
    slots: Hashes,
    numbers: Numbers,
    starts: Ints,
    owners: Numbers,
    need: Numbers,
    marks: Numbers,
    hits: Numbers,
    best: Numbers,
    score: Numbers,
    covered: Ints,
    whole: Ints,
) -> None: ...
def gaps(
    tokens: Lanes,
    bounds: Ints,
    size: int,
    chosen: Numbers,
    slots: Hashes,
    numbers: Numbers,
    runs: Numbers,
    out: Ints,
    hashes: Hashes,
) -> int: ...
