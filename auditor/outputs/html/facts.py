"""What every page asks of a run: its tables in numpy columns, computed once."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.errors import AuditorError
from auditor.kernels.flat import Ints
from auditor.kernels.flat import column as flat_column
from auditor.outputs.html.shown import visible
from auditor.outputs.html.strings import Both
from auditor.outputs.run import Run
from auditor.rule import Rule, rules
from auditor.words import both

LOOP, COPY, NEAR = 1, 2, 3
CAUSES = ("unique", "loop", "copy", "near")
"""What a sample's trained tokens are put down to."""


SIGNALS = {"role_markers": "marker", "echoes_prompt": "echo", "repeats_turn": "again"}
"""Signals whose findings stand among the loops, and what they are called there."""


@dataclass(frozen=True)
class Facts:
    """A run's tables, as pages need them."""

    run: Run

    @cached_property
    def skipped(self) -> list[dict[str, Any]]:
        """Inputs that were not read, and why, in both languages."""
        return [
            {"file": item["file"], "reason": Both(*both(item["template"], about=item["about"]))}
            for item in self.run.summary["skipped"]
        ]

    @cached_property
    def rows(self) -> int:
        """How many samples there are."""
        return int(self.run.brief.num_rows)

    @cached_property
    def files(self) -> list[str]:
        """The names of the files, in the order in which they were read."""
        return [file["file"] for file in self.run.summary["files"]]

    @cached_property
    def root(self) -> str:
        """The folder in which all files lie: it is told once."""
        folders = [name.rpartition("/")[0].split("/") for name in self.files]
        shared = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))]
        return "".join(f"{part}/" for part in shared) if any(shared) else ""

    @cached_property
    def file(self) -> Ints:
        """The number of each sample's file."""
        names = pa.array(self.files, pa.string())
        return np.asarray(pc.index_in(self.run.brief["file"], names).to_numpy(), np.int64)

    def column(self, name: str) -> NDArray[Any]:
        """Return one of the samples' columns of whole numbers."""
        return np.asarray(self.run.brief[name].to_numpy(), np.int64)

    @cached_property
    def tokens(self) -> Ints:
        """Each sample's trained tokens."""
        return self.column("trained_tokens")

    @cached_property
    def trained_chars(self) -> Ints:
        """Each sample's trained characters."""
        return self.column("trained_chars")

    @cached_property
    def chars(self) -> Ints:
        """Each sample's characters."""
        return self.column("chars")

    @cached_property
    def dropped(self) -> NDArray[np.bool_]:
        """Which samples the plan drops."""
        return _equal(self.run.plan["action"], "drop")

    @cached_property
    def looped(self) -> NDArray[np.bool_]:
        """Which samples hold a loop that matters."""
        severe = _any(self.run.brief["loop_severity"], ["degenerate", "noticeable"])
        return severe & ~_equal(self.run.brief["loop_kind"], "debris")

    @cached_property
    def degenerate(self) -> NDArray[np.bool_]:
        """Which samples fall into a loop: never preferred as keepers."""
        return _equal(self.run.brief["loop_severity"], "degenerate")

    @cached_property
    def bounds(self) -> Ints:
        """Where the members of each group begin, and the last ones end: they stand in the order of the groups."""
        sizes = np.asarray(self.run.groups["size"].to_numpy(), np.int64)
        found = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        assert found[-1] == self.run.members.num_rows
        return found

    @cached_property
    def kind(self) -> NDArray[np.str_]:
        """Each group's kind."""
        codes = self.run.groups["kind"].combine_chunks().dictionary_encode()
        names = np.array([*codes.dictionary.to_pylist(), ""], np.str_)
        return np.asarray(names[codes.indices.to_numpy()], np.str_)

    @cached_property
    def member(self) -> Ints:
        """The row of each member, group after group."""
        return np.asarray(self.run.members["row"].to_numpy(), np.int64)

    @cached_property
    def similarity(self) -> NDArray[np.float64]:
        """How alike each member is to the row that it was verified against; NaN for that row itself."""
        return _floats(self.run.members["similarity"])

    @cached_property
    def contained(self) -> NDArray[np.float64]:
        """Which share of each member is found in the row that it was verified against."""
        return _floats(self.run.members["contained"])

    @cached_property
    def covers(self) -> NDArray[np.float64]:
        """Which share of that row is found in each member."""
        return _floats(self.run.members["covers"])

    @cached_property
    def cause(self) -> NDArray[np.int8]:
        """What each sample is put down to: one cause at most, loops first; its tokens are split in the summary."""
        found = np.zeros(self.rows, np.int8)
        kinds = np.repeat(self.kind, np.diff(self.bounds))
        keeper = np.asarray(self.run.members["keeper"].to_numpy(), np.bool_)
        near = (kinds == "near") & ~np.isnan(self.similarity)
        found[self.member[near]] = NEAR
        copies = (kinds == "copy") & ~keeper if (kinds == "copy").any() else near & (self.similarity == 1)
        found[self.member[copies]] = COPY
        found[self.looped] = LOOP
        return found

    @cached_property
    def ids(self) -> NDArray[np.bytes_]:
        """Each row's content id."""
        held = flat_column(self.run.brief["content_id"].combine_chunks())
        assert (np.diff(held.offsets) == 16).all()
        start, end = (held.offsets[[0, -1]]).tolist()
        return held.buffer[start:end].view("S16")

    def order(self, rows: Ints) -> NDArray[np.bytes_]:
        """Return the content ids of rows: an order that neither files nor places decide."""
        return self.ids[rows]

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rules that were applied, by code; as shipped, where the profile is gone."""
        try:
            held = self.run.profile.rules
        except AuditorError:
            held = tuple(rules())
        return {rule.code: rule for rule in held}

    @cached_property
    def where(self) -> Ints:
        """Where each row stands: the number of its file, its line, its byte offset."""
        return np.stack([self.file, self.column("line"), self.column("offset")], axis=1)

    def place(self, row: int) -> list[int]:
        """Say where one row stands."""
        return self.where[row].tolist()  # type: ignore[no-any-return]

    def fates(self, rows: Ints) -> list[int]:
        """Count the rows and trained tokens among these that the plan drops, then those that it keeps."""
        gone, tokens = self.dropped[rows], self.tokens[rows]
        return [int(gone.sum()), int(tokens[gone].sum()), int((~gone).sum()), int(tokens[~gone].sum())]

    def same(self, rows: Ints) -> list[Ints]:
        """Return, for each of these rows, all rows with its content: what is decided of a sample is decided of them."""
        wanted = self.ids[rows]
        there = pc.is_in(self.run.brief["content_id"], pa.array(wanted.astype(str), pa.string()))
        found = np.flatnonzero(there.to_numpy())
        found = found[np.argsort(self.ids[found], kind="stable")]
        ends = [np.searchsorted(self.ids[found], wanted, side=side).tolist() for side in ("left", "right")]
        return [found[start:end] for start, end in zip(*ends, strict=True)]

    @cached_property
    def planned(self) -> list[int]:
        """How many rows and trained tokens the plan drops."""
        return self.fates(np.arange(self.rows))[:2]

    @property
    def files_told(self) -> dict[str, Any]:
        """What a page's script needs to know of the files: names, the folder they share, whether rows have offsets."""
        forms = [file["form"] for file in self.run.summary["files"]]
        bytewise = [form in {"lines", "array"} for form in forms]
        return {"files": [visible(name) for name in self.files], "root": visible(self.root), "bytes": bytewise}


def met(run: Run, codes: Iterable[str]) -> pa.Table:
    """Return the findings of some rules."""
    return run.findings.filter(pc.is_in(run.findings["rule"], pa.array(list(codes), pa.string())))


def _equal(column: Any, value: str) -> NDArray[np.bool_]:  # noqa: ANN401  (pyarrow has no types)
    return _any(column, [value])


def _any(column: Any, values: list[str]) -> NDArray[np.bool_]:  # noqa: ANN401  (pyarrow has no types)
    return np.asarray(pc.is_in(column, pa.array(values, pa.string())).to_numpy(), np.bool_)


def _floats(column: Any) -> NDArray[np.float64]:  # noqa: ANN401  (pyarrow has no types)
    return np.asarray(column.to_numpy(), np.float64)
