"""Templates spelled out: the skeleton of one that holds most of it, and what stands in the slots of the others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from auditor.corpus import Corpus
from auditor.evidence.fine import Span, Spelled, spelled
from auditor.kernels.fine import words
from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.moulds import SIZE, Gaps, Poured, Streams, gaps
from auditor.kernels.reference.moulds import shingle
from auditor.sample import Batch, Role
from auditor.streams import chosen, whole_place

MEMBERS = 2000
"""Members of a template that are looked at for its slots, drawn by content."""

SLOTS, FILLERS = 8, 3
"""Slots of a template, and fillers of each, that are spelled out."""

LONG = 400
"""Characters of a filler that are kept."""


class Sampled(NamedTuple):
    """The distinct texts that are searched, and their rows."""

    streams: Streams
    rows: Ints


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


def spoken(sampled: Sampled, tried: Poured, mould: int, values: Hashes) -> int:
    """Count the different words in a template's fixed text."""
    model, _ = _members(sampled, tried, mould)
    own = sampled.streams.tokens[slice(*sampled.streams.bounds[model : model + 2])]
    runs, _ = _runs(own.tolist(), values)
    fixed = np.concatenate([own[start:end] for start, end in runs])
    return len(np.unique(fixed[words(fixed)]))


def _members(sampled: Sampled, tried: Poured, mould: int) -> tuple[int, Ints]:
    """Return a template's model, the text that holds most of it, and its members in an order of their content."""
    members = np.flatnonzero(tried.mould == mould)
    content = _content(sampled.streams, members)
    model = int(members[np.lexsort((content, -tried.score[members]))[0]])
    return model, members[np.argsort(content, kind="stable")]


def drawing(sampled: Sampled, tried: Poured, mould: int, values: Hashes) -> Drawing:
    """Choose a template's model, and see what its members have in its gaps."""
    streams = sampled.streams
    model, members = _members(sampled, tried, mould)
    members = np.sort(members[:MEMBERS])
    first, last = streams.bounds[model : model + 2].tolist()
    runs, owner = _runs(streams.tokens[first:last].tolist(), values)
    known = np.array(sorted(owner), np.uint64)
    runs_of = np.array([owner[value] for value in known.tolist()], np.int32)
    held = gaps(streams, members.astype(np.int32), known, runs_of)
    places = sorted(_own(runs, last - first) | _common(held, len(members)))
    row = int(sampled.rows[model])
    fixed = [Stretch(row, last - first, start, end) for start, end in runs]
    return Drawing(row, fixed, [_gap(sampled, held, place) for place in places])


def _content(streams: Streams, texts: Ints) -> Hashes:
    """Return a number for each text that depends on its tokens alone."""
    held = chosen(streams, texts)
    place = np.arange(len(held.tokens)) - np.repeat(held.bounds[:-1], np.diff(held.bounds))
    mixed = (held.tokens + place.astype(np.uint64) * np.uint64(0x9E3779B1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed ^ (mixed >> np.uint64(32)), dtype=np.uint64)])
    return np.asarray(total[held.bounds[1:]] - total[held.bounds[:-1]], np.uint64)


def _runs(tokens: list[int], values: Hashes) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """Return the stretches of a text that a template covers, and which of them each shingle belongs to."""
    known = set(values.tolist())
    runs: list[tuple[int, int]] = []
    owner: dict[int, int] = {}
    for at in range(len(tokens) - SIZE + 1):
        value = shingle(tokens[at : at + SIZE])
        if value not in known:
            continue
        if runs and at <= runs[-1][1]:
            runs[-1] = (runs[-1][0], at + SIZE)
        else:
            runs.append((at, at + SIZE))
        owner.setdefault(value, len(runs) - 1)
    return runs, owner


def _own(runs: Sequence[tuple[int, int]], size: int) -> set[int]:
    """Return the gaps of the model itself: gap ``k`` stands before run ``k``."""
    ends = [0, *(end for _, end in runs)]
    starts = [*(start for start, _ in runs), size]
    return {k for k, (end, start) in enumerate(zip(ends, starts, strict=True)) if start > end}


def _common(held: Gaps, members: int) -> set[int]:
    """Return the gaps that at least half of the members fill."""
    pairs = np.unique(held.places[:, :2], axis=0)
    slots, counts = np.unique(pairs[:, 1], return_counts=True)
    return set(slots[counts * 2 >= members].tolist())


def _gap(sampled: Sampled, held: Gaps, place: int) -> Gap:
    """Return how many members fill a gap, how variously, and its most frequent fillers."""
    mine = np.flatnonzero(held.places[:, 1] == place)
    texts, first = np.unique(held.places[mine, 0], return_index=True)
    names, example, counts = np.unique(held.hashes[mine[first]], return_index=True, return_counts=True)
    share = counts / max(1, len(texts))
    entropy = round(float(-(share * np.log(share)).sum()), 4) + 0.0
    fillers = []
    for k in np.lexsort((names, -counts))[:FILLERS].tolist():
        text, _, start, end = held.places[mine[first][example[k]]].tolist()
        size = int(np.diff(sampled.streams.bounds[text : text + 2])[0])
        fillers.append((int(counts[k]), Stretch(int(sampled.rows[text]), size, start, end)))
    return Gap(place, len(texts), len(names), entropy, fillers)


def spellings(corpus: Corpus, view: str, drawings: Sequence[Drawing]) -> dict[int, Spelled]:
    """Read the rows again that templates are spelled out from."""
    wanted = {stretch.row for each in drawings for stretch in each.fixed}
    wanted |= {stretch.row for each in drawings for gap in each.gaps[:SLOTS] for _, stretch in gap.fillers}
    return spelled_rows(corpus, view, np.array(sorted(wanted), np.int64))


def spelled_rows(corpus: Corpus, view: str, rows: Ints) -> dict[int, Spelled]:
    """Read rows again, and find the fine tokens of one view of each; turns are numbered within the row."""
    found: dict[int, Spelled] = {}
    at = 0
    for batch in corpus.batches(rows):
        first, texts = batch.first.tolist(), batch.turns["text"].to_pylist()
        own = _view(batch, view)
        for index in range(batch.rows):
            turns = [t for t in range(first[index], first[index + 1]) if own[t]]
            held = spelled([texts[t] for t in turns])
            numbers = np.array([t - first[index] for t in turns], np.int64)
            names = {turn: texts[t] for turn, t in zip(numbers.tolist(), turns, strict=True)}
            found[int(rows[at])] = held._replace(texts=names, turn=numbers[held.turn])
            at += 1
    return found


def _view(batch: Batch, view: str) -> list[bool]:
    trained = batch.trained
    return list(trained if view == "answer" else ~trained & (batch.role != Role.SYSTEM))


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
        for number, gap in enumerate(held.gaps[:SLOTS], 1)
        if gap.rows
    ]
    return "".join(pieces), slots


def _filler(held: tuple[int, Stretch], texts: dict[int, Spelled]) -> Filler:
    count, stretch = held
    return Filler(_text(stretch, texts)[:LONG], count, stretch.row, _spans(stretch, texts))


def _spans(stretch: Stretch, texts: dict[int, Spelled]) -> list[Span]:
    return texts[stretch.row].spans(*_places(stretch, texts))


def _text(stretch: Stretch, texts: dict[int, Spelled]) -> str:
    return texts[stretch.row].text(*_places(stretch, texts))


def _places(stretch: Stretch, texts: dict[int, Spelled]) -> tuple[int, int]:
    """Return a stretch's tokens as numbered in the whole text."""
    count = len(texts[stretch.row].turn)
    return whole_place(stretch.first, count), whole_place(stretch.last - 1, count) + 1
