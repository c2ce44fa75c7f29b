"""Templates spelled out: the skeleton of one that holds most of it, and what stands in the slots of the others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.evidence.fine import Span, Spelled, spelled
from auditor.kernels.flat import Hashes, Ints, Lanes
from auditor.kernels.moulds import Gaps, Runs, gaps
from auditor.kernels.reference.shingles import windows
from auditor.kernels.shingles import SIZE, Numbers, Streams
from auditor.sample import Batch, Role
from auditor.streams import whole_place

MEMBERS = 2000
"""Members of a template that are looked at for its slots, drawn by content."""

SLOTS, FILLERS = 8, 3
"""Slots of a template whose fillers are spelled out, and how many of each."""

LONG = 400
"""Characters of a filler that are kept."""


class Sampled(NamedTuple):
    """The distinct texts that are searched, their rows, and their order by content."""

    streams: Streams
    rows: Ints
    rank: Ints


class Stretch(NamedTuple):
    """Neighbouring fine tokens of a row; ``size`` is how many the row has in its stream."""

    row: int
    size: int
    first: int
    last: int


class Gap(NamedTuple):
    """A gap of a template before it is spelled out: fillers are counts and stretches."""

    after: int
    rows: int
    distinct: int
    entropy: float
    fillers: Sequence[tuple[int, Stretch]]


class Drawing(NamedTuple):
    """What a template is spelled out from: the fixed stretches of its model, and its gaps in order."""

    model: int
    fixed: Sequence[Stretch]
    gaps: Sequence[Gap]


class Filler(NamedTuple):
    """What stands in a slot: how often, and one place where it does."""

    text: str
    count: int  # type: ignore[assignment]  # (a tuple's own count is of no use here)
    row: int
    spans: Sequence[Span]


class Slot(NamedTuple):
    """A gap of a template: members that fill it, fillers that differ, and the entropy of these (nats)."""

    number: int
    rows: int
    distinct: int
    entropy: float
    fillers: Sequence[Filler]


def drawing(sampled: Sampled, members: Ints, score: Numbers, values: Hashes) -> Drawing:
    """Choose a template's model, the text that holds most of it, and see what its members have in its gaps."""
    streams, rank = sampled.streams, sampled.rank[members]
    model = int(members[np.lexsort((rank, -score))[0]])
    drawn = np.union1d(members[np.argsort(rank)[:MEMBERS]], [model]).astype(np.int32)
    first, last = streams.bounds[model : model + 2].tolist()
    runs, known = _runs(streams.tokens[first:last], values)
    held = gaps(streams, drawn, known)
    row = int(sampled.rows[model])
    fixed = [Stretch(row, last - first, start, end) for start, end in runs.tolist()]
    return Drawing(row, fixed, _gaps(sampled, held, model, len(drawn)))


def _runs(tokens: Lanes, values: Hashes) -> tuple[Ints, Runs]:
    """Return the stretches of a text that a template covers, and which of them hold each of its shingles."""
    hashes = windows(tokens, SIZE)
    places = np.flatnonzero(values[np.minimum(np.searchsorted(values, hashes), len(values) - 1)] == hashes)
    fresh = np.diff(places, prepend=-SIZE - 1) > SIZE
    run = (np.cumsum(fresh) - 1).astype(np.int32)
    firsts = np.flatnonzero(fresh)
    lasts = np.append(firsts[1:], len(places)) - 1
    spans = np.column_stack([places[firsts], places[lasts] + SIZE])
    order = np.argsort(hashes[places], kind="stable")  # of each shingle, runs rise
    names, runs = hashes[places][order], run[order]
    new = np.diff(names, prepend=names[:1]) != 0
    new[:1] = True
    once = new | (np.diff(runs, prepend=runs[:1]) != 0)
    starts = np.append(np.cumsum(once)[new] - 1, once.sum()).astype(np.int64)
    return spans, Runs(names[new], starts, runs[once])


def _gaps(sampled: Sampled, held: Gaps, model: int, members: int) -> list[Gap]:
    """Return a template's gaps: those of its model, and those that at least half of the members fill."""
    text, slot = held.places[:, 0], held.places[:, 1]
    own = set(slot[text == model].tolist())
    first = np.unique(slot * (int(text.max(initial=0)) + 1) + text, return_index=True)[1]
    order = first[np.lexsort((held.hashes[first], slot[first]))]
    found: list[Gap] = []
    for mine in np.split(order, np.flatnonzero(np.diff(slot[order])) + 1) if len(order) else []:
        place = int(slot[mine[0]])
        if place in own or 2 * len(mine) >= members:
            found.append(_gap(sampled, held, mine, place, spelt=len(found) < SLOTS))
    return found


def _gap(sampled: Sampled, held: Gaps, mine: Ints, place: int, *, spelt: bool) -> Gap:
    """Return how many members fill a gap, how variously, and its most frequent fillers; ``mine`` is in their order."""
    begins = np.flatnonzero(np.concatenate([[True], held.hashes[mine[1:]] != held.hashes[mine[:-1]]]))
    counts = np.diff(np.append(begins, len(mine)))
    share = counts / len(mine)
    entropy = round(float(-(share * np.log(share)).sum()), 4) + 0.0
    fillers = []
    for k in np.argsort(-counts, kind="stable")[:FILLERS].tolist() if spelt else []:
        text, _, start, end = held.places[mine[begins[k]]].tolist()
        size = int(np.diff(sampled.streams.bounds[text : text + 2])[0])
        fillers.append((int(counts[k]), Stretch(int(sampled.rows[text]), size, start, end)))
    return Gap(place, len(mine), len(begins), entropy, fillers)


def spellings(corpus: Corpus, view: str, drawings: Sequence[Drawing]) -> dict[int, Spelled]:
    """Read the rows again that templates are spelled out from."""
    wanted = {stretch.row for each in drawings for stretch in each.fixed}
    wanted |= {stretch.row for each in drawings for gap in each.gaps for _, stretch in gap.fillers}
    return spelled_rows(corpus, view, np.array(sorted(wanted), np.int64))


def spelled_rows(corpus: Corpus, view: str, rows: Ints) -> dict[int, Spelled]:
    """Read rows again, and find the fine tokens of one view of each; turns are numbered within the row."""
    found: dict[int, Spelled] = {}
    done = 0
    for batch in corpus.batches(rows):
        own = np.flatnonzero(_view(batch, view))
        texts = batch.turns["text"].take(pa.array(own)).to_pylist()
        held = spelled(texts)
        first = np.searchsorted(own, batch.first)
        bounds = np.searchsorted(held.turn, first).tolist()
        number = own - np.repeat(batch.first[:-1], np.diff(first))
        turns = number[held.turn]
        for index, row in enumerate(rows[done : done + batch.rows].tolist()):
            mine, tokens = slice(first[index], first[index + 1]), slice(bounds[index], bounds[index + 1])
            names = dict(zip(number[mine].tolist(), texts[mine], strict=True))
            found[row] = Spelled(names, turns[tokens], held.starts[tokens], held.ends[tokens])
        done += batch.rows
    return found


def _view(batch: Batch, view: str) -> NDArray[np.bool_]:
    return batch.trained if view == "answer" else ~batch.trained & (batch.role != Role.SYSTEM)


def spell(held: Drawing, texts: dict[int, Spelled]) -> tuple[str, list[Slot]]:
    """Return a template's skeleton, its slots numbered, and what fills them."""
    numbers = {gap.after: number for number, gap in enumerate(held.gaps, 1)}
    pieces = []
    for k in range(len(held.fixed) + 1):
        if k in numbers:
            pieces.append(f"⟦{numbers[k]}⟧")
        if k < len(held.fixed):
            pieces.append(_text(held.fixed[k], texts))
    slots = [
        Slot(number, gap.rows, gap.distinct, gap.entropy, [_filler(each, texts) for each in gap.fillers])
        for number, gap in enumerate(held.gaps, 1)
    ]
    return "".join(pieces), slots


def _filler(held: tuple[int, Stretch], texts: dict[int, Spelled]) -> Filler:
    count, stretch = held
    spans = texts[stretch.row].spans(*_places(stretch, texts))
    return Filler(texts[stretch.row].said(spans)[:LONG], count, stretch.row, spans)


def said(held: Spelled, first: int, last: int) -> str:
    """Return what some tokens of a text say, as numbered among those that are kept of it."""
    count = len(held.turn)
    return held.text(whole_place(first, count), whole_place(last - 1, count) + 1)


def _text(stretch: Stretch, texts: dict[int, Spelled]) -> str:
    return said(texts[stretch.row], stretch.first, stretch.last)


def _places(stretch: Stretch, texts: dict[int, Spelled]) -> tuple[int, int]:
    """Return a stretch's tokens as numbered in the whole text."""
    count = len(texts[stretch.row].turn)
    return whole_place(stretch.first, count), whole_place(stretch.last - 1, count) + 1
