"""Sets of shingles that many texts hold together: what templates are found from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.reference import closures as plain
from auditor.kernels.shingles import Incidence, Numbers

try:
    from auditor.kernels.native import closures as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None
kernel = native if COMPILED else plain


class Wanted(NamedTuple):
    """What is looked for: a set that ``share`` of at least ``least`` unlike texts hold, ``fixed`` shingles or more.

    A set weighs its texts times its shingles, those beyond ``longest`` aside, and ``favour`` times as much if it holds
    how texts begin or end. ``tried`` candidates are weighed at once, found among ``looks`` of the most frequent
    shingles.
    """

    least: int
    fixed: int
    share: float
    longest: int
    favour: float
    tried: int
    looks: int


class Closure(NamedTuple):
    """A set of shingles (rising numbers), and the texts that it was found in."""

    shingles: Numbers
    texts: Numbers


class Closures:
    """The sets of shingles in texts, the weightiest first: found one by one, each with texts of its own."""

    def __init__(self, held: Incidence, ends: NDArray[np.bool_], wanted: Wanted) -> None:
        """Take which shingles texts hold, and which of these stand at the ends of turns."""
        self._held = held
        parts = (held.starts, held.shingles, held.posting_starts, held.postings, held.keys, ends.astype(np.uint8))
        self._search = kernel.Search(*parts, *wanted)
        self._shared, self._texts = np.empty(len(held.values), np.int32), np.empty(len(held.keys), np.int32)

    def among(self, texts: Numbers, known: Numbers, most: int) -> list[Closure]:
        """Return at most so many sets among texts (each named once); shingles known of all of them do not count."""
        for named, room in ((texts, len(self._held.keys)), (known, len(self._held.values))):
            if len(named) and (named.min() < 0 or named.max() >= room):
                raise ValueError("a text or shingle is named that is not there")
        self._search.begin(texts, known)
        found: list[Closure] = []
        while len(found) < most:
            shared, held = self._search.next(self._shared, self._texts)
            if held == 0:
                break
            found.append(Closure(np.sort(self._shared[:shared]), self._texts[:held].copy()))
        self._search.end(texts, known)
        return found
