"""Rules and profiles: which signal or relation, past which threshold, is a finding."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from auditor import parsed, patterned, yaml
from auditor.errors import UsageError
from auditor.pack import Allowed, column_of, over, profiles, read
from auditor.shipped import RULES
from auditor.wishes import Wishes, wishes

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
class Profile:
    """A set of rules to apply, in order of their codes; ``whole`` unless the user selected some of them."""

    name: str
    rules: tuple[Rule, ...]
    whole: bool = True
    allowed: tuple[Allowed, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict)
    wishes: Wishes = field(default_factory=Wishes)

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
    held = parsed.parsed(path, "rule")
    where, pattern = held.get("where") or {}, held.get("pattern", "")
    if pattern:
        patterned.check(pattern, partial(yaml.place, path, ("pattern",)))
    kind = next((kind for kind in Kind if kind.value in held), Kind.SIGNAL)
    return Rule(
        code=held["code"],
        name=held["name"],
        kind=kind,
        target=column_of(pattern, where) if pattern else held[kind.value],
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


def _stripped(held: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in held.items()}


def as_json(held: Profile) -> dict[str, Any]:
    """Return a profile as a run keeps it: whole, so that it can be read where its files are not, or are other ones."""
    return {
        "name": held.name,
        "whole": held.whole,
        "rules": [asdict(rule) for rule in held.rules],
        "allow": [asdict(entry) for entry in held.allowed],
        "plan": asdict(held.wishes),
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
    return Profile(held["name"], found, held["whole"], allowed, wishes=wishes(held["plan"]))


def files(folder: Path = RULES) -> Iterator[Path]:
    """Yield the files of the shipped rules: a rule's file begins with its code."""
    for part in (folder, folder / "compat"):
        yield from sorted(part.glob("[a-z][0-9][0-9][0-9]-*.yaml"))


def rules(folder: Path = RULES, prefixes: Sequence[str] = ("",)) -> list[Rule]:
    """Return the shipped rules whose codes begin with a prefix, in order."""
    wanted = tuple(prefix.lower() for prefix in prefixes)
    found = _distinct(rule_from(path) for path in files(folder) if path.name.startswith(wanted))
    parsed.keep()
    return found


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
    held = read(path)
    own = [rule_from(file) for file in held.include]
    chosen = list(select) or [*held.select, *(rule.code for rule in own)]
    unwanted = [*held.ignore, *ignore]
    known = [*(file.name[:4].upper() for file in files()), *(rule.code for rule in own)]
    for prefix in [*chosen, *unwanted, *held.rules]:
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
        held.name,
        tuple(_changed(rule, held.rules) for rule in applied),
        not list(select),
        tuple(held.allow),
        held.title,
        wishes(held.plan),
    )


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


def _changed(rule: Rule, changes: Mapping[str, Mapping[str, Any]]) -> Rule:
    """Apply a profile's changes to one rule: those of longer prefixes have the last word."""
    change: dict[str, Any] = {}
    for prefix in sorted((prefix for prefix in changes if rule.code.startswith(prefix)), key=len):
        change = over(change, changes[prefix])
    if not change:
        return rule
    where = {**rule.where, **change["where"]}
    return replace(
        rule,
        severity=Severity(change.get("severity", rule.severity)),
        action=Action(change.get("action", rule.action)),
        where=where,
        target=column_of(rule.pattern, where) if rule.pattern else rule.target,
    )
