"""What templates, phrases and leaks are found from: the fine tokens of every sample's prompt and answer."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from auditor.kernels.fine import CUT, fine
from auditor.kernels.flat import Bytes, Ints, Lanes, only
from auditor.kernels.reference.sketch import mix
from auditor.kernels.shingles import Streams, taken
from auditor.store import read_tables
from auditor.views import ANSWER, FRAME, PROMPT, Views

HEAD, TAIL = 1536, 512
"""Fine tokens kept of a longer text: its first and its last."""

VIEWS = {"prompt": PROMPT, "answer": ANSWER}


def streams(views: Views) -> pa.Table:
    """Return the fine tokens of a batch: one row for each sample, with ``prompt``, ``answer`` and the tokens' sizes.

    ``beginnings`` hashes what each sample has said after each turn.
    """
    columns = {"beginnings": beginnings(views)}
    for name, part in VIEWS.items():
        held = _stream(views, part)
        columns[name] = pa.LargeListArray.from_arrays(held.bounds, held.tokens)
        columns[f"{name}_sizes"] = pa.LargeListArray.from_arrays(held.bounds, held.sizes)
    return pa.table(columns)


def beginnings(views: Views) -> pa.LargeListArray:
    """Hash what every sample has said after each of its turns, system texts aside; in the order of the turns."""
    held = np.flatnonzero(views.part != FRAME)
    keys = mix(views.turn_keys[held, 0] ^ mix(views.batch.role[held].astype(np.uint64) + np.uint64(1)))
    bounds = np.concatenate([[0], np.cumsum(views.part != FRAME)])[views.batch.first]
    place = (np.arange(len(held)) - np.repeat(bounds[:-1], np.diff(bounds))).astype(np.uint64)
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mix(keys ^ mix(place + np.uint64(1))), dtype=np.uint64)])
    said = total[1:] - np.repeat(total[bounds[:-1]], np.diff(bounds))
    return pa.LargeListArray.from_arrays(pa.array(bounds, pa.int64()), pa.array(said))


def _stream(views: Views, part: int) -> Streams:
    """Put the turns of one part of every sample in a row."""
    chosen = views.part == part
    found = fine(views.texts, np.flatnonzero(chosen))
    turns = np.concatenate([[0], np.cumsum(chosen)])[views.batch.first]
    return shortened(Streams(found.hashes, found.sizes, found.bounds[turns]))


def shortened(held: Streams) -> Streams:
    """Leave out the middles of long texts; the last token before each is replaced by a cut.

    >>> long = Streams(np.arange(10, 4000, dtype=np.uint32), np.ones(3990, np.uint8), np.array([0, 3990]))
    >>> len(shortened(long).tokens) == HEAD + TAIL
    True
    """
    counts = np.diff(held.bounds)
    if not (counts > HEAD + TAIL).any():
        return held
    place = np.arange(len(held.tokens)) - np.repeat(held.bounds[:-1], counts)
    rest = np.repeat(counts, counts) - place
    kept = (place < HEAD) | (rest <= TAIL)
    tokens: Lanes = np.where((place == HEAD - 1) & (rest > TAIL + 1), np.uint32(CUT), held.tokens)
    bounds = np.concatenate([[0], np.cumsum(np.minimum(counts, HEAD + TAIL))]).astype(np.int64)
    return Streams(tokens[kept], held.sizes[kept], bounds)


def whole_place(place: int, count: int) -> int:
    """Return where a token stood before the middle of its text, of ``count`` tokens, was left out.

    >>> whole_place(3, 5000), whole_place(HEAD + TAIL - 1, 5000), whole_place(2047, 2048)
    (3, 4999, 2047)
    """
    return place if place < HEAD or count <= HEAD + TAIL else place + count - HEAD - TAIL


def read(path: Path, view: str) -> Streams:
    """Map the streams of one unit."""
    return column(table(path), view)


def table(path: Path) -> pa.Table:
    """Map the table of streams of one unit."""
    return read_tables(path, "streams")["streams"]


def units(paths: Sequence[Path], view: str, rows: Ints) -> Iterator[tuple[Streams, Ints]]:
    """Yield the streams of rows (rising), and these rows, unit by unit."""
    for held, first, own in wholes(paths, view, rows):
        yield held if len(own) == held.number else taken(held, own - first), own


def wholes(paths: Sequence[Path], view: str, rows: Ints) -> Iterator[tuple[Streams, int, Ints]]:
    """Yield the streams of each unit that has any of rows (rising), with its first row, and these rows."""
    first = 0
    for path in paths:
        held = table(path)
        own = rows[np.searchsorted(rows, first) : np.searchsorted(rows, first + held.num_rows)]
        if len(own):
            yield column(held, view), first, own
        first += held.num_rows


def edge(paths: Sequence[Path], view: str, rows: Ints, place: str, span: range) -> Lanes:
    """Return the tokens of rows (rising) at some places from their begin, or from their end; shape (places, rows).

    ``place`` is opening or closing; 0 stands where there is no token.
    """
    out = np.zeros((len(span), len(rows)), np.uint32)
    done = 0
    for held, first, own in wholes(paths, view, rows):
        begin, end = held.bounds[own - first], held.bounds[own - first + 1]
        for k, at in enumerate(span):
            there = np.flatnonzero(end - begin > at)
            spots = begin[there] + at if place == "opening" else end[there] - 1 - at
            out[k, done + there] = held.tokens[spots]
        done += len(own)
    return out


def column(whole: pa.Table, view: str) -> Streams:
    """Look at one view of a table of streams."""
    held = [_parts(whole[name]) for name in (view, f"{view}_sizes")]
    return Streams(held[0][0].astype(np.uint32, copy=False), held[1][0].astype(np.uint8, copy=False), held[0][1])


def _parts(column: pa.ChunkedArray) -> tuple[Lanes | Bytes, Ints]:
    """Return the values and bounds of a column of lists."""
    array = only(column)
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    offsets = array.offsets.to_numpy().astype(np.int64)
    values = array.values.to_numpy(zero_copy_only=False)
    return values[offsets[0] : offsets[-1]] if len(offsets) else values[:0], offsets - offsets[0]


def joined(parts: list[Streams]) -> Streams:
    """Put texts one after the other."""
    shift = np.cumsum([0, *(len(part.tokens) for part in parts)])
    bounds = [part.bounds[1:] + at for part, at in zip(parts, shift.tolist(), strict=False)]
    return Streams(
        np.concatenate([np.zeros(0, np.uint32), *(part.tokens for part in parts)]),
        np.concatenate([np.zeros(0, np.uint8), *(part.sizes for part in parts)]),
        np.concatenate([np.zeros(1, np.int64), *bounds]),
    )
