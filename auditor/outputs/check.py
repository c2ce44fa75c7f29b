"""What a pre-flight check shows: a verdict for each file in the terminal, and the same as JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from auditor.loading.faults import MOST_LINES, Fault
from auditor.outputs.plain import shown
from auditor.outputs.terminal import number
from auditor.words import say
from auditor.xtuner.config import Config
from auditor.xtuner.parts import Dataset, Hook
from auditor.xtuner.preflight import Verdict
from auditor.xtuner.repair import Repaired
from auditor.xtuner.review import Review

NAMES = {"classic": "XTuner 0.2.0", "classic-0.1.23": "XTuner 0.1.23", "v1": "XTuner V1"}


def as_json(found: Review, repaired: Sequence[Repaired] = ()) -> dict[str, Any]:
    """Return a review as JSON can hold it."""
    told: dict[str, Any] = {"files": [_verdict_json(verdict) for verdict in found.verdicts]}
    if found.configs:
        told["configs"] = [_config_json(config) for config in found.configs]
    if repaired:
        told["repaired"] = [
            {"file": str(item.path), "kept": item.kept, "mended": item.mended, "left_out": item.left_out}
            for item in repaired
        ]
    return told


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    faults = [
        {
            "code": fault.code, "line": fault.lines[0] or None, "lines": fault.lines, "count": fault.count,
            "message": fault.message, "hint": fault.hint, "fatal": fault.fatal,
        }
        for fault in verdict.faults
    ]  # fmt: skip
    return {
        "file": verdict.file, "target": verdict.question.target, "map_fn": verdict.question.map_fn,
        "loads": verdict.loads, "rows": verdict.rows, "rows_loaded": verdict.rows_loaded, "faults": faults,
    }  # fmt: skip


def _config_json(config: Config) -> dict[str, Any]:
    datasets = [
        {
            "line": data.line, "loader": data.loader, "files": [str(name) for name in data.files], "hub": data.hub,
            "map_fn": data.map_fn, "template": data.template, "max_length": data.max_length, "times": data.times,
        }
        for data in config.datasets
    ]  # fmt: skip
    hooks = [
        {
            "line": hook.line, "evaluation_inputs": [str(text) for text in hook.inputs], "every_n_iters": hook.every,
            "system": hook.system, "prompt_template": hook.template, "max_new_tokens": hook.max_new_tokens,
            "generation_kwargs": {key: repr(value) for key, value in hook.generation.items()},
        }
        for hook in config.hooks
    ]  # fmt: skip
    return {"file": config.path.as_posix(), "target": config.target, "datasets": datasets, "hooks": hooks}


def told(found: Review, repaired: Sequence[Repaired] = ()) -> RenderableType:
    """Return a review for the terminal."""
    parts: list[RenderableType] = []
    for config in found.configs:
        parts += [Text(), _config(config)]
    for verdict in found.verdicts:
        parts += [Text(), _verdict(verdict)]
    for item in repaired:
        parts += [Text(), _repaired(item)]
    return Group(*parts, Text())


def _config(config: Config) -> Text:
    text = Text(shown(config.path.as_posix()), "bold")
    for data in config.datasets:
        text.append("\n  " + _dataset(data), "")
    for hook in config.hooks:
        text.append("\n  " + _hook(hook), "dim")
    return text


def _dataset(data: Dataset) -> str:
    where = ", ".join(shown(name) for name in data.files) or shown(data.hub or "?")
    told = say("line {line}: {where}, read by {map}", line=data.line, where=where, map=data.map_fn or "None")
    if data.max_length:
        told += say(", at most {count} tokens", count=number(data.max_length))
    return told


def _hook(hook: Hook) -> str:
    settings = ", ".join(f"{key}={value!r}" for key, value in hook.generation.items()) or say("default settings")
    return say(
        "line {line}: {count} evaluation inputs, every {every} iterations, {settings}",
        line=hook.line, count=number(len(hook.inputs)), every=hook.every or "-", settings=shown(settings),
    )  # fmt: skip


def _verdict(verdict: Verdict) -> Text:
    text = Text(shown(verdict.file), "bold")
    target = NAMES[verdict.question.target]
    if verdict.file.endswith(".py") and not verdict.rows:
        outcome, style = say("read without running it"), "dim"
    elif verdict.loads:
        loaded, rows = number(verdict.rows_loaded or 0), number(verdict.rows)
        outcome = say("{target} loads {loaded} of {rows} rows", target=target, loaded=loaded, rows=rows)
        style = "green"
    else:
        outcome, style = say("{target} does not load it", target=target), "bold red"
    text.append(f"\n  {outcome}", style)
    if verdict.question.map_fn and not verdict.file.endswith(".py"):
        text.append(" " + say("(with {map})", map=shown(verdict.question.map_fn)), "dim")
    for fault in verdict.faults:
        _append(text, fault)
    return text


def _append(text: Text, fault: Fault) -> None:
    text.append(f"\n  {fault.code} ", "red" if fault.fatal else "yellow")
    text.append(shown(fault.message))
    if fault.lines[0]:
        lines = ", ".join(map(str, fault.lines)) + (", …" if fault.count > MOST_LINES else "")
        text.append(" " + say("(line {lines})", lines=lines), "dim")
    if fault.count > 1:
        text.append(" " + say("× {count}", count=number(fault.count)), "dim")
    text.append(f"\n       {shown(fault.hint)}", "dim")


def _repaired(item: Repaired) -> Text:
    left_out = item.left_out or []
    return Text(
        say(
            "written: {path}: {kept} rows as they were, {mended} mended, {left} left out",
            path=shown(str(item.path)), kept=number(item.kept), mended=number(item.mended), left=number(len(left_out)),
        )
    )  # fmt: skip


def beside(path: Path, folder: Path | None, target: str) -> Path:
    """Return where a repaired copy stands: another name beside the file, or its own name in another folder.

    >>> beside(Path("data/a.json"), None, "v1").as_posix(), beside(Path("a.jsonl"), Path("out"), "classic").as_posix()
    ('data/a.fixed.jsonl', 'out/a.jsonl')
    """
    suffix = ".jsonl" if target == "v1" else path.suffix
    return path.with_name(f"{path.stem}.fixed{suffix}") if folder is None else folder / f"{path.stem}{suffix}"
