"""Will XTuner load a file, and how many of its rows? Judged line by line, without XTuner."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor.dialects import Dialects, ShapeError
from auditor.errors import InputError
from auditor.loading import v1_rows
from auditor.loading.classic_rows import StopError
from auditor.loading.columns import Columns
from auditor.loading.faults import Fault, Faults
from auditor.loading.keeping import keeps
from auditor.loading.maps import BY_DIALECT, known
from auditor.loading.question import Question, Target, kind_of
from auditor.source import Source
from auditor.sources import described
from auditor.xtuner.loader_files import PARSE, about, has_judge, judged
from auditor.xtuner.rows import Row, rows


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
    try:
        source = described(path.name, str(path))
    except InputError:
        return Question(target)  # the check says what is wrong with it
    for row in rows(source):
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
    judge = _v1 if question.target == "v1" else judged if has_judge(question) else _classic
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
    plain = question.loader.startswith("LLaVA")  # read by Python's json, not by datasets
    lines_only = preference or plain or "jsonl" in question.loader
    if plain:
        about(source, question, faults)
    columns = Columns()
    count = 0
    stops = {} if array else {"surrogate": ("F203", True), "duplicate_key": ("F202", True), "huge": ("F107", True)}
    for row in rows(source):
        if row.bad:
            fatal = plain or row.bad not in {"blank", "bom"} or (lines_only and row.bad == "blank")
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
    for row in rows(source):
        if row.bad or not isinstance(row.value, dict):
            continue
        try:
            yield keeps(row.value, row.line, question, faults, columns)
        except StopError:
            yield False


def _v1(source: Source, question: Question, faults: Faults) -> tuple[int, int]:
    """Judge a file as V1 reads it, line by line."""
    shape = {"array": "a JSON array"}.get(source.form, "a packed file" if source.compression else "")
    if source.tabular:
        shape = "a table"
    kind = kind_of(question.map_fn)
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
