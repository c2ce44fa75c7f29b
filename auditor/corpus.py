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
from auditor.engines import local
from auditor.kernels.flat import Ints
from auditor.kernels.pairs import Levels
from auditor.kernels.sketch import Sets
from auditor.measure import Settings
from auditor.reader import again
from auditor.relations.copies import Copies, copies, halves
from auditor.relations.neighbours import FLOOR, Neighbours, Sketches, neighbours
from auditor.sample import Batch, Places
from auditor.sketches import bands_for, conversation_sets
from auditor.sources import Source
from auditor.store import read_arrow
from auditor.views import views
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


def loaded(units: Sequence[dict[str, Path]], sources: Sequence[Source], settings: Settings) -> Corpus:
    """Map the tables of measured units, and number their samples."""
    tables = {name: [read_arrow(unit[name]) for unit in units] for name in ("samples", "keys", "loops", "faults")}
    first = np.cumsum([0, *(table.num_rows for table in tables["samples"])])
    origin = [unit_source(unit["faults"]) for unit in units]
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
        [unit["streams"] for unit in units if "streams" in unit], _types(tables["faults"], origin),
    )  # fmt: skip


def _types(tables: Sequence[pa.Table], origin: Sequence[int]) -> dict[int, dict[str, dict[str, int]]]:
    """Put the types that units met together, source by source; the first line of each stays."""
    found: dict[int, dict[str, dict[str, int]]] = {}
    for source, table in zip(origin, tables, strict=True):
        for path, kinds in json.loads(table.schema.metadata.get(b"types", b"{}")).items():
            held = found.setdefault(source, {}).setdefault(path, {})
            held.update({kind: line for kind, line in kinds.items() if kind not in held})
    return found


def unit_source(path: Path) -> int:
    """Return the source that a unit read."""
    return int(read_arrow(path).schema.metadata[b"source"])


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


def canonical(corpus: Corpus) -> Ints:
    """Rank samples by what no rule changes: longest answer, then content, then place."""
    return _ranked(corpus, [_wanted(corpus, "answer", Wishes())])


def _ranked(corpus: Corpus, keys: Sequence[NDArray[Any]]) -> Ints:
    ids = _ids(corpus)
    order = np.lexsort((np.arange(corpus.rows), ids, *reversed(keys)))
    rank = np.empty(corpus.rows, np.int64)
    rank[order] = np.arange(corpus.rows)
    return rank


def _ids(corpus: Corpus) -> NDArray[np.bytes_]:
    return np.asarray(corpus.samples["content_id"].cast(pa.binary(16)).to_numpy().astype("S16"))


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
    return _ids(corpus)


def copied(corpus: Corpus, view: str, rank: Ints) -> Copies:
    """Find copies of whole samples, of prompts or of answers."""
    return copies(halves(corpus.keys[f"{view}_key"]), rank)


def near(corpus: Corpus, one_of_each: Copies, rank: Ints, stage: Path, workers: int) -> Neighbours:
    """Find near duplicates among distinct samples; copies follow the one that stands for them."""
    bands = bands_for(corpus.settings.reach)
    own = one_of_each.keeper == np.arange(corpus.rows)
    rows = np.flatnonzero(own & (corpus.keys["shingles"].to_numpy() > 0))
    keys = binary(corpus.keys["bands"], np.dtype(np.uint64), rows)
    lanes = binary(corpus.keys["lanes"], np.dtype(np.uint8), rows)
    system = corpus.keys["system"].to_numpy()[rows]
    assert keys.shape[1] == bands.number

    def sets(chosen: Ints) -> tuple[Sets, Sets]:
        return _fetched(corpus, rows[chosen], stage, workers)

    tie, drop = corpus.settings.tie, corpus.settings.reach
    found = neighbours(Sketches(keys, lanes, system), rank[rows], sets, Levels(tie, drop, min(tie, FLOOR)))
    group, keeper = np.full(corpus.rows, -1, np.int64), np.arange(corpus.rows, dtype=np.int64)
    group[rows] = np.where(found.group >= 0, rows[found.group], -1)
    keeper[rows] = rows[found.keeper]
    return found._replace(group=group, keeper=keeper, pairs=rows[found.pairs])


def _fetched(corpus: Corpus, rows: Ints, stage: Path, workers: int) -> tuple[Sets, Sets]:
    """Read rows again and collect their shingles, unit by unit."""

    def shingles(part: Part) -> dict[str, pa.Table]:
        read = again(part.source, part.places, corpus.dialects(part))
        found = conversation_sets(views(read), corpus.settings.shingle)
        return {name: _packed(sets) for name, sets in zip(("narrow", "wide"), found, strict=True)}

    units = list(local.run(stage, shingles, corpus.parts(rows), workers))
    return tuple(_unpacked([read_arrow(unit[name]) for unit in units]) for name in ("narrow", "wide"))  # type: ignore[return-value]


def _packed(sets: Sets) -> pa.Table:
    held = pa.LargeListArray.from_arrays(pa.array(sets.offsets), pa.array(sets.values))
    return pa.table({"shingles": held})


def _unpacked(tables: list[pa.Table]) -> Sets:
    chunks = [chunk for table in tables for chunk in table["shingles"].chunks]
    values = [chunk.values.to_numpy(zero_copy_only=False) for chunk in chunks]
    sizes = [np.diff(chunk.offsets.to_numpy()) for chunk in chunks]
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.zeros(0, np.int64), *sizes]))]).astype(np.int64)
    return Sets(np.concatenate([np.zeros(0, np.uint64), *values]), offsets)


def binary(column: Any, kind: np.dtype[Any], rows: Ints) -> Any:  # noqa: ANN401  (pyarrow and numpy)
    """Read rows of a column of fixed-size binary as numbers; shape (rows, numbers)."""
    width = column.type.byte_width // kind.itemsize
    taken = column.take(pa.array(rows))
    parts = [
        np.frombuffer(chunk.buffers()[1], kind, count=len(chunk) * width, offset=chunk.offset * width * kind.itemsize)
        for chunk in taken.chunks
        if len(chunk)
    ]
    return np.concatenate([np.zeros(0, kind), *parts]).reshape(-1, width)
