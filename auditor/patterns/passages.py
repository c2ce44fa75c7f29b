"""Passages: the longest stretches of text that stand inside many different answers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.fine import BEGIN, END, NUMBER, words
from auditor.kernels.flat import Hashes, Ints, Lanes
from auditor.kernels.shingles import SIZE, Incidence, Numbers, Streams
from auditor.relations.moulds import WORDS

SHORTEST, LONGEST = 8, 128
"""Fine tokens of a passage; of a longer one the first so many."""

SHOWN = 100
"""Passages that are listed: those of most texts times tokens."""

KNOWN = 0.8
"""Share of a passage's shingles that templates have if it is part of their fixed text."""


class Passage(NamedTuple):
    """A passage: a name that its first shingle gives it, and its tokens."""

    name: str
    tokens: Lanes


def passages(streams: Streams, held: Incidence, sets: Sequence[Hashes]) -> list[Passage]:
    """Find the passages that texts share, weightiest first; the fixed text of ``sets``, the templates, is none.

    A template that is one stretch inside its texts, and no more, is a passage, too. Shingles that nearly always stand
    one behind the other are one passage: it ends where texts go on differently.
    """
    chains, lengths = _chains(held.behind)
    heads = chains[0]
    sizes = lengths + SIZE - 1
    weight = np.diff(held.posting_starts)[heads] * sizes
    known = np.zeros(len(held.values), np.bool_)
    for each in (np.searchsorted(held.values, values) for values in sets):
        first, last = streams.tokens[held.places[each]], streams.tokens[held.places[each] + SIZE - 1]
        known[each] |= _parted(held, each) or bool(((first == BEGIN) | (last == END)).any())
    found: list[Passage] = []
    for k in np.lexsort((held.values[heads], -weight)).tolist():
        chain = chains[: lengths[k], k]
        if sizes[k] < SHORTEST or known[chain].mean() >= KNOWN:
            continue
        tokens = _said(streams, held, chain)
        if len(tokens) >= SHORTEST and _tells(tokens):
            found.append(Passage(f"{int(held.values[chain[0]]):016x}"[:12], tokens))
            if len(found) == SHOWN:
                break
    return found


def _chains(behind: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
    """Return chains of shingles, shape (places, chains), and how long each is; a circle is none.

    >>> chains, lengths = _chains(np.array([2, -1, 1, -1], np.int32))
    >>> chains[:, 0].tolist(), lengths.tolist()
    ([0, 2, 1], [3, 1])
    """
    first = np.ones(len(behind), np.bool_)
    first[behind[behind >= 0]] = False
    steps = [np.flatnonzero(first).astype(np.int32)]
    onward = np.append(behind, -1).astype(np.int32)
    while len(steps) < LONGEST - SIZE + 1 and (onward[steps[-1]] >= 0).any():
        steps.append(onward[steps[-1]])
    chains = np.stack(steps)
    return chains, (chains >= 0).sum(axis=0)


def _parted(held: Incidence, shingles: Ints) -> bool:
    """Tell whether shingles are more than one stretch of text."""
    return len(shingles) - int(np.isin(held.behind[shingles], shingles).sum()) > 1


def _said(streams: Streams, held: Incidence, chain: Numbers) -> Lanes:
    """Return the tokens of a chain from its first word on: of its first shingle, and the last one of every other."""
    places = held.places[chain]
    tokens = np.concatenate([streams.tokens[places[0] : places[0] + SIZE], streams.tokens[places[1:] + SIZE - 1]])
    return tokens[np.argmax(words(tokens) | (tokens == NUMBER) | (tokens == BEGIN)) :]


def _tells(tokens: Lanes) -> bool:
    """Tell whether a passage stands inside its texts, and says something."""
    return not np.isin(tokens, (BEGIN, END)).any() and int(words(np.unique(tokens)).sum()) >= WORDS
