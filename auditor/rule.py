"""Rules and profiles: which signal or relation, past which threshold, is a finding."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import xxhash

from auditor import patterned, schema, yaml
from auditor.errors import UsageError
from auditor.shipped import RULES

LANGUAGES = ("en", "zh")
CASES = ("hits", "misses", "known_misses")


class Severity(str, Enum):
    """How bad a finding is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Action(str, Enum):
    """What becomes of a sample that a rule meets."""

    DROP = "drop"
    CAP = "cap"
    FLAG = "flag"
    REPORT = "report"


class Kind(str, Enum):
    """What a rule looks at: a number of each sample, something between samples, loops, or a fault of the input."""

    SIGNAL = "signal"
    RELATION = "relation"
    LOOP = "loop"
    FAULT = "fault"


@dataclass(frozen=True)
class Rule:
    """One rule, as its YAML file says; ``texts`` holds title, what and why in every language.

    A rule with a ``pattern`` is one on a signal: the number of places where the pattern matches.
    """

    code: str
    name: str
    kind: Kind
    target: str
    severity: Severity
    action: Action
    where: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    source: str = ""
    hits: tuple[Mapping[str, Any], ...] = ()
    misses: tuple[Mapping[str, Any], ...] = ()
    known_misses: tuple[Mapping[str, Any], ...] = ()
    pattern: str = ""

    def text(self, part: str, language: str = "en") -> str:
        """Return title, what or why in a language."""
        return self.texts[part][language]


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

    def covers(self, code: str) -> bool:
        """Tell whether this speaks about a rule."""
        return code.startswith(self.rules)


@dataclass(frozen=True)
class Profile:
    """A set of rules to apply, in order of their codes; ``whole`` unless the user selected some of them."""

    name: str
    rules: tuple[Rule, ...]
    whole: bool = True
    allowed: tuple[Allowed, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict)

    def rule(self, code: str) -> Rule | None:
        """Return a rule by its code, if the profile applies it."""
        return next((rule for rule in self.rules if rule.code == code), None)

    def of(self, kind: Kind, target: str = "") -> list[Rule]:
        """Return the rules of one kind (and target)."""
        return [rule for rule in self.rules if rule.kind is kind and target in ("", rule.target)]


def rule_from(path: Path) -> Rule:
    """Read one rule file; raises UsageError that names file, line and column, and what is wrong."""
    return _rule_from(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _rule_from(path: Path, _mtime: int) -> Rule:
    """Read one rule file, once while it does not change: a scan and its report ask for the same rules."""
    held = yaml.load(path)
    schema.check(held, "rule", partial(yaml.place, path))
    where, pattern = held.get("where") or {}, held.get("pattern", "")
    if pattern:
        patterned.check(pattern, partial(yaml.place, path, ("pattern",)))
    kind = next((kind for kind in Kind if kind.value in held), Kind.SIGNAL)
    return Rule(
        code=held["code"],
        name=held["name"],
        kind=kind,
        target=_column(pattern, where) if pattern else held[kind.value],
        severity=Severity(held["severity"]),
        action=Action(held["action"]),
        where=where,
        texts={part: _stripped(held[part]) for part in ("title", "what", "why")},
        source=held.get("source", ""),
        hits=tuple(held.get("hits") or ()),
        misses=tuple(held.get("misses") or ()),
        known_misses=tuple(held.get("known_misses") or ()),
        pattern=pattern,
    )


def _column(pattern: str, where: Mapping[str, Any]) -> str:
    """Name the signal of a pattern: another pattern, or other turns, are another signal."""
    part = where.get("in", "answer")
    return f"pattern_{xxhash.xxh3_64_hexdigest(f'{part}|{pattern}'.encode())[:8]}"


def _stripped(held: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in held.items()}


def as_json(held: Profile) -> dict[str, Any]:
    """Return a profile as a run keeps it: whole, so that it can be read where its files are not, or are other ones."""
    return {
        "name": held.name,
        "whole": held.whole,
        "rules": [asdict(rule) for rule in held.rules],
        "allow": [asdict(entry) for entry in held.allowed],
    }


def from_json(held: Mapping[str, Any]) -> Profile:
    """Return a profile that a run kept."""
    found = tuple(
        Rule(**{**rule, "kind": Kind(rule["kind"]), "severity": Severity(rule["severity"]),
                "action": Action(rule["action"]), **{part: tuple(rule[part]) for part in CASES}})
        for rule in held["rules"]
    )  # fmt: skip
    allowed = tuple(
        Allowed(**{**entry, "values": tuple(entry["values"]), "rules": tuple(entry["rules"])})
        for entry in held["allow"]
    )
    return Profile(held["name"], found, held["whole"], allowed)


def files(folder: Path = RULES) -> Iterator[Path]:
    """Yield the files of the shipped rules: a rule's file begins with its code."""
    for part in (folder, folder / "compat"):
        yield from sorted(part.glob("[a-z][0-9][0-9][0-9]-*.yaml"))


def rules(folder: Path = RULES, prefixes: Sequence[str] = ("",)) -> list[Rule]:
    """Return the shipped rules whose codes begin with a prefix, in order."""
    wanted = tuple(prefix.lower() for prefix in prefixes)
    return _distinct(rule_from(path) for path in files(folder) if path.name.startswith(wanted))


def _distinct(found: Iterable[Rule]) -> list[Rule]:
    """Sort rules by their codes, no two of which may be equal."""
    held = sorted(found, key=lambda rule: rule.code)
    codes = [rule.code for rule in held]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice:
        raise UsageError("two rules have the code {code}", hint="give your own another", code=twice)
    return held


def profile(name: str = "default", select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Profile:
    """Read a profile by name or file, and narrow it by prefixes of codes: the longest prefix that fits decides.

    >>> [rule.code for rule in profile(select=["D1"], ignore=["D102"]).rules][:1]
    ['D101']
    """
    path = Path(name)
    if not path.suffix:
        path = RULES / "profiles" / f"{name}.yaml"
    if not path.is_file():
        names = ", ".join(profiles())
        raise UsageError("no profile {name}", hint="shipped are {names}; or give a YAML file", name=name, names=names)
    pack = _pack(path, ())
    own = [rule_from(file) for file in pack.include]
    chosen = list(select) or [*pack.select, *(rule.code for rule in own)]
    unwanted = [*pack.ignore, *ignore]
    known = [*(file.name[:4].upper() for file in files()), *(rule.code for rule in own)]
    for prefix in [*chosen, *unwanted, *pack.rules]:
        if not any(code.startswith(prefix) for code in known):
            codes = ", ".join(sorted({code[0] for code in known}))
            raise UsageError(
                "no rule begins with {prefix}",
                hint="families are {codes}; see auditor rules",
                prefix=prefix,
                codes=codes,
            )
    there = _distinct([*rules(prefixes=chosen), *own])
    applied = [rule for rule in there if _longest(rule.code, chosen) > _longest(rule.code, unwanted)]
    return Profile(
        pack.name,
        tuple(_changed(rule, pack.rules) for rule in applied),
        not list(select),
        tuple(pack.allow),
        pack.title,
    )


def profiles() -> list[str]:
    """Return the names of the shipped profiles."""
    return sorted(file.stem for file in (RULES / "profiles").glob("*.yaml"))


def narrowed(held: Profile, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Profile:
    """Keep the rules of a profile whose codes fit: the longest prefix that fits decides.

    >>> [rule.code for rule in narrowed(profile(), ["D"], ["D103"]).rules]
    ['D101', 'D102']
    """
    wanted = list(select) or [rule.code[0] for rule in held.rules]
    for prefix in [*select, *ignore]:
        if not any(rule.code.startswith(prefix) for rule in held.rules):
            raise UsageError("no rule {code} is applied", hint="see auditor rules", code=prefix)
    kept = tuple(rule for rule in held.rules if _longest(rule.code, wanted) > _longest(rule.code, ignore))
    return replace(held, rules=kept, whole=held.whole and not list(select))


def with_limits(held: Profile, limits: Mapping[str, float]) -> Profile:
    """Give rules other limits: ``D102`` is the one limit of that rule, ``T102.min_rows`` the one called so.

    >>> with_limits(profile(select=["D102"]), {"D102": 0.85}).rules[0].where
    {'threshold': 0.85}
    """
    by: dict[str, dict[str, Any]] = {}
    for name, value in limits.items():
        code, _, key = name.partition(".")
        rule = held.rule(code)
        if rule is None:
            raise UsageError("no rule {code} is applied", hint="see auditor rules", code=code)
        numbers = {key: float for key, held in rule.where.items() if isinstance(held, int | float)}
        main = next((key for key in ("threshold", "above", "below") if key in rule.where), next(iter(numbers), ""))
        if (key or main) not in numbers:
            known = ", ".join(f"{code}.{key}" for key in numbers) or "-"
            raise UsageError("{name} has no such limit", hint="known are {known}", name=name, known=known)
        by.setdefault(code, {"where": {}})["where"][key or main] = value
    return replace(held, rules=tuple(_changed(rule, by) for rule in held.rules))


def _longest(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


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


def _pack(path: Path, seen: tuple[Path, ...]) -> Pack:
    """Read a profile and those it extends, in order: what comes later is added, or changes what came before."""
    if path.resolve() in seen:
        raise UsageError("{path}: profiles extend one another in a circle", path=path)
    held = yaml.load(path)
    schema.check(held, "profile", partial(yaml.place, path))
    pack = Pack()
    for name in _listed(held.get("extends", [])):
        _add(pack, _pack(_parent(path, name), (*seen, path.resolve())))
    pack.name, pack.title = held.get("name", path.stem), held.get("title", {})
    pack.select = held.get("select", pack.select)
    include = [path.parent / file for file in held.get("include", [])]
    for index, file in enumerate(include):
        if not file.is_file():
            raise UsageError("{place}: no such file: {name}", place=yaml.place(path, ("include", index)), name=file)
    allow = [_allowed(path, index, entry) for index, entry in enumerate(held.get("allow", []))]
    _add(pack, Pack(ignore=held.get("ignore", []), include=include, rules=held.get("rules", {}), allow=allow))
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
    for prefix, change in more.rules.items():
        pack.rules[prefix] = _over(pack.rules.get(prefix, {}), change)


def _over(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {**before, **after, "where": {**before.get("where", {}), **after.get("where", {})}}


def _allowed(path: Path, index: int, entry: Mapping[str, Any]) -> Allowed:
    """Read one entry of an allow-list."""
    by = next(name for name in ("id", "group", "file", "pattern") if name in entry)
    if by == "pattern":
        patterned.check(entry[by], partial(yaml.place, path, ("allow", index, by)))
    rules_ = tuple(entry.get("rules", [""]))
    return Allowed(by, tuple(_listed(entry[by])), entry["reason"].strip(), entry["owner"].strip(), rules_)


def allow_list(path: Path) -> tuple[Allowed, ...]:
    """Read an allow-list of its own: a profile that says nothing but ``allow``."""
    return tuple(_pack(path, ()).allow)


def _changed(rule: Rule, changes: Mapping[str, Mapping[str, Any]]) -> Rule:
    """Apply a profile's changes to one rule: those of longer prefixes have the last word."""
    change: dict[str, Any] = {}
    for prefix in sorted((prefix for prefix in changes if rule.code.startswith(prefix)), key=len):
        change = _over(change, changes[prefix])
    if not change:
        return rule
    where = {**rule.where, **change["where"]}
    return replace(
        rule,
        severity=Severity(change.get("severity", rule.severity)),
        action=Action(change.get("action", rule.action)),
        where=where,
        target=_column(rule.pattern, where) if rule.pattern else rule.target,
    )
