"""Profiles as their files say: what they extend, select, ignore, include, change and allow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import xxhash

from auditor import patterned, yaml
from auditor.errors import UsageError
from auditor.parsed import parsed
from auditor.shipped import RULES


@dataclass(frozen=True)
class Allowed:
    """Repetition that is meant: of which samples (``by`` id, group, file or pattern), by which rules, why, and whose.

    ``rules`` are prefixes of codes.
    """

    by: str
    values: tuple[str, ...]
    reason: str
    owner: str
    rules: tuple[str, ...] = ("",)

    @property
    def column(self) -> str:
        """Name the signal that counts an entry's pattern."""
        return column_of(self.values[0], {"in": "both"})

    def covers(self, code: str) -> bool:
        """Tell whether this speaks about a rule."""
        return code.startswith(self.rules)


def column_of(pattern: str, where: Mapping[str, Any]) -> str:
    """Name the signal of a pattern: another pattern, or other turns, are another signal."""
    part = where.get("in", "answer")
    return f"pattern_{xxhash.xxh3_64_hexdigest(f'{part}|{pattern}'.encode())[:8]}"


def profiles() -> list[str]:
    """Return the names of the shipped profiles."""
    return sorted(file.stem for file in (RULES / "profiles").glob("*.yaml"))


@dataclass
class Pack:
    """What a profile's file and those that it extends say."""

    name: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    select: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)
    include: list[Path] = field(default_factory=list)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    allow: list[Allowed] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)


def read(path: Path, seen: tuple[Path, ...] = ()) -> Pack:
    """Read a profile and those it extends, in order: what comes later is added, or changes what came before."""
    if path.resolve() in seen:
        raise UsageError("{path}: profiles extend one another in a circle", path=path)
    held = parsed(path, "profile")
    pack = Pack()
    for name in _listed(held.get("extends", [])):
        _add(pack, read(_parent(path, name), (*seen, path.resolve())))
    pack.name, pack.title = held.get("name", path.stem), held.get("title", {})
    pack.select = held.get("select", pack.select)
    include = [path.parent / file for file in held.get("include", [])]
    for index, file in enumerate(include):
        if not file.is_file():
            raise UsageError("{place}: no such file: {name}", place=yaml.place(path, ("include", index)), name=file)
    allow = [_entry(path, index, entry) for index, entry in enumerate(held.get("allow", []))]
    more = Pack(ignore=held.get("ignore", []), include=include, rules=held.get("rules", {}), allow=allow)
    more.plan = held.get("plan", {})
    _add(pack, more)
    return pack


def _listed(held: str | list[str]) -> list[str]:
    return [held] if isinstance(held, str) else held


def _parent(path: Path, name: str) -> Path:
    """Return the file of a profile that another one extends: a shipped one, or one beside it."""
    found = [file for file in (RULES / "profiles" / f"{name}.yaml", path.parent / name) if file.is_file()]
    if not found:
        raise UsageError(
            "{place}: no profile {name}", hint="shipped are {names}; or give a YAML file",
            place=yaml.place(path, ("extends",)), name=name, names=", ".join(profiles()),
        )  # fmt: skip
    return found[0]


def _add(pack: Pack, more: Pack) -> None:
    """Add what another pack says; where both change the same thing, the other has the last word."""
    pack.select = [*pack.select, *more.select]
    pack.ignore = [*pack.ignore, *more.ignore]
    pack.include = list(dict.fromkeys([*pack.include, *more.include]))
    pack.allow = [*pack.allow, *more.allow]
    pack.plan = {**pack.plan, **more.plan}
    for prefix, change in more.rules.items():
        pack.rules[prefix] = over(pack.rules.get(prefix, {}), change)


def over(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Put one change to a rule over another."""
    return {**before, **after, "where": {**before.get("where", {}), **after.get("where", {})}}


def _entry(path: Path, index: int, entry: Mapping[str, Any]) -> Allowed:
    """Read one entry of an allow-list."""
    by = next(name for name in ("id", "group", "file", "pattern") if name in entry)
    if by == "pattern":
        patterned.check(entry[by], partial(yaml.place, path, ("allow", index, by)))
    rules_ = tuple(entry.get("rules", [""]))
    return Allowed(by, tuple(_listed(entry[by])), entry["reason"].strip(), entry["owner"].strip(), rules_)


def allow_list(path: Path) -> tuple[Allowed, ...]:
    """Read an allow-list of its own: a profile that says nothing but ``allow``."""
    other = next((key for key in yaml.load(path) if key not in {"allow", "extends", "name", "title"}), None)
    if other is not None:
        raise UsageError(
            "{place}: an allow-list says nothing but allow, not {key}", hint="give a profile with --profile",
            place=yaml.place(path, (other,)), key=other,
        )  # fmt: skip
    return tuple(read(path).allow)
