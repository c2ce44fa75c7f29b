"""A copy of a configuration that reads cleaned files: only data paths change, every other byte stays."""

import ast
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import InputError, UsageError
from auditor.store import write_bytes
from auditor.xtuner.config import Config, located, read
from auditor.xtuner.values import Span, Text


@dataclass(frozen=True)
class Edited:
    """What was written, how it differs, which data sets still read other files, and which cache tags are stale."""

    path: Path
    diff: str
    untouched: list[str]
    tags: list[str]


def repoint(config_path: Path, cleaned: Mapping[Path, Path], environment: Mapping[str, str] | None = None) -> Edited:
    """Write ``NAME_cleaned.py`` beside a configuration; ``cleaned`` maps files that were read to their cleaned ones.

    The copy is read again and must say the same but for the paths; InputError where it does not.
    """
    if config_path.suffix != ".py":
        raise UsageError("{name} is no Python configuration", hint="give the .py file", name=config_path)
    config = read(config_path, environment)
    target = config_path.with_name(f"{config_path.stem}_cleaned.py")
    if target.exists():
        raise UsageError("{path} exists already", hint="move it away first", path=target)
    before = config_path.read_bytes()
    changes, untouched = _changes(config, before, cleaned)
    if not changes:
        raise UsageError("{name} reads none of the cleaned files", hint="was it scanned?", name=config_path)
    after = before
    for start, end, path in sorted(changes, reverse=True):
        after = after[:start] + repr(path).encode() + after[end:]
    write_bytes(target, after)
    _same_but_paths(config, read(target, environment), target)
    lines = difflib.unified_diff(
        before.decode("utf-8", "replace").splitlines(keepends=True),
        after.decode("utf-8", "replace").splitlines(keepends=True),
        config_path.name,
        target.name,
        n=0,
    )
    tags = sorted({data.cache_tag for data in config.datasets if data.cache_tag})
    return Edited(target, "".join(lines), untouched, tags)


def _changes(config: Config, data: bytes, cleaned: Mapping[Path, Path]) -> tuple[set[tuple[int, int, str]], list[str]]:
    """Return byte spans and the paths to put there, and the files that have no cleaned one."""
    known = {path.resolve(): new for path, new in cleaned.items()}
    starts = _starts(data)
    changes, untouched, renamed = set(), [], {}
    for dataset in config.datasets:
        for name in dataset.files:
            new = known.get(located(name, config.path).resolve())
            if new is None or not isinstance(name, Text) or Path(name.file) != config.path:
                untouched.append(str(name))
                continue
            renamed[str(name)] = shown_path(new)
            changes.add((*_bytes(starts, name.span), renamed[str(name)]))
    for node in ast.walk(ast.parse(data)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in renamed:
            span = Span(node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
            start, end = _bytes(starts, span)
            if not any(other[0] <= start and end <= other[1] for other in changes):
                changes.add((start, end, renamed[node.value]))
    return changes, untouched


def shown_path(path: Path) -> str:
    """Return a path as XTuner will read it: from the working folder where it lies below it."""
    absolute, here = path.resolve(), Path.cwd().resolve()
    return Path(os.path.relpath(absolute, here)).as_posix() if absolute.is_relative_to(here) else absolute.as_posix()


def _same_but_paths(old: Config, new: Config, target: Path) -> None:
    """Hold the copy against the original: the same data sets, hooks and unresolved parts."""
    plain = [
        [(data.loader, data.map_fn, data.template, data.max_length, data.hub, len(data.files)) for data in one.datasets]
        for one in (old, new)
    ]
    hooks = [[(hook.every, hook.system, list(hook.inputs)) for hook in one.hooks] for one in (old, new)]
    if plain[0] != plain[1] or hooks[0] != hooks[1]:
        target.unlink()
        raise InputError("{name} could not be copied with other paths", hint="change them by hand", name=old.path)


def _bytes(starts: list[int], span: Span) -> tuple[int, int]:
    return starts[span.line - 1] + span.column, starts[span.end_line - 1] + span.end_column


def _starts(data: bytes) -> list[int]:
    """Return where each line begins, in bytes."""
    return [0, *(at + 1 for at, byte in enumerate(data) if byte == ord("\n"))]
