"""A repaired copy of a file: what can be mended is mended, what cannot is left out, all else stays byte for byte."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.errors import UsageError
from auditor.loading import v1_rows
from auditor.loading.classic_rows import StopError
from auditor.loading.columns import Columns
from auditor.loading.faults import Faults
from auditor.loading.keeping import keeps
from auditor.loading.maps import known
from auditor.loading.question import Question, kind_of
from auditor.source import Source
from auditor.sources import described
from auditor.store import whole
from auditor.xtuner.rows import Row, rows

TURN = {"system", "input", "output", "output_with_loss", "need_eos_token", "sep"}
FORMATTED = {"instruction", "input", "instruction_zh", "input_zh", "context", "question"}


@dataclass
class Repaired:
    """What became of a file's rows: ``kept`` as they were, ``mended``, ``left_out`` (their lines)."""

    path: Path
    kept: int = 0
    mended: int = 0
    left_out: list[int] | None = None


def repair(path: Path, question: Question, target: Path) -> Repaired:
    """Write a repaired copy of a file to ``target``; never in place."""
    source = described(path.as_posix(), str(path))
    if source.tabular or source.compression:
        raise UsageError("{name} is packed or a table; --fix mends plain JSON", name=path)
    if target.exists() and target.resolve() == path.resolve():
        raise UsageError("{path} is an input; cleaned files never replace what was read", path=target)
    columns = Columns()
    for row in rows(source):
        if not row.bad and isinstance(row.value, dict):
            columns.add(row.value, row.line)
    done = Repaired(target, left_out=[])
    array = source.form == "array" and question.target != "v1"
    with whole(target) as out:
        out.write(b"[\n" if array else b"")
        for number, data in enumerate(_mended(source, question, columns, done)):
            separator = b",\n" if array and number else b""
            out.write(separator + data + (b"" if array else b"\n"))
        out.write(b"\n]\n" if array else b"")
    return done


def _mended(source: Source, question: Question, columns: Columns, done: Repaired) -> Iterator[bytes]:
    """Yield the rows that stay, and count what became of each."""
    assert done.left_out is not None
    mender = _Mender(question, columns, {clash.path for clash in columns.clashes()})
    for row in rows(source):
        if row.bad == "bom":
            continue
        for one in _apart(row, question):
            data = None if row.bad else _row(one, question, columns, mender)
            if data is None:
                done.left_out.append(row.line)
                continue
            if data is row.raw:
                done.kept += 1
            else:
                done.mended += 1
            yield data


def _apart(row: Row, question: Question) -> list[Row]:
    """Return the rows of an array that stands on one line, where V1 reads it as one."""
    held = row.value
    several = question.target == "v1" and isinstance(held, list) and len(held) > 0
    if several and all(isinstance(item, dict) and "role" not in item for item in held):
        return [row._replace(value=item, raw=b"") for item in held]
    return [row]


def _row(row: Row, question: Question, columns: Columns, mender: "_Mender") -> bytes | None:
    """Return a row's bytes, mended where needed; None where it cannot be mended."""
    value = copy.deepcopy(row.value)
    value = _mend_v1(value) if question.target == "v1" else mender(value, row.line)
    if value is None or not _passes(row, value, question, columns):
        return None
    odd = {"surrogate", "duplicate_key", "huge"} & set(row.odd)
    if value == row.value and not odd and b"\n" not in row.raw:
        return row.raw
    if "huge" in odd:
        return None
    return re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(value, ensure_ascii=False)).encode()


def _passes(row: Row, value: Any, question: Question, columns: Columns) -> bool:  # noqa: ANN401
    """Whether XTuner takes a mended row."""
    scratch = Faults()
    try:
        if question.target == "v1":
            kind = kind_of(question.map_fn)
            return v1_rows.accepted(value, row.line, scratch, kind, question.template)
        kept = isinstance(value, dict) and keeps(value, row.line, question, scratch, columns)
    except StopError:
        return False
    return kept and not any(fault.code in {"F304", "F310"} for fault in scratch.held.values())


class _Mender:
    """Mends rows for the classic loaders."""

    def __init__(self, question: Question, columns: Columns, clashing: set[str]) -> None:
        self.question = question
        self.old = question.target == "classic-0.1.23"
        wanted = known(question.map_fn)
        self.top = columns.keys.get("", set())
        self.needed = set(wanted.fields) if wanted else set(self.top)
        self.spare = {path.split("/")[1] for path in clashing if path} - self.needed if self.old else set()
        turns = (path.rpartition("/")[2] for path in clashing if path.startswith("/conversation/*/"))
        self.turn_spare = set(turns) - TURN
        self.some_loss = "output_with_loss" in columns.keys.get("/conversation/*", ())

    def __call__(self, value: Any, line: int) -> Any:  # noqa: ANN401
        """Return a row mended, or None where it is no row."""
        if not isinstance(value, dict):
            return None
        value = {key: inner for key, inner in value.items() if key not in self.spare}
        if self.question.map_fn is not None:
            empty = {key: "" for key in FORMATTED & self.needed & self.top if value.get(key) is None}
            value |= empty
        if self.question.loader == "LLaVADataset":
            value.setdefault("id", str(line))
        for turn in _objects(value.get("conversation")):
            self._turn(turn)
        for message in _objects(value.get("messages")):
            if self.old and self.question.map_fn == "openai_map_fn" and message.get("role") == "assistant":
                message["loss"] = str(message.get("loss", True)).lower()
        return value

    def _turn(self, turn: dict[str, Any]) -> None:
        for key in self.turn_spare:
            turn.pop(key, None)
        if "input" in turn and turn["input"] is None:
            turn["input"] = ""
        if self.some_loss:
            turn.setdefault("output_with_loss", True)


def _objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _mend_v1(value: Any) -> Any:  # noqa: ANN401
    """Mend a line for V1."""
    items = value if isinstance(value, list) else value.get("messages") if isinstance(value, dict) else None
    for message in _objects(items):
        for key in set(message) - v1_rows.KEYS | {"thinking"}:
            message.pop(key, None)
        if message.get("content", "") is None and message.get("tool_calls"):
            message["content"] = ""
        for call in message.get("tool_calls") or ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and isinstance(function.get("arguments"), dict | list):
                function["arguments"] = json.dumps(function["arguments"], ensure_ascii=False)
    return value
