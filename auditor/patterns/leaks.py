"""Leaks: what training rows share with test and evaluation data."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.moulds import moulds, pour
from auditor.kernels.shingles import Streams, shingles, taken
from auditor.relations.copies import halves
from auditor.streams import VIEWS, read

RUN = 13
"""Fine tokens in a row that are a leak, as in GPT-3's and later decontaminations."""

COMMON = 8
"""Texts of the held-out data that share a run which is then no leak but the way questions are put there."""

HELD_OUT = re.compile(r"(?:^|[^a-z])(?:test|dev|val|valid|validation|eval|evaluation)(?:[^a-z]|$)")
"""Names of files that are held out, when they stand in one scan with others that are not."""


class HeldOut(NamedTuple):
    """Held-out rows: their corpus, and which of its rows they are."""

    corpus: Corpus
    rows: NDArray[np.bool_]


class Leaked(NamedTuple):
    """A held-out row that stands in others: its name, its place, and the rows."""

    name: str
    place: str
    rows: Ints


class Leaks(NamedTuple):
    """What rows share with held-out data, as columns; and the rows that each held-out row leaked to."""

    columns: Mapping[str, pa.Array] = {}
    found: Sequence[Leaked] = ()


def leaks(corpus: Corpus, other: Corpus | None) -> Leaks:
    """Measure what each row shares with held-out data: those given, or the files of this scan named as such.

    ``leak_prompt`` and ``leak_answer`` are 1 where the whole of it stands there, too; ``leak_share`` is the share of
    the row's characters in runs of RUN tokens that stand there; ``leak_place`` is the held-out row that has most.
    """
    apart = split(corpus) if other is None else np.zeros(corpus.rows, np.bool_)
    held = HeldOut(corpus, apart) if other is None else HeldOut(other, np.ones(other.rows, np.bool_))
    if not held.rows.any() or apart.all():
        return Leaks()
    found: dict[str, Any] = {}
    place = np.full(corpus.rows, -1, np.int64)
    for view in VIEWS:
        equal, rows = _equal(corpus, held, view)
        found[f"leak_{view}"] = np.where(apart, 0.0, equal)
        place = np.where((place < 0) & (equal > 0), rows, place)
    covered, whole, rows = _runs(corpus, held)
    share = np.divide(covered, whole, out=np.zeros(corpus.rows), where=whole > 0)
    found["leak_share"] = np.round(np.where(apart, 0.0, share), 6)
    place = np.where((place < 0) & (share > 0), rows, place)
    place[apart] = -1
    places = _places(held.corpus, place)
    return Leaks(
        {**{name: pa.array(values) for name, values in found.items()}, "leak_place": places}, _listed(held, place)
    )


def _listed(held: HeldOut, place: Ints) -> list[Leaked]:
    """List the held-out rows that rows leaked from, those of most rows first."""
    rows = np.flatnonzero(place >= 0)
    order = rows[np.argsort(place[rows], kind="stable")]
    parts = np.split(order, np.flatnonzero(np.diff(place[order])) + 1) if len(order) else []
    owners = np.array([place[part[0]] for part in parts], np.int64)
    names = held.corpus.samples["content_id"].take(pa.array(owners)).to_pylist()
    places = _places(held.corpus, owners).to_pylist()
    found = [Leaked(f"leak-{name[:12]}", at, part) for name, at, part in zip(names, places, parts, strict=True)]
    return sorted(found, key=lambda each: (-len(each.rows), each.name, each.place))


def split(corpus: Corpus) -> NDArray[np.bool_]:
    """Tell the rows of files that are named as held out."""
    named = [bool(HELD_OUT.search(PurePath(source.name).name.lower())) for source in corpus.sources]
    return np.asarray(np.array(named, np.bool_)[corpus.source], np.bool_)


def _equal(corpus: Corpus, held: HeldOut, view: str) -> tuple[NDArray[np.float64], Ints]:
    """Return 1 for rows one view of which is a held-out row's, and which row's."""
    mine, theirs = (_key(halves(each.keys[f"{view}_key"])) for each in (corpus, held.corpus))
    own = np.flatnonzero(held.rows & (theirs != 0))
    names, first = np.unique(theirs[own], return_index=True)
    if not len(names):
        return np.zeros(corpus.rows), np.full(corpus.rows, -1, np.int64)
    at = np.minimum(np.searchsorted(names, mine), len(names) - 1)
    hit = (names[at] == mine) & (mine != 0)
    return hit.astype(np.float64), np.where(hit, own[first[at]], -1)


def _key(keys: Hashes) -> Hashes:
    return keys[:, 0] ^ (keys[:, 1] * np.uint64(0x9E3779B97F4A7C15))


def _runs(corpus: Corpus, held: HeldOut) -> tuple[Ints, Ints, Ints]:
    """Return how many characters of each row stand in held-out runs, how many it has, and whose runs they are."""
    values, owners = _held_out(held)
    covered, whole = np.zeros(corpus.rows, np.int64), np.zeros(corpus.rows, np.int64)
    place = np.full(corpus.rows, -1, np.int64)
    wanted = moulds([values], 0.0)
    for view in VIEWS:
        first = 0
        for path in corpus.streams:
            stream = read(path, view)
            found = pour(stream, wanted, RUN)
            rows = slice(first, first + stream.number)
            covered[rows] += found.covered
            whole[rows] += found.whole
            hit = np.flatnonzero(found.covered)
            place[first + hit] = np.where(
                place[first + hit] < 0, _whose(taken(stream, hit), values, owners), place[first + hit]
            )
            first += stream.number
    return covered, whole, place


def _held_out(held: HeldOut) -> tuple[Hashes, Ints]:
    """Return the runs of held-out rows, rising, and the first row that has each; common ones are left out."""
    parts = [np.zeros((0, 2), np.uint64), *_each(held)]
    pairs = np.unique(np.concatenate(parts), axis=0)
    values, first, counts = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    kept = counts < COMMON
    return values[kept], pairs[first[kept], 1].astype(np.int64)


def _each(held: HeldOut) -> Iterator[NDArray[np.uint64]]:
    for view in VIEWS:
        first = 0
        for path in held.corpus.streams:
            stream = read(path, view)
            own = np.flatnonzero(held.rows[first : first + stream.number])
            values, texts, _ = shingles(taken(stream, own), RUN)
            yield np.column_stack([values, (own[texts] + first).astype(np.uint64)])
            first += stream.number


def _whose(stream: Streams, values: Hashes, owners: Ints) -> Ints:
    """Return for each text the held-out row that most of its runs are from."""
    found, texts, _ = shingles(stream, RUN)
    at = np.minimum(np.searchsorted(values, found), max(0, len(values) - 1))
    hit = values[at] == found if len(values) else np.zeros(len(found), np.bool_)
    names, counts = np.unique(np.column_stack([texts[hit], owners[at[hit]]]), axis=0, return_counts=True)
    order = np.lexsort((names[:, 1], -counts, names[:, 0]))
    out = np.full(stream.number, -1, np.int64)
    seen, first = np.unique(names[order, 0], return_index=True)
    out[seen] = names[order][first, 1]
    return out


def _places(corpus: Corpus, rows: Ints) -> pa.Array:
    """Name rows by file and line; -1 is null."""
    held, place = np.unique(rows, return_inverse=True)
    names = [
        None if row < 0 else f"{corpus.sources[corpus.source[row]].name}:{corpus.lines[row]}" for row in held.tolist()
    ]
    return pa.array(names, pa.string()).take(pa.array(place))
