"""One question that is answered yes in one row and no in another."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.kernels.fine import fine
from auditor.kernels.flat import Ints, flat
from auditor.relations.copies import Copies
from auditor.shipped import RULES
from auditor.streams import edge
from auditor.text import normalise

SIDES = {"yes": 1, "no": -1, "neither": 0}
"""What the headings of the list of beginnings stand for."""


class Opposed(NamedTuple):
    """Rows with one prompt that say yes or no, some of them the one and some the other."""

    name: str
    rows: Ints


def opposed(corpus: Corpus, prompt: Copies) -> list[Opposed]:
    """Find prompts to which some answers begin with a yes and others with a no."""
    rows = np.flatnonzero(prompt.group >= 0)
    side = sides(corpus, rows)
    rows, side = rows[side != 0], side[side != 0]
    group = prompt.group[rows]
    number = int(group.max(initial=-1)) + 1
    both = np.logical_and(*(np.bincount(group[side == each], minlength=number) > 0 for each in (1, -1)))
    held = rows[both[group]]
    order = held[np.argsort(prompt.group[held], kind="stable")]
    ids = corpus.samples["content_id"]
    found = []
    for each in np.split(order, np.flatnonzero(np.diff(prompt.group[order])) + 1) if len(order) else []:
        name = min(ids.take(each).to_pylist())
        found.append(Opposed(f"opposed-{name[:12]}", each))
    return sorted(found, key=lambda each: (-len(each.rows), each.name))


def sides(corpus: Corpus, rows: Ints) -> NDArray[np.int8]:
    """Tell for each row (rising) whether its answer begins with a yes (1), a no (-1), or neither (0)."""
    known = beginnings()
    longest = max(len(tokens) for tokens, _ in known)
    first = edge(corpus.streams, "answer", rows, "opening", range(1, longest + 1))
    side = np.zeros(len(rows), np.int8)
    for tokens, which in known:
        side[np.all([first[k] == each for k, each in enumerate(tokens)], axis=0)] = which
    return side


@lru_cache(maxsize=1)
def beginnings() -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return how answers begin that say yes or no, as fine tokens with their side, the longest last."""
    side, found = 0, []
    for line in (RULES / "yes-no.txt").read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("["):
            side = SIDES[text.strip("[]")]
        elif text and not text.startswith("#"):
            found.append((tuple(fine(flat([normalise(text)])).hashes[1:-1].tolist()), side))
    return tuple(sorted(found, key=lambda each: len(each[0])))
