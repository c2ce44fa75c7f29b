"""Chunks of bytes to batches of turns; bad lines become faults, and the rest goes on."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor import chunks, tables
from auditor.chunks import Chunk
from auditor.dialects import NAMES, Dialects, ShapeError, UnknownShapeError
from auditor.faults import BY_KIND, Fault
from auditor.kernels.flat import Bytes, Ints, arrow
from auditor.kernels.jsonl import BLANK, SUSPECT, Spans, marks
from auditor.kernels.turns import READ, turns
from auditor.loading.columns import Columns
from auditor.loading.question import Question
from auditor.loading.scanned import Rows, plain_faults, row_faults, untrained
from auditor.parse import BadLineError, careful, quick
from auditor.sample import TURNS, Batch, Place, Places, Sample, batch, columns, woven
from auditor.source import Source, stretches


class Read(NamedTuple):
    """What one chunk gave: samples in columns, faults, how many rows were looked at, and the types of odd ones."""

    batch: Batch
    faults: list[Fault]
    rows: int
    types: Columns


def stream(source: Source, longest: int = chunks.LONGEST) -> Iterator[Chunk]:
    """Yield a source's chunks in order."""
    return tables.chunks(source) if source.tabular else chunks.chunks(source, longest)


def read(chunk: Chunk, dialects: Dialects, question: Question | None = None) -> Read:
    """Parse a chunk's rows and take them apart into turns; ``question``: how XTuner reads them, where that is known."""
    types = Columns()
    judge = Judge(question, types)
    if chunk.spans is None:
        parsed = ((Place(chunk.line + index, 0, 0), row, ()) for index, row in enumerate(chunk.rows))
        found, faults = _taken(parsed, dialects, judge)
        return Read(batch(found), [*chunk.faults, *faults], len(chunk.rows), types)
    data, spans = np.frombuffer(chunk.data, np.uint8), chunk.spans
    lines = chunk.line + np.arange(len(spans.starts))
    places = Places(lines, chunk.offset + spans.starts, spans.ends - spans.starts)
    plain, odd = _plain(data, spans, places, dialects)
    faults = [*chunk.faults, *plain_faults(plain, question)]
    found, more = _taken(_parsed(chunk, spans, odd, faults), dialects, judge)
    faults += more
    rows = len(lines) + sum(1 for fault in chunk.faults if fault.kind == "long")
    return Read(woven(plain.batch, batch(found)), faults, rows, types)


class Judge(NamedTuple):
    """Says what XTuner makes of odd rows, and gathers the types of their turns."""

    question: Question | None
    types: Columns

    def __call__(
        self,
        place: Place,
        row: Any,  # noqa: ANN401  (any JSON value)
        dialect: str,
        sample: Sample | None = None,
    ) -> list[Fault]:
        """Return the faults of one row; ``sample`` is what was read of it."""
        if dialect == "conversation":
            self.types.add(row, place.line)
        found = [Fault(*place, kind, told, stops) for kind, told, stops in row_faults(row, dialect, self.question)]
        if sample is not None and not found and (odd := untrained(sample, dialect)):
            found.append(Fault(*place, *odd, 0))
        return found


def _plain(data: Bytes, spans: Spans, places: Places, dialects: Dialects) -> tuple[Rows, Ints]:
    """Take the plain rows apart; return them, and the numbers of all others."""
    found = turns(data, *spans, dialects.layout)
    plain, odd = np.flatnonzero(found.state == READ), np.flatnonzero(found.state != READ)
    dialect = found.dialect[plain]
    held = columns(
        Places(*(part[plain] for part in places)),
        _names(dialect % len(NAMES)),
        pa.repeat("", len(plain)),
        found.counts[plain],
        pa.table([pa.array(found.role), pa.array(found.trained), arrow(found.texts)], schema=TURNS),
    )
    return Rows(held, data, spans.starts[plain], spans.ends[plain], dialect >= len(NAMES)), odd


def _names(dialect: NDArray[np.int16]) -> pa.Array:
    """Return the names of dialects by their numbers; nearly always there is but one."""
    first = int(dialect[0]) if len(dialect) else 0
    if (dialect == first).all():
        return pa.repeat(NAMES[first], len(dialect))
    return pa.array(NAMES).take(pa.array(dialect))


def _taken(
    rows: Iterable[tuple[Place, Any, Sequence[str]]], dialects: Dialects, judge: Judge | None = None
) -> tuple[list[tuple[Place, str, Sample]], list[Fault]]:
    """Take parsed rows apart one by one."""
    found: list[tuple[Place, str, Sample]] = []
    faults = []
    for place, row, odd in rows:
        try:
            name, sample = dialects.read(row)
        except ShapeError as fault:
            kind = "unknown" if isinstance(fault, UnknownShapeError) else "shape"
            told = judge(place, row, dialects.name(row)) if judge is not None and kind == "shape" else []
            stops = reduce(or_, (one.stops for one in told)) if told else BY_KIND
            faults += [Fault(*place, kind, str(fault), stops), *told]
            continue
        found.append((place, name, sample))
        faults += [Fault(*place, kind, MESSAGES[kind]) for kind in odd]
        if judge is not None:
            faults += judge(place, row, name, sample)
    return found, faults


MESSAGES = {
    "duplicate_key": "a key stands twice in an object; the last one counts",
    "surrogate": "half a surrogate pair is escaped in the text",
    "nonfinite": "NaN or Infinity is no JSON",
    "big_number": "a number that does not fit 64 bits",
}


def _parsed(chunk: Chunk, spans: Spans, odd: Ints, faults: list[Fault]) -> Iterator[tuple[Place, Any, Sequence[str]]]:
    """Yield every odd row that parses, with its place and what is odd about it; add a fault for every other."""
    data = chunk.data
    starts, ends = spans.starts[odd], spans.ends[odd]
    told = marks(np.frombuffer(data, np.uint8), Spans(starts, ends))
    for index, start, end, mark in zip(*(part.tolist() for part in (odd, starts, ends, told)), strict=True):
        place = Place(chunk.line + index, chunk.offset + start, end - start)
        line = data[start:end]
        if mark == BLANK:
            faults.append(Fault(*place, "blank", "a blank line"))
            continue
        if mark != SUSPECT:
            try:
                yield place, quick(line), ()
                continue
            except ValueError:
                pass
        try:
            row, odds = careful(line)
        except BadLineError as fault:
            faults.append(Fault(place.line, place.offset + fault.at, place.length, fault.kind, str(fault)))
            continue
        yield place, row, odds


def objects(source: Source, wanted: Places) -> Iterator[Any]:
    """Yield single rows of a source as they are written, parsed; places must rise."""
    if source.tabular:
        yield from tables.rows(source, (wanted.line - 1).tolist())
        return
    data, starts = stretches(source, wanted.offset, wanted.length)
    for start, length in zip(starts.tolist(), wanted.length.tolist(), strict=True):
        yield careful(data[start : start + length].tobytes())[0]


def again(source: Source, wanted: Places, dialects: Dialects) -> Batch:
    """Read single rows of a source once more, by where they stand; places must rise."""
    if source.tabular:
        rows = zip(wanted.line.tolist(), tables.rows(source, (wanted.line - 1).tolist()), strict=True)
        return batch(_taken(((Place(line, 0, 0), row, ()) for line, row in rows), dialects)[0])
    data, starts = stretches(source, wanted.offset, wanted.length)
    plain, odd = _plain(data, Spans(starts, starts + wanted.length), wanted, dialects)
    found = []
    for index in odd.tolist():
        place = wanted.at(index)
        row, _ = careful(data[starts[index] : starts[index] + place.length].tobytes())
        found.append((place, *dialects.read(row)))
    return woven(plain.batch, batch(found))
