"""What to change in an evaluation that loops: generation settings, and the exact edit of its configuration."""

import ast
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from auditor.xtuner.evaluation import Evaluation
from auditor.xtuner.parts import Hook

PENALTY = 1.2
"""Where to begin: users report 1.2 to 1.5 for structured text such as recipes; 1.0 is no penalty."""

NO_REPEAT = 12
"""n-grams that must not come twice, in the model's tokens: long enough for list markers and units of measure."""


class Advice(NamedTuple):
    """Settings to try, whether one of the hook's own has no effect, and the edit as a diff."""

    settings: dict[str, float | int]
    inert: bool
    diff: str


def advice(found: Sequence[Evaluation], hook: Hook | None, config: Path | None) -> Advice | None:
    """Return what to try, or None where nothing loops."""
    if not any(item.looping for item in found):
        return None
    held = hook.generation if hook else {}
    penalty = held.get("repetition_penalty", 1.0)
    raised = min(1.5, max(PENALTY, penalty + 0.1 if isinstance(penalty, int | float) else PENALTY))
    settings: dict[str, float | int] = {"repetition_penalty": round(raised, 2), "no_repeat_ngram_size": NO_REPEAT}
    diff = edit(config, settings) if config is not None and config.suffix == ".py" else ""
    return Advice(settings, "max_new_tokens" in held, diff)


def edit(config: Path, settings: dict[str, float | int]) -> str:
    """Return the edit that gives every ``EvaluateChatHook`` of a configuration these settings, as a unified diff."""
    before = config.read_text(encoding="utf-8", errors="replace")
    try:
        after = _edited(before, settings)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""  # what is no Python has no hook to edit
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), str(config), str(config), n=2
    )
    return "".join(lines)


def _edited(text: str, settings: dict[str, float | int]) -> str:
    written = ", ".join(f"{key}={value}" for key, value in settings.items())
    data, starts = text.encode(), _starts(text.encode())
    for call in sorted(_hooks(ast.parse(text)), key=lambda node: -node.lineno):
        held = next((keyword for keyword in call.keywords if keyword.arg == "generation_kwargs"), None)
        if held is not None:
            start = starts[held.value.lineno - 1] + held.value.col_offset
            end = starts[(held.value.end_lineno or 1) - 1] + (held.value.end_col_offset or 0)
            kept = _kept(held.value, settings)
            data = data[:start] + f"dict({', '.join([*kept, written])})".encode() + data[end:]
            continue
        first = call.keywords[0]
        start = starts[first.lineno - 1] + (first.col_offset or 0)
        indent = first.col_offset if data[starts[first.lineno - 1] : start].strip() == b"" else None
        gap = ",\n" + " " * indent if indent is not None else ", "
        data = data[:start] + f"generation_kwargs=dict({written}){gap}".encode() + data[start:]
    return data.decode()


def _kept(value: ast.expr, settings: dict[str, float | int]) -> list[str]:
    """Return the settings that a hook has already and keeps; one that is a name stays as ``**name``."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict":
        return [
            f"{item.arg}={ast.unparse(item.value)}" for item in value.keywords if item.arg and item.arg not in settings
        ]
    if isinstance(value, ast.Dict):
        pairs = [
            (key.value, item)
            for key, item in zip(value.keys, value.values, strict=True)
            if isinstance(key, ast.Constant)
        ]
        named = [(str(key), item) for key, item in pairs if key not in settings]
        return [f"{key}={ast.unparse(item)}" for key, item in named if key.isidentifier()]
    return [f"**{ast.unparse(value)}"]


def _hooks(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the ``dict(type=EvaluateChatHook, …)`` calls of a configuration."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
            kind = next((item.value for item in node.keywords if item.arg == "type"), None)
            name = kind.value if isinstance(kind, ast.Constant) else ast.unparse(kind) if kind else ""
            if str(name).rpartition(".")[2] == "EvaluateChatHook":
                yield node


def _starts(data: bytes) -> list[int]:
    """Return where each line begins, in bytes."""
    found = [0]
    while (at := data.find(b"\n", found[-1])) >= 0:
        found.append(at + 1)
    return found
