"""Chunks of bytes to batches of turns; bad lines become faults, and the rest goes on."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from auditor import chunks, tables
from auditor.chunks import Chunk
from auditor.dialects import Dialects, ShapeError, UnknownShapeError
from auditor.faults import Fault
from auditor.kernels.jsonl import BLANK, SUSPECT
from auditor.parse import BadLineError, careful, quick
from auditor.sample import Batch, Place, Sample, batch
from auditor.sources import Source, spans


class Read(NamedTuple):
    """What one chunk gave: samples in columns, faults, and how many rows were looked at."""

    batch: Batch
    faults: list[Fault]
    rows: int


def stream(source: Source, longest: int = chunks.LONGEST) -> Iterator[Chunk]:
    """Yield a source's chunks in order."""
    return tables.chunks(source) if source.tabular else chunks.chunks(source, longest)


def read(chunk: Chunk, dialects: Dialects) -> Read:
    """Parse a chunk's rows and take them apart into turns."""
    faults = list(chunk.faults)
    found: list[tuple[Place, str, Sample]] = []
    rows = 0
    for place, row, odd in _parsed(chunk, faults):
        rows += 1
        try:
            name, sample = dialects.read(row)
        except ShapeError as fault:
            kind = "unknown" if isinstance(fault, UnknownShapeError) else "shape"
            faults.append(Fault(*place, kind, str(fault)))
            continue
        found.append((place, name, sample))
        empty = [] if any(turn.trained and turn.text for turn in sample.turns) else ["empty"]
        faults += [Fault(*place, kind, MESSAGES[kind]) for kind in (*odd, *empty)]
    return Read(batch(found), faults, rows + sum(1 for fault in faults if fault.kind in UNPARSED))


UNPARSED = {"json", "utf8", "blank", "deep", "long", "number"}
"""Faults of lines that never became a row."""

MESSAGES = {
    "duplicate_key": "a key stands twice in an object; the last one counts",
    "surrogate": "half a surrogate pair is escaped in the text",
    "nonfinite": "NaN or Infinity is no JSON",
    "big_number": "a number that does not fit 64 bits",
    "empty": "nothing in this row is trained on",
}


def _parsed(chunk: Chunk, faults: list[Fault]) -> Iterator[tuple[Place, Any, Sequence[str]]]:
    """Yield every row that parses, with its place and what is odd about it; add a fault for every other."""
    for index, row in enumerate(chunk.rows):
        yield Place(chunk.line + index, 0, 0), row, ()
    if chunk.spans is None:
        return
    data = chunk.data
    places = zip(*(column.tolist() for column in chunk.spans), strict=True)
    for index, (start, end, mark) in enumerate(places):
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
            row, odd = careful(line)
        except BadLineError as fault:
            faults.append(Fault(place.line, place.offset + fault.at, place.length, fault.kind, str(fault)))
            continue
        yield place, row, odd


def again(source: Source, wanted: Sequence[Place], dialects: Dialects) -> Batch:
    """Read single rows of a source once more, by where they stand; places must rise."""
    if source.tabular:
        rows = tables.rows(source, [place.line - 1 for place in wanted])
        return batch((place, *dialects.read(row)) for place, row in zip(wanted, rows, strict=True))
    data = spans(source, [(place.offset, place.length) for place in wanted])
    return batch((place, *dialects.read(careful(line)[0])) for place, line in zip(wanted, data, strict=True))
