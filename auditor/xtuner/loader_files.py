"""Will one of XTuner's other classic loaders read a file? They use Python's ``json``, line by line or on the whole."""

from pathlib import Path

from auditor.loading.classic_rows import Look, StopError
from auditor.loading.faults import Faults
from auditor.loading.loader_rows import loader_of, suffixes_of
from auditor.loading.question import Question
from auditor.source import Source
from auditor.xtuner.rows import Row, rows

PARSE = {"json": "F101", "utf8": "F102", "encoding": "F103", "blank": "F104", "deep": "F105", "long": "F106",
         "number": "F107", "truncated": "F110", "bom": "F201"}  # fmt: skip
"""Faults of a line's bytes and their codes."""


def inner(question: Question) -> str:
    """Return the name of the loader itself, without what packs its rows."""
    return question.loader.partition("(")[2].rstrip(")") or question.loader


def has_judge(question: Question) -> bool:
    """Say whether a file is read by one of these loaders."""
    return question.target != "v1" and loader_of(inner(question)) is not None


def judged(source: Source, question: Question, faults: Faults) -> tuple[int, int]:
    """Judge a file: rows in it, and rows that the loader makes of them."""
    tokens = inner(question).startswith("load_intern_repo_tokenized")
    about(source, question, faults, tokens=tokens)
    judge = loader_of(inner(question))
    assert judge is not None
    array = source.form == "array"
    count = loaded = 0
    for row in rows(source):
        if row.bad:
            told = {"detail": row.detail.partition(": ")[2] or row.detail} if row.bad == "json" else {}
            faults.add(PARSE[row.bad], row.line, fatal=not tokens and row.bad != "long", **told)
            continue
        count += 1
        try:
            made = judge(Look(row.value, row.line, faults, question.loader, old=_old(question)), row.value)
            loaded += made if _whole(row, question, faults) else 0
        except StopError:
            continue
    if not count and not array:
        faults.add("F314", 1, fatal=not question.loader.startswith("MOSS"))
    return count, loaded


def _old(question: Question) -> bool:
    return question.target == "classic-0.1.23"


def _whole(row: Row, question: Question, faults: Faults) -> bool:
    """Say whether a row holds no half of a character: MOSS's loader drops such rows, the others stop."""
    if "surrogate" not in row.odd:
        return True
    faults.add("F203", row.line, fatal=not question.loader.startswith("MOSS"))
    return False


def about(source: Source, question: Question, faults: Faults, *, tokens: bool = False) -> None:
    """Note what is wrong with a file as such: its name, its form, and what stands beside it."""
    path, ends = Path(source.path), suffixes_of(question.loader)
    loader = inner(question)
    if ends and not path.name.endswith(ends):
        faults.add("F340", 0, fatal=True, loader=loader, wanted=" / ".join(ends))
    whole = path.suffix == ".json" and not loader.startswith(("MOSS", "load_intern_repo"))
    if ends and path.name.endswith(ends) and not tokens and whole != (source.form == "array"):
        found = "a JSON array" if source.form == "array" else "one object a line"
        faults.add("F341", 1, fatal=True, loader=loader, found=found)
    if tokens and not path.with_name(f"{path.name}.meta").is_file():
        faults.add("F342", 0, fatal=True, path=f"{path.name}.meta")
    if loader.startswith("MOSS"):
        for held in sorted(path.parent.glob(f"{path.stem}_data_*"))[:1]:
            faults.add("F343", 0, path=held.name)
