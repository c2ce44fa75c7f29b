from auditor.kernels.flat import Hashes, Ints, Lanes
from auditor.kernels.spot import Numbers

def spot(
    tokens: Lanes, bounds: Ints, slots: Hashes, targets: Numbers, fail: Numbers, ends: Numbers, first: Hashes, out: Ints
) -> int: ...
