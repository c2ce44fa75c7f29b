"""Phrases: text that many answers open or close with, and stock phrases wherever they stand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.reference.sketch import mix
from auditor.patterns.spelling import spelled_rows
from auditor.relations.copies import Copies
from auditor.streams import edge

FIRST, LAST = 4, 24
"""Fine tokens of the shortest and the longest opening or closing, the begin or end of the answer among them."""

LEAST = 8
"""Different answers that share an opening or closing."""

KEPT = 0.8
"""A phrase grows by a token as long as this share of its answers has the same one."""

SHOWN = 200
"""Openings, and closings, that are listed: the most frequent."""


class Phrase(NamedTuple):
    """A phrase: its place, its name, the rows that have it, its text, and how many tokens are trained on it in all."""

    place: str
    name: str
    rows: Ints
    model: int
    text: str
    tokens: int


class Edges(NamedTuple):
    """Openings and closings: those that are listed, how concentrated they are, and how long each row's is (tokens)."""

    found: Sequence[Phrase]
    concentration: Mapping[str, Mapping[str, float]]
    lengths: dict[str, Bytes]


def phrases(corpus: Corpus, answer: Copies) -> Edges:
    """Find the openings and closings that many different answers share, and how concentrated they are."""
    distinct = answer.keeper == np.arange(corpus.rows)
    found: list[Phrase] = []
    concentration, lengths = {}, {}
    for place in ("opening", "closing"):
        first = edges(corpus, place)
        concentration[f"{place}s"] = concentrated(first, distinct & (first != 0))
        best, lengths[place] = grown(first, lambda rows, place=place: beyond(corpus, place, rows), distinct)  # type: ignore[misc]
        found += _listed(corpus, place, best, lengths[place])
    return Edges(found, concentration, lengths)


def edges(corpus: Corpus, place: str) -> Hashes:
    """Hash the first (or last) FIRST tokens of every answer; 0 where it has fewer."""
    value = np.zeros(corpus.rows, np.uint64)
    for token in edge(corpus.streams, "answer", np.arange(corpus.rows), place, range(FIRST)):
        value = _longer(value, token)
    return value


def beyond(corpus: Corpus, place: str, rows: Ints) -> Lanes:
    """Return the tokens of rows (rising) beyond the shortest edge; 0 where there are none; shape (tokens, rows)."""
    return edge(corpus.streams, "answer", rows, place, range(FIRST, LAST))


def _longer(value: Hashes, token: Lanes) -> Hashes:
    return np.where(token > 0, mix(value * np.uint64(0x9E3779B97F4A7C15) + token), np.uint64(0))


def grown(value: Hashes, more: Callable[[Ints], Lanes], distinct: NDArray[np.bool_]) -> tuple[Hashes, Bytes]:
    """Return the longest phrase that each row has (0: none), as a hash, and its length.

    A phrase is had by at least LEAST different answers; it grows while nearly all of these go on alike. ``value``
    hashes the shortest ones; ``more`` returns what follows in some rows.
    """
    best, length = np.zeros(len(value), np.uint64), np.zeros(len(value), np.uint8)
    before = _counts(value, distinct)
    rows = np.flatnonzero(before >= LEAST)
    best[rows], length[rows] = value[rows], FIRST
    value, distinct, before = value[rows], distinct[rows], before[rows]
    places = np.arange(len(rows))
    for size, token in enumerate(more(rows), FIRST + 1):
        value = _longer(value, token[places])
        now = _counts(value, distinct)
        growing = (now >= LEAST) & (now >= KEPT * before)
        if not growing.any():
            break
        value, distinct, before, places = value[growing], distinct[growing], now[growing], places[growing]
        best[rows[places]], length[rows[places]] = value, size
    return best, length


def _counts(values: Hashes, distinct: NDArray[np.bool_]) -> Ints:
    """Count the different answers that have each row's value, where these are enough; 0 counts nowhere."""
    held = np.sort(values[distinct])
    first = np.flatnonzero(np.append(held[1:] != held[:-1], [True] * min(1, len(held))))
    sizes = np.diff(first, prepend=-1)
    kept = (sizes >= LEAST) & (held[first] != 0)
    names, sizes = np.append(held[first][kept], np.uint64(0)), np.append(sizes[kept], 0)
    at = np.searchsorted(names[:-1], values)
    return np.where(names[at] == values, sizes[at], 0)


def concentrated(values: Hashes, distinct: NDArray[np.bool_]) -> dict[str, float]:
    """Tell how few values there are: the share of the most frequent one and of ten, and exp of the entropy."""
    counts = np.sort(np.unique(values[distinct], return_counts=True)[1])[::-1]
    share = counts / max(1, counts.sum())
    return {
        "number": len(counts),
        "top": round(float(share[:1].sum()), 6),
        "top_ten": round(float(share[:10].sum()), 6),
        "effective": round(float(np.exp(-(share * np.log(share)).sum())), 3) if len(counts) else 0.0,
    }


def _listed(corpus: Corpus, place: str, best: Hashes, length: Bytes) -> Iterator[Phrase]:
    """Spell the most frequent phrases out."""
    filled = np.flatnonzero(best)
    by_name = filled[np.argsort(best[filled], kind="stable")]
    names, starts, counts = np.unique(best[by_name], return_index=True, return_counts=True)
    order = np.lexsort((names, -counts))[:SHOWN]
    models = by_name[starts]
    texts = spelled_rows(corpus, "answer", np.sort(models[order]))
    for k in order[np.argsort(models[order])].tolist():
        rows = by_name[starts[k] : starts[k] + counts[k]]
        model, size = int(models[k]), int(length[models[k]])
        held = texts[model]
        whole = len(held.turn)
        span = (0, size) if place == "opening" else (whole - size, whole)
        yield Phrase(
            place, f"phrase-{place}-{int(names[k]):016x}"[:27], rows, model, held.text(*span), (size - 1) * len(rows)
        )
