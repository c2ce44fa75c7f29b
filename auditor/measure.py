"""One chunk of one source to tables: its samples' signals, sketches and loops, and its faults."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from auditor import text
from auditor.chunks import LONGEST, Chunk
from auditor.dialects import Dialects
from auditor.kernels.flat import Ints, taken
from auditor.loading.question import Question
from auditor.loading.scanned import needs
from auditor.reader import read
from auditor.sample import content_ids
from auditor.signals import compat, layout, pattern, repeats, shape
from auditor.sketches import bands_for, sketch
from auditor.streams import streams
from auditor.views import ANSWER, Views, sums, views
from auditor.vocab import Counter, counter

if TYPE_CHECKING:
    from auditor.signals.loops import Loop

SIGNALS = ("layout", "loops", "repeats", "shape", "streams")
"""What can be measured of a sample alone, unless a rule asks for more (``compat.PACKS``, patterns)."""

REACH, REVIEW = 0.8, 0.7
"""Similarities that near duplicates, and rows to be shown together, are looked for down to; rules may ask for less."""


@dataclass(frozen=True)
class Settings:
    """Everything a run's measurements depend on, beside the data.

    Rows at least ``threshold`` alike are near duplicates (and the share ``contained`` of the one is in the other);
    those at least ``review`` alike stand in one group. Pairs are looked for down to ``reach`` and ``tie``, which only
    rules below them lower, so that other rules can be judged by the same pairs. With ``exact`` none is missed. With a
    ``tokenizer`` (a local path or a name on the hub) a model's own tokens are counted, too.
    """

    shingle: int = text.SHINGLE
    threshold: float = 0.8
    review: float = 0.8
    contained: float = 0.0
    reach: float = REACH
    tie: float = REVIEW
    tokenizer: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    longest: int = LONGEST
    signals: tuple[str, ...] = SIGNALS
    exact: bool = False
    patterns: tuple[pattern.Pattern, ...] = ()


class Piece(NamedTuple):
    """The unit of work: a chunk of the source with this number, read in this dialect and for this question if any."""

    source: int
    chunk: Chunk
    dialect: str = ""
    question: Question | None = None


FAULTS = pa.schema(
    [
        ("line", pa.int64()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("kind", pa.string()),
        ("message", pa.string()),
        ("stops", pa.int8()),
    ]
)

LOOPS = pa.schema(
    [
        ("sample", pa.int64()),
        ("turn", pa.int32()),
        ("kind", pa.string()),
        ("severity", pa.string()),
        ("unit", pa.string()),
        ("period", pa.int32()),
        ("times", pa.int32()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("cut", pa.bool_()),
    ]
)

DEBRIS = "debris"
"""The kind of loop that is counted apart: a flood without content."""

MAIN = ("kind", "unit", "period", "times", "turn", "start", "end", "cut", "severity")
"""Columns of a sample's longest loop, as ``loop_kind`` and so on."""


def measure(piece: Piece, settings: Settings) -> dict[str, pa.Table]:
    """Read a piece and measure it: tables of samples, keys, loops and faults (and, as metadata, the rows looked at)."""
    found = read(piece.chunk, Dialects(settings.fields, piece.dialect, needs(piece.question)), piece.question)
    view = views(found.batch)
    loops = _loops(view) if "loops" in settings.signals else []
    samples = [
        pa.table({"source": np.full(found.batch.rows, piece.source, np.int32)}),
        found.batch.samples.append_column("content_id", content_ids(found.batch)),
        shape.measure(view),
        _main_loops(view, loops),
    ]
    if "repeats" in settings.signals:
        samples.append(repeats.measure(view))
    if "layout" in settings.signals:
        samples.append(layout.measure(view))
    packs = [name for name in compat.PACKS if name in settings.signals]
    if packs:
        samples.append(compat.measure(found.batch, packs))
    if settings.patterns:
        samples.append(pattern.measure(view, settings.patterns))
    if settings.tokenizer:
        samples.append(_model_tokens(view, settings.tokenizer))
    more = {"streams": streams(view)} if "streams" in settings.signals else {}
    return {
        **more,
        "samples": joined(samples),
        "keys": sketch(view, settings.shingle, bands_for(settings.reach)),
        "loops": _table(LOOPS, [(sample, turn, *_fields(loop)) for sample, turn, loop in loops]),
        "faults": _table(FAULTS, sorted(found.faults)).replace_schema_metadata(
            {"rows": str(found.rows), "source": str(piece.source), "types": json.dumps(found.types.types)}
        ),
    }


@lru_cache(maxsize=2)
def _counter(name: str) -> Counter:
    """Read a tokenizer once, whoever asks first."""
    return counter(name)


def _model_tokens(view: Views, name: str) -> pa.Table:
    """Count each sample's trained tokens as a model's tokenizer does."""
    trained = np.flatnonzero(view.part == ANSWER)
    counts = np.zeros(len(view.part), np.int64)
    counts[trained] = _counter(name)(view.batch.turns["text"].take(pa.array(trained)).to_pylist())
    return pa.table({"model_tokens": sums(counts, view.batch.first)})


def joined(tables: list[pa.Table]) -> pa.Table:
    """Put tables with the same rows side by side."""
    columns = {name: table[name] for table in tables for name in table.column_names}
    return pa.table(columns)


def _loops(view: Views) -> list[tuple[int, int, "Loop"]]:
    """Find the loops of every trained turn: (sample, turn within it, loop)."""
    from auditor.signals.loops import find  # noqa: PLC0415  (many expressions are compiled there)

    trained = np.flatnonzero(view.part == ANSWER)
    first = view.batch.first
    sample = np.repeat(np.arange(view.batch.rows), np.diff(first))
    found = find(*taken(view.batch.texts, trained))
    turns = [int(trained[index]) for index, _ in found]
    return [
        (int(sample[turn]), int(turn - first[sample[turn]]), loop) for turn, (_, loop) in zip(turns, found, strict=True)
    ]


def _fields(loop: "Loop") -> tuple[object, ...]:
    names = ("kind", "severity", "unit", "period", "times", "start", "end", "cut")
    values = {name: getattr(loop, name) for name in names}
    return tuple(value.value if isinstance(value, Enum) else value for value in values.values())


def _main_loops(view: Views, loops: list[tuple[int, int, "Loop"]]) -> pa.Table:
    """Return each sample's longest loop in columns (debris only where nothing else is), and the share of all."""
    rows = view.batch.rows
    best: dict[int, tuple[int, Loop]] = {}
    covered: Ints = np.zeros(rows, np.int64)
    for sample, turn, loop in loops:
        covered[sample] += (loop.end - loop.start) * (loop.kind != DEBRIS)
        if sample not in best or _weight(loop) > _weight(best[sample][1]):
            best[sample] = (turn, loop)
    if not best:
        none = {f"loop_{name}": pa.nulls(rows, LOOPS.field(name).type) for name in MAIN}
        return pa.table({**none, "loop_share": np.zeros(rows)})
    place: Ints = np.full(rows, -1, np.int64)
    place[list(best)] = np.arange(len(best))
    held = _table(LOOPS, [(sample, turn, *_fields(loop)) for sample, (turn, loop) in best.items()])
    longest = held.take(pa.array(place, mask=place < 0))
    columns = {f"loop_{name}": longest[name] for name in MAIN}
    trained = sums(_chars(view), view.batch.first)
    share = np.divide(covered, trained, out=np.zeros(len(covered)), where=trained > 0)
    return pa.table({**columns, "loop_share": np.minimum(share, 1.0)})


def _weight(loop: "Loop") -> tuple[bool, int]:
    return loop.kind != DEBRIS, loop.end - loop.start


def _chars(view: Views) -> Ints:
    """Count the characters of every trained turn."""
    return np.where(view.part == ANSWER, view.batch.chars, 0)


def _table(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    if not rows:
        return schema.empty_table()
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
