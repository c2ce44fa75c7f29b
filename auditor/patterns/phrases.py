"""Phrases: text that many answers open or close with, and stock phrases wherever they stand."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.kernels.flat import Hashes, Ints, Lanes
from auditor.kernels.moulds import Streams
from auditor.kernels.reference.sketch import mix
from auditor.patterns.spelling import spelled_rows
from auditor.relations.copies import Copies
from auditor.streams import read

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


def phrases(corpus: Corpus, answer: Copies) -> tuple[list[Phrase], dict[str, dict[str, float]]]:
    """Find the openings and closings that many different answers share, and how concentrated they are."""
    distinct = answer.keeper == np.arange(corpus.rows)
    found: list[Phrase] = []
    concentration = {}
    for place in ("opening", "closing"):
        best, length, concentration[f"{place}s"] = grown(edges(corpus, place), distinct)
        found += _listed(corpus, place, best, length)
    return found, concentration


def edges(corpus: Corpus, place: str) -> Iterator[Hashes]:
    """Yield a hash of the first (or last) tokens of every answer, for FIRST to LAST tokens; 0 where it has fewer."""
    units = [read(path, "answer") for path in corpus.streams]
    value = np.zeros(corpus.rows, np.uint64)
    for k in range(LAST):
        token = np.concatenate([np.zeros(0, np.uint32), *(_token(held, place, k) for held in units)])
        value = np.where(token > 0, mix(value * np.uint64(0x9E3779B97F4A7C15) + token), np.uint64(0))
        if k + 1 >= FIRST:
            yield value


def _token(held: Streams, place: str, k: int) -> Lanes:
    """Return the k-th token of every text from its begin or end; 0 where there is none."""
    there = np.diff(held.bounds) > k
    at = held.bounds[:-1] + k if place == "opening" else held.bounds[1:] - 1 - k
    token = np.zeros(held.number, np.uint32)
    token[there] = held.tokens[at[there]]
    return token


def grown(edge: Iterator[Hashes], distinct: NDArray[np.bool_]) -> tuple[Hashes, Ints, dict[str, float]]:
    """Return the longest phrase that each row has (0: none), as a hash; its length; how concentrated the shortest are.

    A phrase is had by at least LEAST different answers; it grows while nearly all of these go on alike.
    """
    best = next(edge)
    concentration = concentrated(best, distinct & (best != 0))
    before = _counts(best, distinct)
    growing = before >= LEAST
    best = np.where(growing, best, np.uint64(0))
    length = np.where(growing, FIRST, 0)
    for size, value in enumerate(edge, FIRST + 1):
        now = np.where(growing, _counts(np.where(growing, value, np.uint64(0)), distinct), 0)
        growing &= (now >= LEAST) & (now >= KEPT * before)
        if not growing.any():
            break
        best[growing], length[growing] = value[growing], size
        before = now
    return best, length, concentration


def _counts(values: Hashes, distinct: NDArray[np.bool_]) -> Ints:
    """Count the different answers that have each row's value; 0 counts nowhere."""
    names, place = np.unique(values, return_inverse=True)
    counts = np.bincount(place[distinct], minlength=len(names))
    counts[names == 0] = 0
    return np.asarray(counts[place], np.int64)


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


def _listed(corpus: Corpus, place: str, best: Hashes, length: Ints) -> Iterator[Phrase]:
    """Spell the most frequent phrases out."""
    names, first, counts = np.unique(best, return_index=True, return_counts=True)
    order = [k for k in np.lexsort((names, -counts)).tolist() if names[k]][:SHOWN]
    models = first[order]
    order = [order[k] for k in np.argsort(models, kind="stable").tolist()]
    texts = spelled_rows(corpus, "answer", np.array(sorted(models.tolist()), np.int64))
    by_name = np.argsort(best, kind="stable")
    starts = np.searchsorted(best[by_name], names)
    for k in order:
        rows = np.sort(by_name[starts[k] : starts[k] + counts[k]])
        model, size = int(first[k]), int(length[first[k]])
        held = texts[model]
        whole = len(held.turn)
        span = (0, size) if place == "opening" else (whole - size, whole)
        yield Phrase(
            place, f"phrase-{place}-{int(names[k]):016x}"[:27], rows, model, held.text(*span), (size - 1) * len(rows)
        )
