from auditor.kernels.flat import Bytes, Ints, Lanes
from auditor.kernels.shingles import Numbers

class Search:
    def __init__(
        self,
        starts: Ints,
        shingles: Numbers,
        posting_starts: Ints,
        postings: Numbers,
        keys: Lanes,
        ends: Bytes,
        least: int,
        fixed: int,
        share: float,
        longest: int,
        favour: float,
        tried: int,
        looks: int,
    ) -> None: ...
    def begin(self, texts: Numbers, known: Numbers) -> None: ...
    def end(self, texts: Numbers, known: Numbers) -> None: ...
    def next(self, shared: Numbers, texts: Numbers) -> tuple[int, int]: ...
