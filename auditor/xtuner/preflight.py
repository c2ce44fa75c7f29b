"""Will XTuner load a file, and how many of its rows? Judged line by line, without XTuner."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from auditor.dialects import Dialects, ShapeError
from auditor.errors import InputError
from auditor.sources import Source, described
from auditor.text import tokens
from auditor.xtuner import v1_rows
from auditor.xtuner.classic_rows import Look, StopError, turns
from auditor.xtuner.columns import Columns
from auditor.xtuner.faults import Fault, Faults
from auditor.xtuner.maps import BY_DIALECT, known
from auditor.xtuner.rows import Row, rows
from auditor.xtuner.v1 import TOKENIZERS

Target = Literal["classic", "classic-0.1.23", "v1"]

PARSE = {"json": "F101", "utf8": "F102", "encoding": "F103", "blank": "F104", "deep": "F105", "long": "F106",
         "number": "F107", "truncated": "F110", "bom": "F201"}  # fmt: skip
"""Faults of a line's bytes and their codes."""


@dataclass(frozen=True)
class Question:
    """What is asked about a file: which XTuner, and how it reads rows."""

    target: Target = "classic"
    map_fn: str | None = None
    """Classic: the map function's name, ``None`` for XTuner's own form; V1: the tokenising function's."""
    loader: str = "load_dataset"
    template: str | None = None
    max_length: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What XTuner would do with one file."""

    file: str
    question: Question
    loads: bool
    rows_loaded: int | None
    rows: int
    faults: list[Fault]


def guessed(path: Path, target: Target) -> Question:
    """Return how a file would be read by the map function that fits its first row."""
    if target == "v1":
        return Question(target, "OpenaiTokenizeFunctionConfig")
    for row in rows(described(path.name, str(path))):
        if row.bad:
            continue
        try:
            name, _ = Dialects().read(row.value)
        except ShapeError:
            keys = set(row.value) if isinstance(row.value, dict) else set()
            fitting = [map_name for map_name in BY_DIALECT.values() if set(_fields(map_name)) <= keys]
            return Question(target, fitting[0] if fitting else None)
        return Question(target, BY_DIALECT.get(name))
    return Question(target, None)


def _fields(map_name: str | None) -> tuple[str, ...]:
    wanted = known(map_name)
    return wanted.fields if wanted else ()


def check(path: Path, question: Question) -> Verdict:
    """Judge one file."""
    faults = Faults()
    name = path.as_posix()
    try:
        source = described(name, str(path))
    except FileNotFoundError:
        faults.add("F319", 0, fatal=True, path=name)
        return Verdict(name, question, loads=False, rows_loaded=None, rows=0, faults=faults.sorted())
    except InputError:
        faults.add("F103", 1, fatal=True)
        return Verdict(name, question, loads=False, rows_loaded=None, rows=0, faults=faults.sorted())
    judge = _v1 if question.target == "v1" else _classic
    count, loaded = judge(source, question, faults)
    fatal = any(fault.fatal for fault in faults.held.values())
    if not fatal and not loaded and count:
        faults.add("F328", 1, fatal=True)
        fatal = True
    return Verdict(name, question, not fatal, None if fatal else loaded, count, faults.sorted())


def _odd(row: Row, faults: Faults, stops: dict[str, tuple[str, bool]]) -> None:
    """Note what is odd about a line that parses."""
    for kind in row.odd:
        if kind in stops:
            code, fatal = stops[kind]
            faults.add(code, row.line, fatal=fatal)


def _classic(source: Source, question: Question, faults: Faults) -> tuple[int, int]:
    """Judge a file as ``load_dataset`` and the map function read it: rows in the file, rows that XTuner keeps."""
    array = source.form == "array"
    old = question.target == "classic-0.1.23"
    preference = "preference" in question.loader
    lines_only = preference or "jsonl" in question.loader
    columns = Columns()
    count = 0
    stops = {} if array else {"surrogate": ("F203", True), "duplicate_key": ("F202", True), "huge": ("F107", True)}
    for row in rows(source):
        if row.bad:
            fatal = row.bad not in {"blank", "bom"} or (lines_only and row.bad == "blank")
            if fatal or row.bad != "bom":
                faults.add(PARSE[row.bad], row.line, fatal=fatal, **_detail(row))
            continue
        count += 1
        if not isinstance(row.value, dict):
            faults.add("F330", row.line, fatal=True)
            continue
        _odd(row, faults, stops)
        columns.add(row.value, row.line)
    if not count and not any(fault.fatal for fault in faults.held.values()):
        faults.add("F314", 1, fatal=True)
    if not preference:
        _types(columns, question, faults, array=array, old=old)
    return count, sum(_kept(source, question, faults, columns))


def _detail(row: Row) -> dict[str, str]:
    return {"detail": row.detail.partition(": ")[2] or row.detail} if row.bad == "json" else {}


def _types(columns: Columns, question: Question, faults: Faults, *, array: bool, old: bool) -> None:
    """Note columns whose values have types that the reader cannot bring together."""
    for clash in columns.clashes():
        nested = question.map_fn is None and clash.path.startswith("/conversation/*/")
        if old or nested:
            faults.add(
                "F303", clash.line, fatal=True, field=clash.path.lstrip("/"), found=clash.second, wanted=clash.first
            )
    if not (array and old):
        for path in columns.all_dates():
            if _is_answer(path, question):
                faults.add("F327", 1, fatal=True, field=path.lstrip("/"))


def _is_answer(path: str, question: Question) -> bool:
    """Whether a path holds what XTuner must lengthen or join as text."""
    last = path.rpartition("/")[2]
    wanted = known(question.map_fn)
    if question.map_fn is None:
        return path == "/conversation/*/output"
    return last in {"content", "value"} or (wanted is not None and last == wanted.fields[-1])


def _kept(source: Source, question: Question, faults: Faults, columns: Columns) -> Iterator[bool]:
    """Yield, for each row, whether XTuner keeps it."""
    if question.map_fn is not None and known(question.map_fn) is None:
        faults.add("F329", 0, map=question.map_fn)
    if question.loader.startswith(("MOSS", "InternVL", "RefCOCO", "InvRefCOCO")) or "intern_repo" in question.loader:
        yield from (not row.bad for row in rows(source))
        return
    for row in rows(source):
        if row.bad or not isinstance(row.value, dict):
            continue
        try:
            yield keeps(row, question, faults, columns)
        except StopError:
            yield False


def keeps(row: Row, question: Question, faults: Faults, columns: Columns) -> bool:
    """Say whether XTuner keeps a row: it has turns, and loss on one of them within max_length. Raises StopError."""
    old = question.target == "classic-0.1.23"
    if question.map_fn is not None and known(question.map_fn) is None:
        return True
    name = (question.map_fn or "None").rpartition(".")[2]
    keys = frozenset(columns.keys.get("", ()))
    look = Look(row.value, row.line, faults, name, old, keys)
    if question.loader == "LLaVADataset" and "id" not in row.value:
        raise look.stop("F307")
    if "preference" in question.loader:
        return _prefers(look)
    found = turns(look)
    filled = old and question.map_fn is None and "output_with_loss" in columns.keys.get("/conversation/*", ())
    if filled and any("output_with_loss" not in turn for turn in found):
        look.warn("F336")
    trained = [bool(turn.get("output_with_loss", not filled)) for turn in found]
    if found and not any(trained):
        look.warn("F323")
        return False
    return bool(found) and _fits(look, found, question.max_length)


def _fits(look: Look, found: list[dict[str, Any]], limit: int | None) -> bool:
    """Say whether some answer lies within ``limit`` tokens, by estimate; note what is cut."""
    if limit is None:
        return True
    room = 0
    begins = None
    for turn in found:
        room += _estimate(turn.get("system")) + _estimate(turn.get("input"))
        begins = room if begins is None else begins
        room += _estimate(turn["output"])
    if begins is not None and begins >= 1.5 * limit:
        look.warn("F332", limit=limit)
        return False
    if room > limit:
        look.warn("F312", limit=limit)
    return True


def _estimate(value: Any) -> int:  # noqa: ANN401
    """Count a text's tokens as our token model does; a model's tokenizer gives a little more or fewer."""
    return len(tokens(value)) if isinstance(value, str) else 0


def _prefers(look: Look) -> bool:
    for name in ("prompt", "chosen", "rejected") if look.map_name == "None" else ("chosen", "rejected"):
        if look.field(name) is None:
            raise look.stop("F305", field=name)
    return True


def _v1(source: Source, question: Question, faults: Faults) -> tuple[int, int]:
    """Judge a file as V1 reads it, line by line."""
    shape = {"array": "a JSON array"}.get(source.form, "a packed file" if source.compression else "")
    if source.tabular:
        shape = "a table"
    kind = TOKENIZERS.get((question.map_fn or "").rpartition(".")[2], "custom")
    if kind == "custom" and question.map_fn:
        faults.add("F329", 0, map=question.map_fn)
    if shape:
        faults.add("F313", 1, fatal=True, found=shape)
        return 0, 0
    count = loaded = 0
    lines: set[int] = set()
    for row in rows(source):
        if row.line in lines:
            faults.add("F313", row.line, fatal=True, found="several objects on one line")
        lines.add(row.line)
        if row.bad:
            faults.add(PARSE[row.bad], row.line, fatal=row.bad != "long", **_detail(row))
            continue
        count += 1
        _odd(row, faults, {"surrogate": ("F203", True), "duplicate_key": ("F202", False)})
        if b"\n" in row.raw:
            faults.add("F313", row.line, fatal=True, found="one object over many lines")
        try:
            loaded += kind == "custom" or v1_rows.accepted(row.value, row.line, faults, kind, question.template)
        except StopError:
            continue
    if not count and not faults.held:
        faults.add("F314", 1, fatal=True)
    return count, loaded
