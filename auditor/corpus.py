"""All samples of a scan, measured: what relations, rules and the plan look at."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.dialects import Dialects
from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered
from auditor.measure import Settings
from auditor.reader import again
from auditor.relations.copies import Copies, copies, halves
from auditor.sample import Batch, Places
from auditor.source import Source
from auditor.store import read_tables
from auditor.wishes import Wishes

SLICE = 4000
"""Rows fetched again in one unit."""


class Part(NamedTuple):
    """Rows of one source to read again."""

    source: Source
    places: Places


@dataclass(frozen=True)
class Corpus:
    """Every sample of a scan, in reading order; tables are mapped from the files of the units."""

    sources: Sequence[Source]
    settings: Settings
    samples: pa.Table
    keys: pa.Table
    loops: pa.Table
    faults: pa.Table
    read: Ints
    streams: Sequence[Path] = ()
    types: Mapping[int, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    """Per source, the types met in the turns of odd rows, path by path, each with its first line."""

    @property
    def rows(self) -> int:
        """How many samples there are."""
        return int(self.samples.num_rows)

    @cached_property
    def source(self) -> Ints:
        """The number of each sample's source."""
        return np.asarray(self.samples["source"].to_numpy(), np.int64)

    @cached_property
    def lines(self) -> Ints:
        """The line of each sample."""
        return np.asarray(self.samples["line"].to_numpy(), np.int64)

    @cached_property
    def offsets(self) -> Ints:
        """The byte offset of each sample."""
        return np.asarray(self.samples["offset"].to_numpy(), np.int64)

    @cached_property
    def lengths(self) -> Ints:
        """The length of each sample in bytes."""
        return np.asarray(self.samples["length"].to_numpy(), np.int64)

    def row_at(self, source: int, line: int) -> int | None:
        """Return the sample at a line of a source, if there is one."""
        first, last = np.searchsorted(self.source, [source, source + 1])
        row = int(first + np.searchsorted(self.lines[first:last], line))
        return row if row < last and self.lines[row] == line else None

    def places(self, rows: Ints) -> Places:
        """Where samples stand."""
        return Places(self.lines[rows], self.offsets[rows], self.lengths[rows])

    def parts(self, rows: Ints) -> Iterator[Part]:
        """Cut rising rows into slices of one source each."""
        bounds = np.searchsorted(self.source[rows], np.arange(len(self.sources) + 1)).tolist()
        for source, (first, last) in zip(self.sources, pairwise(bounds), strict=True):
            whole = max(1, last - first) if source.compression or source.tabular else SLICE
            yield from (Part(source, self.places(rows[at : min(at + whole, last)])) for at in range(first, last, whole))

    def batches(self, rows: Ints) -> Iterator[Batch]:
        """Read rising rows again."""
        return (again(part.source, part.places, self.dialects(part)) for part in self.parts(rows))

    def dialects(self, part: Part) -> Dialects:
        """Return how the rows of a part are read."""
        return Dialects(self.settings.fields, part.source.dialect)


def loaded(units: Sequence[Path], sources: Sequence[Source], settings: Settings) -> Corpus:
    """Map the tables of measured units, and number their samples."""
    held = [read_tables(unit) for unit in units]
    tables = {name: [unit[name] for unit in held] for name in ("samples", "keys", "loops", "faults")}
    first = np.cumsum([0, *(table.num_rows for table in tables["samples"])])
    origin = [int(table.schema.metadata[b"source"]) for table in tables["faults"]]
    read = np.zeros(len(sources), np.int64)
    for source, table in zip(origin, tables["faults"], strict=True):
        read[source] += int(table.schema.metadata[b"rows"])
    loops = [_shifted(table, int(shift)) for table, shift in zip(tables["loops"], first, strict=False)]
    faults = [
        table.replace_schema_metadata(None).append_column("source", pa.array(np.full(table.num_rows, source, np.int32)))
        for source, table in zip(origin, tables["faults"], strict=True)
    ]
    return Corpus(
        sources, settings, pa.concat_tables(tables["samples"]), pa.concat_tables(tables["keys"]),
        pa.concat_tables(loops), pa.concat_tables(faults), read,
        [path for path, unit in zip(units, held, strict=True) if "streams" in unit], _types(tables["faults"], origin),
    )  # fmt: skip


def _types(tables: Sequence[pa.Table], origin: Sequence[int]) -> dict[int, dict[str, dict[str, int]]]:
    """Put the types that units met together, source by source; the first line of each stays."""
    found: dict[int, dict[str, dict[str, int]]] = {}
    for source, table in zip(origin, tables, strict=True):
        for path, kinds in json.loads(table.schema.metadata.get(b"types", b"{}")).items():
            held = found.setdefault(source, {}).setdefault(path, {})
            held.update({kind: line for kind, line in kinds.items() if kind not in held})
    return found


def _shifted(table: pa.Table, shift: int) -> pa.Table:
    """Number a unit's samples by their rows in the whole."""
    rows = pa.array(table["sample"].to_numpy() + shift, pa.int64())
    return table.set_column(0, "row", rows)


def with_columns(corpus: Corpus, columns: Mapping[str, pa.Array]) -> Corpus:
    """Add signals that were found by looking at all samples together."""
    samples = corpus.samples
    for name, values in columns.items():
        samples = samples.append_column(name, values)
    return replace(corpus, samples=samples)


def preference(corpus: Corpus, wishes: Wishes) -> Ints:
    """Rank samples for keeping, best first, as is wished; then by content, then by place.

    The order of files decides only between rows whose contents are equal to the letter.
    """
    return _ranked(corpus, [_wanted(corpus, name, wishes) for name in wishes.prefer])


def _numbered(ids: pa.ChunkedArray) -> NDArray[np.uint64]:
    """Read ids of 16 hex digits as numbers."""
    digits = b"".join(bytes(chunk.buffers()[2])[16 * chunk.offset :][: 16 * len(chunk)] for chunk in ids.chunks)
    return np.frombuffer(bytes.fromhex(digits.decode()), ">u8").astype(np.uint64)


def canonical(corpus: Corpus) -> Ints:
    """Rank samples by what no rule changes: longest answer, then content, then place."""
    return _ranked(corpus, [_wanted(corpus, "answer", Wishes())])


def _ranked(corpus: Corpus, keys: Sequence[NDArray[Any]]) -> Ints:
    """Rank samples by keys, the most important first, then by content, then by place."""
    order = ordered(*keys, _numbered(corpus.samples["content_id"]))
    rank = np.empty(corpus.rows, np.int64)
    rank[order] = np.arange(corpus.rows)
    return rank


def _wanted(corpus: Corpus, name: str, wishes: Wishes) -> NDArray[Any]:
    """Return what a preference sorts by: the lower, the better."""
    samples = corpus.samples
    if name == "sound":
        return np.asarray(pc.fill_null(pc.equal(samples["loop_severity"], "degenerate"), fill_value=False).to_numpy())
    if name == "answer":
        return np.asarray(-samples["trained_chars"].to_numpy())
    if name == "metadata":
        return np.asarray(-samples["metadata"].to_numpy())
    if name == "source":
        places = [
            next((at for at, end in enumerate(wishes.sources) if source.name.endswith(end)), len(wishes.sources))
            for source in corpus.sources
        ]
        return np.array(places, np.int64)[corpus.source]
    return _numbered(samples["content_id"])


def copied(corpus: Corpus, view: str, rank: Ints) -> Copies:
    """Find copies of whole samples, of prompts or of answers."""
    return copies(halves(corpus.keys[f"{view}_key"]), rank)


def binary(column: pa.ChunkedArray, kind: np.dtype[Any], rows: Ints) -> NDArray[Any]:
    """Read rows of a mapped column of fixed-size binary as numbers; shape (rows, numbers). Nulls are zeros."""
    width = column.type.byte_width // kind.itemsize
    out = np.zeros((len(rows), width), kind)
    order = ordered(rows)
    starts = np.cumsum([0, *map(len, column.chunks)])
    bounds = np.searchsorted(rows[order], starts).tolist()
    for chunk, start, (first, end) in zip(column.chunks, starts.tolist(), pairwise(bounds), strict=False):
        if first < end:
            held = np.frombuffer(chunk.buffers()[1], kind).reshape(-1, width)
            out[order[first:end]] = held[rows[order[first:end]] - start + chunk.offset]
    return out
