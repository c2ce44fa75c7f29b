"""What XTuner makes of whole files: faults that no single row shows, told once all rows are known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.corpus import Corpus
from auditor.faults import CLASSIC, V1, Fault
from auditor.kernels.flat import Ints
from auditor.loading.columns import Columns
from auditor.loading.faults import NAMES, REASONS
from auditor.loading.keeping import LOOSE
from auditor.loading.question import Question
from auditor.loading.scanned import LACKS, needs

DROPPED = [NAMES[code] for code in ("F308", "F323", "F332")]
"""Kinds of rows that classic XTuner leaves out."""


class Noted(NamedTuple):
    """A fault of a configuration: its file and line, what it is and in which words."""

    file: str
    line: int
    kind: str
    message: str


class File(NamedTuple):
    """One source of a corpus: its rows and faults."""

    corpus: Corpus
    number: int
    rows: Ints
    faults: pa.Table

    @property
    def question(self) -> Question | None:
        """How XTuner reads it, where a configuration says."""
        return self.corpus.sources[self.number].question

    @property
    def classic(self) -> bool:
        """Whether classic XTuner may read it."""
        return self.question is None or self.question.target != "v1"

    @property
    def dialects(self) -> Sequence[str]:
        """The dialect of each row."""
        held: list[str] = self.corpus.samples["dialect"].take(pa.array(self.rows)).to_pylist()
        return held

    def fault(self, code: str, row: int | None, stops: int = 0, **values: object) -> Fault:
        """Describe a fault of a row, or of the file as a whole."""
        told = REASONS[code].format(**values)
        if row is None:
            return Fault(0, 0, 0, NAMES[code], told, stops)
        places = self.corpus.places(np.array([row]))
        return Fault(*places.at(0), NAMES[code], told, stops)


def settled(corpus: Corpus, noted: Sequence[Noted] = ()) -> Corpus:
    """Add the faults of whole files and of configurations, and say what XTuner makes of rows without a field.

    A fault of a configuration has the source -1, and its ``file``; that of all others is null.
    """
    held = corpus.faults
    kept = _in_arrays(held.filter(pc.not_equal(held["kind"], LACKS)), corpus)
    found: list[tuple[object, ...]] = []
    bounds = np.searchsorted(corpus.source, np.arange(len(corpus.sources) + 1)).tolist()
    places = np.searchsorted(held["source"].to_numpy(), np.arange(len(corpus.sources) + 1)).tolist()
    for number, (first, last) in enumerate(pairwise(bounds)):
        faults = held.slice(places[number], places[number + 1] - places[number])
        file = File(corpus, number, np.arange(first, last), faults)
        found += [(*fault, number) for judge in JUDGES for fault in judge(file)]
    found += [(one.line, 0, 0, one.kind, one.message, 0, -1) for one in noted]
    columns = zip(*found, strict=True) if found else [()] * len(kept.schema)
    more = [pa.array(list(column), kind.type) for column, kind in zip(columns, kept.schema, strict=True)]
    files = pa.array([*[None] * (kept.num_rows + len(found) - len(noted)), *(one.file for one in noted)], pa.string())
    whole = pa.concat_tables([kept, pa.Table.from_arrays(more, schema=kept.schema)]).append_column("file", files)
    order = [(name, "ascending") for name in ("source", "line", "offset", "kind", "message")]
    return replace(corpus, faults=whole.sort_by(order))


def _in_arrays(faults: pa.Table, corpus: Corpus) -> pa.Table:
    """Say that a key that stands twice, or half a character, does not stop the reader of an array."""
    arrays = pa.array([number for number, source in enumerate(corpus.sources) if source.form == "array"], pa.int32())
    passed = pc.and_(
        pc.is_in(faults["source"], arrays), pc.is_in(faults["kind"], pa.array(["surrogate", "duplicate_key"]))
    )
    if not pc.any(passed).as_py():
        return faults
    stops = pc.if_else(passed, pa.scalar(0, pa.int8()), faults["stops"])
    return faults.set_column(faults.schema.get_field_index("stops"), "stops", stops)


def _lacking(file: File) -> Iterator[Fault]:
    """A field that no row has stops XTuner; one that some rows lack is null there."""
    lines = file.faults.filter(pc.equal(file.faults["kind"], LACKS))["line"].to_pylist()
    if not lines:
        return
    question, needed = file.question, needs(file.question)
    missing = "id" if question and question.loader == "LLaVADataset" else "input"
    rows = [row for line in lines if (row := file.corpus.row_at(file.number, line)) is not None]
    if missing == "id":
        yield from (file.fault("F307", row, CLASSIC) for row in rows)
    elif len(lines) < sum(name in needed for name in file.dialects):
        yield from (file.fault("F309", row, field=missing) for row in rows)
    else:
        name = (question and question.map_fn) or "alpaca_map_fn"
        yield file.fault("F301", rows[0] if rows else None, CLASSIC, map=name, field=missing)


def _mapped(file: File) -> Iterator[Fault]:
    """Rows that are not of the shape that their map function reads."""
    question = file.question
    wanted = question.dialects if question else frozenset()
    if question is None or not wanted:
        return
    names = np.array(file.dialects, object)
    bare = set() if question and question.target == "v1" else {"bare_messages"}  # F330 tells of them, row by row
    for name in sorted(set(names.tolist()) - wanted - bare):
        row = int(file.rows[np.flatnonzero(names == name)[0]])
        if question.target == "v1":
            yield file.fault("F301", row, V1, map="V1", field="messages")
        elif question.map_fn is None:
            yield file.fault("F331", row, found=name)
        else:
            lacked = sorted(question.needed)
            yield file.fault("F301", row, CLASSIC, map=question.map_fn, field=", ".join(lacked))


def _shaped(file: File) -> Iterator[Fault]:
    """Files without rows, and those that V1 cannot read at all."""
    source = file.corpus.sources[file.number]
    if not file.corpus.read[file.number] and not file.faults.num_rows:
        yield file.fault("F314", None, CLASSIC | V1)
    if file.classic:
        return
    if source.tabular:
        yield file.fault("F313", None, V1, found="a table")
    elif source.form != "lines" or source.compression:
        yield file.fault("F313", None, V1, found="a JSON array" if source.form == "array" else "a packed file")


def _fitting(file: File) -> Iterator[Fault]:
    """Rows that are longer than the configuration allows, by estimate."""
    limit = file.question.max_length if file.question else None
    if limit is None or not len(file.rows):
        return
    samples = file.corpus.samples.slice(int(file.rows[0]), len(file.rows))
    whole, trained, turns = (samples[name].to_numpy() for name in ("tokens", "trained_tokens", "turns"))
    dropped = (turns <= 3) & (whole - trained >= LOOSE * limit) & file.classic
    for code, hit in (("F332", dropped), ("F312", (whole > limit) & ~dropped)):
        yield from (
            file.fault(code, row, limit=limit, how="by estimate") for row in file.rows[np.flatnonzero(hit)].tolist()
        )


def _types(file: File) -> Iterator[Fault]:
    """Values of XTuner's own turns whose types the reader cannot bring together."""
    held = file.corpus.types.get(file.number, {})
    if not held or not file.classic or (file.question and file.question.map_fn is not None):
        return
    columns = Columns()
    columns.types = {path: dict(kinds) for path, kinds in held.items() if path.startswith("/conversation/*/")}
    if len(file.rows):
        line = int(file.corpus.lines[file.rows[0]])
        for key in ("input", "output"):
            columns.types.setdefault(f"/conversation/*/{key}", {}).setdefault("text", line)
    for clash in columns.clashes():
        told = REASONS["F303"].format(field=clash.path.lstrip("/"), found=clash.second, wanted=clash.first)
        yield Fault(clash.line, 0, 0, NAMES["F303"], told, CLASSIC)


def _left(file: File) -> Iterator[Fault]:
    """A file of which XTuner keeps no row."""
    hit = file.faults.filter(pc.is_in(file.faults["kind"], pa.array(DROPPED)))
    unmapped = file.question and not file.question.map_fn and "conversation" not in file.dialects
    if file.classic and len(file.rows) and (unmapped or len(pc.unique(hit["line"])) >= len(file.rows)):
        yield file.fault("F328", None, CLASSIC)


JUDGES = (_lacking, _mapped, _shaped, _fitting, _types, _left)
