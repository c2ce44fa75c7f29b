"""Rules and profiles: which signal or relation, past which threshold, is a finding."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from auditor import yaml
from auditor.errors import UsageError
from auditor.shipped import RULES

CODE = re.compile(r"[A-Z][0-9]{3}")
LANGUAGES = ("en", "zh")


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
    """One rule, as its YAML file says; ``texts`` holds title, what and why in every language."""

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

    def text(self, part: str, language: str = "en") -> str:
        """Return title, what or why in a language."""
        return self.texts[part][language]


@dataclass(frozen=True)
class Profile:
    """A set of rules to apply, in order of their codes; ``whole`` unless the user selected some of them."""

    name: str
    rules: tuple[Rule, ...]
    whole: bool = True

    def rule(self, code: str) -> Rule | None:
        """Return a rule by its code, if the profile applies it."""
        return next((rule for rule in self.rules if rule.code == code), None)

    def of(self, kind: Kind, target: str = "") -> list[Rule]:
        """Return the rules of one kind (and target)."""
        return [rule for rule in self.rules if rule.kind is kind and target in ("", rule.target)]


_KEYS = {
    "code", "name", "signal", "relation", "loop", "fault", "where", "severity", "action", "title", "what", "why",
    "source", "hits", "misses", "known_misses",
}  # fmt: skip


def rule_from(path: Path) -> Rule:
    """Read one rule file; raises UsageError that names the file and what is wrong."""
    return _rule_from(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _rule_from(path: Path, _mtime: int) -> Rule:
    """Read one rule file, once while it does not change: a scan and its report ask for the same rules."""
    held = yaml.load(path)
    unknown = set(held) - _KEYS
    if unknown:
        raise UsageError(
            "{path}: unknown key {key}", hint="known are {known}",
            path=path, key=min(unknown), known=", ".join(sorted(_KEYS)),
        )  # fmt: skip
    kinds = [kind for kind in Kind if kind.value in held]
    if len(kinds) != 1:
        raise UsageError("{path}: a rule has exactly one of signal, relation, loop and fault", path=path)
    if not CODE.fullmatch(str(held.get("code", ""))):
        raise UsageError("{path}: code must be a letter and three digits, like D102", path=path)
    texts = {part: _languages(path, part, held.get(part)) for part in ("title", "what", "why")}
    try:
        return Rule(
            code=held["code"],
            name=str(held["name"]),
            kind=kinds[0],
            target=str(held[kinds[0].value]),
            severity=Severity(held["severity"]),
            action=Action(held["action"]),
            where=held.get("where") or {},
            texts=texts,
            source=str(held.get("source", "")),
            hits=tuple(held.get("hits") or ()),
            misses=tuple(held.get("misses") or ()),
            known_misses=tuple(held.get("known_misses") or ()),
        )
    except KeyError as fault:
        raise UsageError("{path}: {key} is missing", path=path, key=fault.args[0]) from None
    except ValueError as fault:
        raise UsageError("{path}: {fault}", path=path, fault=fault) from None


def _languages(path: Path, part: str, held: object) -> dict[str, str]:
    if not isinstance(held, dict) or sorted(held) != sorted(LANGUAGES):
        raise UsageError(
            "{path}: {part} must be given in {languages}", path=path, part=part, languages=", ".join(LANGUAGES)
        )
    return {language: str(text).strip() for language, text in held.items()}


def rules(folder: Path = RULES, prefixes: Sequence[str] = ("",)) -> list[Rule]:
    """Return the shipped rules whose codes begin with a prefix, in order; a rule's file begins with its code."""
    wanted = tuple(prefix.lower() for prefix in prefixes)
    found = [rule_from(path) for path in sorted(folder.glob("*.yaml")) if path.name.startswith(wanted)]
    codes = [rule.code for rule in found]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice:
        raise UsageError("{folder}: two rules have the code {code}", folder=folder, code=twice)
    return sorted(found, key=lambda rule: rule.code)


def profile(name: str = "default", select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Profile:
    """Read a profile by name or file, and narrow it by prefixes of codes: the longest prefix that fits decides.

    >>> [rule.code for rule in profile(select=["D1"], ignore=["D102"]).rules][:1]
    ['D101']
    """
    path = Path(name)
    if not path.suffix:
        path = RULES / "profiles" / f"{name}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in (RULES / "profiles").glob("*.yaml")))
        raise UsageError("no profile {name}", hint="shipped are {names}; or give a YAML file", name=name, names=names)
    held = _profile(path, ())
    wanted, unwanted = list(select) or held["select"], [*held["ignore"], *ignore]
    shipped = rules(prefixes=wanted)
    known = [file.name[:4].upper() for file in RULES.glob("*.yaml")]
    for prefix in [*wanted, *unwanted, *held["rules"]]:
        if not any(code.startswith(prefix) for code in known):
            codes = ", ".join(sorted({code[0] for code in known}))
            raise UsageError(
                "no rule begins with {prefix}",
                hint="families are {codes}; see auditor rules",
                prefix=prefix,
                codes=codes,
            )
    chosen = [rule for rule in shipped if _longest(rule.code, wanted) > _longest(rule.code, unwanted)]
    changed = tuple(_overridden(rule, held["rules"].get(rule.code), path) for rule in chosen)
    return Profile(held["name"], changed, whole=not list(select))


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


def changes(held: Profile) -> dict[str, dict[str, Any]]:
    """Return how a profile's rules differ from the shipped ones: severity, action and where, by code."""
    shipped = {rule.code: rule for rule in rules(prefixes=[rule.code for rule in held.rules] or [" "])}
    found = {}
    for rule in held.rules:
        base = shipped[rule.code]
        if (rule.severity, rule.action, rule.where) != (base.severity, base.action, base.where):
            found[rule.code] = {
                "severity": rule.severity.value, "action": rule.action.value, "where": dict(rule.where)
            }  # fmt: skip
    return found


def changed(held: Profile, by: Mapping[str, Mapping[str, Any]], name: str = "") -> Profile:
    """Change some rules of a profile, whose name stays unless another is given."""
    where = Path(name or held.name)
    rules_ = tuple(_overridden(rule, by.get(rule.code), where) for rule in held.rules)
    return replace(held, name=name or held.name, rules=rules_)


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
        main = next((key for key in ("threshold", "above") if key in rule.where), next(iter(numbers), ""))
        if (key or main) not in numbers:
            known = ", ".join(f"{code}.{key}" for key in numbers) or "-"
            raise UsageError("{name} has no such limit", hint="known are {known}", name=name, known=known)
        by.setdefault(code, {"where": {}})["where"][key or main] = value
    return changed(held, by)


def _longest(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)


def _profile(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Read a profile and those it extends."""
    if path in seen:
        raise UsageError("{path}: profiles extend one another in a circle", path=path)
    held = yaml.load(path)
    unknown = set(held) - {"name", "extends", "select", "ignore", "rules", "title"}
    if unknown:
        known = "extends, ignore, name, rules, select, title"
        raise UsageError(
            "{path}: unknown key {key}", hint="known are {known}", path=path, key=min(unknown), known=known
        )
    base: dict[str, Any] = {"select": [], "ignore": [], "rules": {}}
    if "extends" in held:
        parent = RULES / "profiles" / f"{held['extends']}.yaml"
        base = _profile(parent if parent.is_file() else path.parent / str(held["extends"]), (*seen, path))
    return {
        "name": str(held.get("name", path.stem)),
        "select": list(held.get("select", base["select"])),
        "ignore": [*base["ignore"], *held.get("ignore", [])],
        "rules": {**base["rules"], **held.get("rules", {})},
    }


def _overridden(rule: Rule, changes: Mapping[str, Any] | None, path: Path) -> Rule:
    """Apply a profile's changes to one rule."""
    if not changes:
        return rule
    unknown = set(changes) - {"severity", "action", "where"}
    if unknown:
        raise UsageError(
            "{path}: {code} can change severity, action and where, not {key}",
            path=path, code=rule.code, key=min(unknown),
        )  # fmt: skip
    try:
        return replace(
            rule,
            severity=Severity(changes.get("severity", rule.severity)),
            action=Action(changes.get("action", rule.action)),
            where={**rule.where, **changes.get("where", {})},
        )
    except ValueError as fault:
        raise UsageError("{path}: {fault}", path=path, fault=f"{rule.code}: {fault}") from None
