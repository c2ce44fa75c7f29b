from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.shingles import Doubles, Numbers

def survey(tokens: Lanes, bounds: Ints, size: int, table: Bytes, keys: Lanes) -> None: ...
def crowded(
    tokens: Lanes,
    bounds: Ints,
    size: int,
    table: Bytes,
    least: int,
    values: Hashes,
    texts: Numbers,
    places: Ints,
) -> int: ...
def laid(
    values: Hashes,
    texts: Numbers,
    places: Ints,
    slots: Hashes,
    numbers: Numbers,
    last: Numbers,
    spots: Ints,
    held: Ints,
    postings: Ints,
    shingles: Numbers,
    named: Numbers,
) -> int: ...
def followed(named: Numbers, texts: Numbers, places: Ints, behind: Numbers, times: Ints, whole: Ints) -> None: ...
def turned(starts: Ints, shingles: Numbers, ends: Ints, postings: Numbers) -> None: ...
def spread(starts: Ints, texts: Numbers, keys: Lanes, out: Doubles) -> None: ...
def table_of(values: Hashes, slots: Hashes, numbers: Numbers, sieve: Hashes) -> None: ...
