"""The search for sets of shingles that many texts hold together, the same as the kernel, in Python and numpy."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Ints, Lanes

Numbers = NDArray[np.int32]


class Search:
    """Which shingles each text holds, and the other way; what is alive, known and counted."""

    def __init__(
        self, starts: Ints, shingles: Numbers, posting_starts: Ints, postings: Numbers, keys: Lanes, ends: Bytes,
        *wanted: Any,  # noqa: ANN401  (numbers)
    ) -> None:  # fmt: skip
        """Take what is searched, and what is looked for."""
        bounds = posting_starts.tolist()
        self.texts = [set(postings[a:b].tolist()) for a, b in pairwise(bounds)]
        bounds = starts.tolist()
        self.shingles = [set(shingles[a:b].tolist()) for a, b in pairwise(bounds)]
        self.keys, self.ends = keys, ends
        self.least, self.fixed, self.share, self.longest, self.favour, self.tried, self.looks = wanted

    def begin(self, texts: Numbers, known: Numbers) -> None:
        """Look among some texts; shingles that are known of all of them do not count."""
        self.alive, self.closed = set(texts.tolist()), set(known.tolist())
        self.blocked = set(self.closed)
        self.weighed: dict[int, tuple[int, float]] = {}
        self.leader: dict[int, int] = {}

    def end(self, texts: Numbers, known: Numbers) -> None:
        """Forget what was looked at."""

    def next(self, shared: Numbers, texts: Numbers) -> tuple[int, int]:
        """Write the weightiest set and its texts, which are dead from now on; returns how many of both."""
        while seeds := self._candidates():
            for seed in sorted(seeds, key=lambda each: (-self.weighed[each][1], each)):
                living = sorted(self.texts[seed] & self.alive)
                if sum(len(set(lane)) for lane in self.keys[living].T.tolist()) < self.least * self.keys.shape[1]:
                    self.blocked.add(seed)
                    continue
                held = sorted(self._closure(seed))
                shared[: len(held)], texts[: len(living)] = held, living
                self.alive -= set(living)
                return len(held), len(living)
        return 0, 0

    def _candidates(self) -> list[int]:
        """Weigh the sets of the most frequent shingles; those that lead to none are looked at no more."""
        counts = {s: len(texts & self.alive) for s, texts in enumerate(self.texts) if s not in self.blocked}
        ranked = sorted((s for s, n in counts.items() if n >= self.least), key=lambda s: (-counts[s], s))
        while ranked:
            found: list[int] = []
            for seed in ranked[: self.looks]:
                if self.leader.get(seed, seed) != seed and self.leader[seed] in found:
                    continue
                if not self._weigh(seed, counts[seed]):
                    self.blocked.add(seed)
                    continue
                found.append(seed)
                if len(found) == self.tried:
                    break
            if found:
                return found
            ranked = ranked[self.looks :]
        return []

    def _weigh(self, seed: int, count: int) -> bool:
        """Weigh the set of a seed, unless its texts are those of last time; tell whether there is one."""
        if seed in self.weighed and self.weighed[seed][0] == count:
            return True
        held = self._closure(seed)
        fresh = held - self.closed
        if len(fresh) < self.fixed:
            return False
        favour = self.favour if any(self.ends[s] for s in fresh) else 1.0
        self.weighed[seed] = count, float(count) * min(len(fresh), self.longest) * favour
        self.leader |= dict.fromkeys(held, seed)
        return True

    def _closure(self, seed: int) -> set[int]:
        """Return the shingles that most living texts of a shingle have."""
        living = self.texts[seed] & self.alive
        anywhere = set().union(*(self.shingles[text] for text in living))
        return {s for s in anywhere if len(self.texts[s] & living) >= self.share * len(living)}
