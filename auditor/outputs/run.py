"""A finished run, opened: its tables, its summary, and the texts behind its rows."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from auditor.corpus import Part
from auditor.dialects import Dialects, ShapeError
from auditor.errors import InputError, VerifyError
from auditor.kernels.sketch import PERMUTATIONS
from auditor.outputs import folder
from auditor.parse import BadLineError
from auditor.reader import again
from auditor.rule import Profile, from_json
from auditor.sample import Batch, Places, Role, Turn, content_ids
from auditor.source import Source
from auditor.store import mapped
from auditor.text import minhash_value, shingle_hashes, tokens

if TYPE_CHECKING:
    import pandas as pd
    from datasketch import MinHash


BRIEF = [
    "row", "file", "line", "offset", "length", "content_id", "chars", "trained_chars", "trained_tokens", "loop_kind",
    "loop_times", "loop_severity", "copy_group", "prompt_group", "answer_group", "action",
]  # fmt: skip
"""Columns of the samples that a report and reading again need; there are three times as many."""


@dataclass(frozen=True)
class Run:
    """One run folder; tables are Arrow, and read when first asked for.

    Opening one that is not finished, or no run at all, raises VerifyError or UsageError.
    """

    path: Path

    @classmethod
    def open(cls, path: str | Path, held: Mapping[str, pa.Table] | None = None) -> "Run":
        """Open a run folder; tables that are at hand need not be read."""
        run = cls(Path(path))
        run.__dict__.update(held or {})
        _ = run.manifest
        return run

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Settings, inputs and checksums."""
        return folder.manifest(self.path)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Verdict, totals, rules and files."""
        held: dict[str, Any] = json.loads((self.path / "summary.json").read_bytes())
        return held

    def _table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        # Without threads: a process that ends while one still reads ahead is aborted.
        file = pq.ParquetFile(pa.BufferReader(mapped(self.path / f"{name}.parquet")), pre_buffer=False)
        return file.read(columns, use_threads=False)

    @cached_property
    def samples(self) -> pa.Table:
        """One row for each sample."""
        return self._table("samples")

    def columns(self, table: str, names: list[str]) -> pa.Table:
        """Return some columns of a table, without reading the others."""
        return self._table(table, names).select(names)

    @cached_property
    def brief(self) -> pa.Table:
        """Those columns of the samples that say where each stands and what became of it."""
        if "samples" in self.__dict__:
            return self.samples.select(BRIEF)
        return self._table("samples", BRIEF)

    @cached_property
    def findings(self) -> pa.Table:
        """One row for each rule met by a sample, a group or a line."""
        return self._table("findings")

    @cached_property
    def groups(self) -> pa.Table:
        """One row for each group."""
        return self._table("groups")

    @cached_property
    def members(self) -> pa.Table:
        """One row for each sample of each group."""
        return self._table("members")

    @cached_property
    def pairs(self) -> pa.Table:
        """One row for each verified pair."""
        return self._table("pairs")

    @cached_property
    def slots(self) -> pa.Table:
        """One row for each slot of a template that is spelled out."""
        return self._table("slots")

    @cached_property
    def phrases(self) -> pa.Table:
        """One row for each stock phrase met."""
        return self._table("phrases")

    @cached_property
    def plan(self) -> pa.Table:
        """One row for each sample: keep or drop, and why."""
        return self._table("plan")

    @cached_property
    def measures(self) -> pa.Table:
        """One row for each sample: what else rules look at (which rows equal which, a few bytes of signatures)."""
        return self._table("measures")

    @cached_property
    def loops(self) -> pa.Table:
        """One row for each loop of each sample."""
        return self._table("loops")

    @cached_property
    def faults(self) -> pa.Table:
        """One row for each fault of the input."""
        return self._table("faults")

    @cached_property
    def profile(self) -> Profile:
        """The rules that were applied, as they were then."""
        try:
            return from_json(json.loads((self.path / "rules.json").read_bytes()))
        except (KeyError, TypeError, ValueError):
            raise VerifyError(
                "the rules of {path} are damaged, or of another version", hint="scan again", path=self.path
            ) from None

    @property
    def audit(self) -> str:
        """The audit's id, by which decisions know it; it depends on the inputs and the rules alone."""
        inputs = "|".join(f"{item['file']}:{item['size']}:{item.get('xxh3', '')}" for item in self.manifest["inputs"])
        settings = repr(sorted(self.manifest["settings"].items()))
        return xxhash.xxh3_64_hexdigest(f"{inputs}|{settings}".encode("utf-8", "surrogatepass"))[:8]

    @cached_property
    def sources(self) -> list[Source]:
        """The inputs, in the order in which they were read."""
        return list(folder.sources(self.manifest))

    def turns(self, rows: Iterable[int]) -> dict[int, list[Turn]]:
        """Read samples again from their sources: row to turns.

        Raises InputError where a source is gone or no longer what was scanned.
        """
        wanted = np.unique(np.fromiter(rows, np.int64))
        fields = self.manifest["settings"]["fields"]
        found: dict[int, list[Turn]] = {}
        by_name = {source.name: source for source in self.sources}
        columns = ["row", "file", "line", "offset", "length", "content_id"]
        held = self.brief.select(columns).take(pa.array(wanted)).to_pylist()
        for name in dict.fromkeys(row["file"] for row in held):
            chosen = [row for row in held if row["file"] == name]
            places = Places(*(np.array([row[part] for row in chosen], np.int64) for part in Places._fields))
            batch = _read(Part(by_name[name], places), Dialects(fields, by_name[name].dialect))
            first = batch.first.tolist()
            texts, roles, trained = batch.turns["text"].to_pylist(), batch.role.tolist(), batch.trained.tolist()
            for index, (row, key) in enumerate(zip(chosen, content_ids(batch).to_pylist(), strict=True)):
                if key != row["content_id"]:
                    raise InputError("{name} is not what was scanned", hint="scan it again", name=name)
                turns = range(first[index], first[index + 1])
                found[row["row"]] = [Turn(Role(roles[t]), texts[t], trained[t]) for t in turns]
        return found

    def to_datasketch(self, rows: Iterable[int]) -> "dict[int, MinHash]":
        """Return samples' MinHash signatures as datasketch knows them, to be put into its indexes.

        Other texts are sketched alike by ``MinHash(128, hashfunc=auditor.text.minhash_value)`` from their shingles.
        """
        from datasketch import MinHash  # noqa: PLC0415  (takes a second to import)

        size = int(self.manifest["settings"]["shingle"])
        found = {}
        for row, turns in self.turns(rows).items():
            talk = [turn for turn in turns if turn.trained or turn.role is not Role.SYSTEM]
            parts = ([turn.text for turn in talk if turn.trained is trained] for trained in (False, True))
            words = ([token for text in texts for token in tokens(text)] for texts in parts)
            found[row] = MinHash(PERMUTATIONS, hashfunc=minhash_value)
            found[row].update_batch([shingle for part in words for shingle in shingle_hashes(part, size)])
        return found

    def to_pandas(self, table: str = "samples") -> "pd.DataFrame":
        """Return one of the tables as a pandas frame."""
        frame: pd.DataFrame = self._table(table).to_pandas()
        return frame


def _read(part: Part, dialects: Dialects) -> Batch:
    try:
        return again(part.source, part.places, dialects)
    except (OSError, ValueError, BadLineError, ShapeError) as fault:
        raise InputError(
            "{name} cannot be read again: {fault}", hint="is it where it was?", name=part.source.name, fault=fault
        ) from fault
