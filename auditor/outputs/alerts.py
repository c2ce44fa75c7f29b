"""Findings as other machines take them: a place, a level, a sentence, and an id that stays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.outputs.gates import new
from auditor.outputs.plain import shown
from auditor.outputs.run import Run
from auditor.outputs.unwritten import Unwritten
from auditor.rule import Rule
from auditor.source import Source
from auditor.words import language

ORDER = {"high": 0, "medium": 1, "low": 2}
OTHERS = 8
"""Further places of a group that are named."""


class Place(NamedTuple):
    """A line of a file, by its path."""

    path: str
    line: int


class Alert(NamedTuple):
    """One finding: its id, rule and level, a sentence, where it is, where else, and whether it counts."""

    id: str
    rule: str
    severity: str
    message: str
    place: Place
    others: list[Place]
    allowed: str | None
    new: bool | None


@dataclass(frozen=True)
class Alerts:
    """The worst findings of a run; ``all`` is how many there are, ``count`` how many are neither allowed nor old."""

    run: Run | Unwritten
    shown: list[Alert]
    all: int
    count: int


def alerts(run: Run | Unwritten, baseline: Run | None, most: int) -> Alerts:
    """Choose at most so many findings of a run, most severe first; those that do not count come last."""
    held = run.findings
    fresh = np.ones(held.num_rows, np.bool_) if baseline is None else new(held, baseline)
    counts = np.asarray(pc.is_null(held["allowed"])) & fresh
    level = np.array([ORDER[name] for name in held["severity"].to_pylist()], np.int64)
    order = np.lexsort((np.arange(held.num_rows), level, ~counts))[:most]
    chosen = held.take(pa.array(order)).to_pylist()
    fresh_of = fresh[order].tolist()
    members = _members(run, [item["group"] for item in chosen if item["group"]])
    lines = _Lines({source.name: source for source in run.sources})
    rules = {rule.code: rule for rule in run.profile.rules}
    told = [
        Alert(
            item["id"], item["rule"], item["severity"], _message(item, rules[item["rule"]]),
            lines.place(item["file"], item["line"], item["offset"]),
            [lines.place(*other) for other in members.get(item["group"], ()) if other[:2] != _line(item)],
            item["allowed"], None if baseline is None else flag,
        )
        for item, flag in zip(chosen, fresh_of, strict=True)
    ]  # fmt: skip
    return Alerts(run, told, held.num_rows, int(counts.sum()))


def _line(item: Mapping[str, Any]) -> tuple[str, int | None]:
    return item["file"], item["line"]


def _message(item: Mapping[str, Any], rule: Rule) -> str:
    note = shown(item["note"] or "")
    if not note and item["score"] is not None:
        note = f"{rule.target} {item['score']:.3g}"
    return f"{rule.text('title', language())}: {note}" if note else rule.text("title", language())


def _members(run: Run | Unwritten, groups: list[str]) -> dict[str, list[tuple[str, int, int]]]:
    """Return the places of the first members of some groups: file, line, offset."""
    if not groups:
        return {}
    members = run.columns("members", ["group", "row"])
    held = members.filter(pc.is_in(members["group"], pa.array(groups)))
    chosen: list[tuple[str, int]] = []
    count: dict[str, int] = {}
    for name, row in zip(held["group"].to_pylist(), held["row"].to_pylist(), strict=True):
        count[name] = count.get(name, 0) + 1
        if count[name] <= OTHERS + 1:
            chosen.append((name, row))
    rows = pa.array([row for _, row in chosen], pa.int64())
    places = run.columns("samples", ["file", "line", "offset"]).take(rows).to_pylist()
    found: dict[str, list[tuple[str, int, int]]] = {}
    for (name, _), place in zip(chosen, places, strict=True):
        found.setdefault(name, []).append((place["file"], place["line"], place["offset"]))
    return found


@dataclass
class _Lines:
    """Turns what a run calls a place into what a person's editor does: in an array, a row is no line."""

    sources: Mapping[str, Source]

    def __post_init__(self) -> None:
        self.ends: dict[str, np.ndarray[Any, np.dtype[np.int64]] | None] = {}

    def place(self, name: str, line: int | None, offset: int | None) -> Place:
        source = self.sources[name]
        if source.form == "array" and offset is not None:
            ends = self._ends_of(source)
            if ends is not None:
                return Place(source.path, int(np.searchsorted(ends, offset)) + 1)
        return Place(source.path, line or 1)

    def _ends_of(self, source: Source) -> "np.ndarray[Any, np.dtype[np.int64]] | None":
        """Return where the lines of an array's file end, if it is there and plain."""
        if source.path not in self.ends:
            path = Path(source.path)
            plain = not source.compression and not source.remote and path.is_file()
            data = np.fromfile(path, np.uint8) if plain else None
            self.ends[source.path] = None if data is None else np.flatnonzero(data == ord("\n"))
        return self.ends[source.path]


def counted(told: Alerts) -> Iterator[Alert]:
    """Yield the alerts that count: neither allowed nor known before."""
    return (alert for alert in told.shown if not alert.allowed and alert.new is not False)
