"""The page of sources: files, where in them repetition stands, which share it, and what could not be read."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from auditor.faults import CLASSIC, KINDS, V1
from auditor.judge import STOPS
from auditor.outputs import charts
from auditor.outputs.html.facts import CAUSES, Facts, met
from auditor.outputs.html.redact import redacting
from auditor.outputs.html.rules import title
from auditor.outputs.html.strings import Both
from auditor.rule import Kind

FILES, SHARED, LINES = 200, 12, 200
"""What is shown at most: files, files in the matrix, bad lines."""

COLUMNS = 240
"""Columns of a file's map."""


class File(NamedTuple):
    """One file: its place in the run, what the summary says, its trained tokens by cause, and its map."""

    number: int
    folder: str
    name: str
    held: dict[str, Any]
    tokens: dict[str, int]
    bar: Markup
    map: Markup
    step: int


class Bad(NamedTuple):
    """A line that is not as it should be: where, what, and what XTuner does there."""

    title: Both
    file: str
    line: int | None
    offset: int | None
    note: str
    rejected: bool
    stops: str


class Sources:
    """What the page of sources shows; it needs no texts."""

    name = "sources"

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def build(self) -> dict[str, Any]:
        """Return what the page's template needs."""
        files = self.files
        return {
            "root": self.facts.root,
            "files": files[:FILES],
            "total": len(files),
            "columns": COLUMNS,
            "matrix": self.matrix(),
            "bad": self.bad[:LINES],
            "faults": len(self.bad),
            "rejected": sum(file["rejected"] for file in self.facts.run.summary["files"]),
            "skipped": self.facts.skipped,
            "scripts": {},
        }

    @cached_property
    def tokens(self) -> NDArray[np.float64]:
        """Trained tokens by file and cause, as the budget puts them down; fixed text and phrases are not told apart."""
        held = [file["budget"] for file in self.facts.run.summary["files"]]
        unique = [sum(part[name] for name in ("unique", "template", "phrase")) for part in held]
        rest = [[part[name] for part in held] for name in CAUSES[1:]]
        return np.array([unique, *rest], np.float64).T

    @cached_property
    def files(self) -> list[File]:
        """Every file, those with most repeated tokens first."""
        order = np.argsort(-self.tokens[:, 1:].sum(axis=1), kind="stable")
        return [self._file(int(number), drawn=place < FILES) for place, number in enumerate(order)]

    def _file(self, number: int, *, drawn: bool) -> File:
        held = self.facts.run.summary["files"][number]
        tokens = {kind: int(count) for kind, count in zip(CAUSES, self.tokens[number], strict=True)}
        folder, _, name = held["file"].removeprefix(self.facts.root).rpartition("/")
        parts = [charts.Part(kind, tokens[kind]) for kind in ("loop", "copy", "near", "unique")]
        rows = self.cause_in[number] if drawn else np.zeros(0, np.int8)
        columns, step = columns_of(len(rows))
        lanes = [(kind, shares(rows == cause, columns)) for cause, kind in enumerate(CAUSES) if cause and len(rows)]
        bar = charts.bar(parts, sum(tokens.values()))
        return File(number, f"{folder}/" if folder else "", name, held, tokens, bar, charts.strip(lanes, columns), step)

    @cached_property
    def cause_in(self) -> list[NDArray[np.int8]]:
        """The causes of each file's rows, in order."""
        order = np.argsort(self.facts.file, kind="stable")
        cuts = np.cumsum(np.bincount(self.facts.file, minlength=len(self.facts.files)))[:-1]
        return np.split(self.facts.cause[order], cuts)

    def matrix(self) -> dict[str, Any]:
        """Count the groups that files share: those files that share most."""
        facts = self.facts
        group = np.repeat(np.arange(len(facts.kind)), np.diff(facts.bounds))
        wanted = np.isin(facts.kind, ("copy", "near"))[group]
        pairs = np.unique(np.stack([group, facts.file[facts.member]], axis=1)[wanted], axis=0)
        files = np.bincount(pairs[:, 0], minlength=1)
        mixed = pairs[files[pairs[:, 0]] > 1]
        busy = np.bincount(mixed[:, 1], minlength=len(facts.files))
        shown = np.argsort(-busy, kind="stable")[:SHARED]
        shown = np.sort(shown[busy[shown] > 0])
        there = np.zeros((len(facts.kind) + 1, len(shown)), np.int64)
        for column, file in enumerate(shown.tolist()):
            there[pairs[pairs[:, 1] == file, 0], column] = 1
        counts = there.T @ there
        most = max(1, int((counts - np.diag(np.diag(counts))).max(initial=0)))
        return {
            "files": [facts.files[at].removeprefix(facts.root) for at in shown.tolist()],
            "numbers": [str(at) for at in shown.tolist()],
            "cells": [
                [_cell(int(count), most, own=a == b) for b, count in enumerate(row)] for a, row in enumerate(counts)
            ],
            "total": int((busy > 0).sum()),
        }

    @cached_property
    def bad(self) -> list[Bad]:
        """Every fault of the input, rejected lines first."""
        rules = {code: rule for code, rule in self.facts.rules.items() if rule.kind is Kind.FAULT}
        found = []
        for held in met(self.facts.run, rules).to_pylist():
            kind = KINDS[rules[held["rule"]].target]
            note, _, told = held["note"].rpartition("; ")
            note, stops = (note, SAID.get(told, "no")) if note else (told, "no")
            place = held["file"], held["line"], held["offset"]
            found.append(Bad(title(self.facts, held["rule"]), *place, "" if redacting() else note, kind.rejects, stops))
        return sorted(found, key=lambda bad: not bad.rejected)


SAID = {STOPS[bits]: name for bits, name in ((0, "no"), (CLASSIC, "classic"), (V1, "v1"), (CLASSIC | V1, "both"))}
"""How the page names which XTuner stops, by what a finding's note says."""


def _cell(count: int, most: int, *, own: bool) -> dict[str, int]:
    """Return one cell of the matrix: groups, and a shade from 0 to 5 (-1: the file itself)."""
    return {"groups": count, "shade": -1 if own else -(-5 * count // most)}


def columns_of(rows: int) -> tuple[int, int]:
    """Return how many columns a file's map has, and how many rows stand in one.

    >>> columns_of(100), columns_of(1000)
    ((100, 1), (200, 5))
    """
    step = max(1, -(-rows // COLUMNS))
    return max(1, -(-rows // step)), step


def shares(hit: NDArray[np.bool_], columns: int) -> list[float]:
    """Return which share of the rows of each column is hit.

    >>> shares(np.array([True, True, False, True]), 2)
    [1.0, 0.5]
    """
    step = max(1, -(-len(hit) // columns))
    starts = np.arange(0, len(hit), step)
    sizes = np.minimum(step, len(hit) - starts)
    return (np.add.reduceat(hit.astype(np.int64), starts) / sizes).tolist()  # type: ignore[no-any-return]
