"""Hold what a YAML file says against a JSON Schema: the one that editors read is the one that decides."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NoReturn

from auditor.errors import UsageError
from auditor.shipped import RULES

Keys = tuple[str | int, ...]
Place = Callable[[Keys], str]
"""Says in which file, line and column something stands."""

NAMES = ("rule", "profile")
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "array": (list,), "object": (dict,),
}  # fmt: skip


@lru_cache(maxsize=len(NAMES))
def schema(name: str) -> dict[str, Any]:
    """Return a shipped schema: rule or profile."""
    held: dict[str, Any] = json.loads((RULES / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    return held


def check(held: object, name: str, place: Place) -> None:
    """Raise UsageError, with the place, for the first thing that a schema does not allow."""
    _check(held, schema(name), schema(name), (), place)


def _check(held: object, wanted: Mapping[str, Any], root: Mapping[str, Any], at: Keys, place: Place) -> None:
    """Check one value. Of JSON Schema this knows what the shipped schemas use; a test holds it to a whole validator."""
    if "$ref" in wanted:
        wanted = root["$defs"][wanted["$ref"].removeprefix("#/$defs/")]
    _typed(held, wanted, at, place)
    if "enum" in wanted and not any(held == one and type(held) is type(one) for one in wanted["enum"]):
        _refuse_choice(held, wanted["enum"], at, place)
    if isinstance(held, str):
        _text(held, wanted, at, place)
    elif isinstance(held, list):
        _list(held, wanted, root, at, place)
    elif isinstance(held, dict):
        _mapping(held, wanted, root, at, place)
    elif isinstance(held, int | float):
        _number(held, wanted, at, place)


def _typed(held: object, wanted: Mapping[str, Any], at: Keys, place: Place) -> None:
    named = wanted.get("type", [])
    names = [named] if isinstance(named, str) else named
    if not names:
        return
    fits = isinstance(held, tuple(kind for name in names for kind in TYPES[name])) and not isinstance(held, bool)
    if not fits:
        raise UsageError(
            "{place}: {key} must be of type {types}", place=place(at), key=_called(at), types=", ".join(names)
        )


def _refuse_choice(held: object, choices: Sequence[object], at: Keys, place: Place) -> NoReturn:
    near = get_close_matches(str(held), [str(one) for one in choices], 1)
    if near or len(choices) > 12:
        near = near or [str(choices[0])]
        raise UsageError(
            "{place}: {key} cannot be {value}", hint="did you mean {near}?",
            place=place(at), key=_called(at), value=held, near=near[0],
        )  # fmt: skip
    raise UsageError(
        "{place}: {key} cannot be {value}", hint="known are {known}",
        place=place(at), key=_called(at), value=held, known=", ".join(str(one) for one in choices),
    )  # fmt: skip


def _text(held: str, wanted: Mapping[str, Any], at: Keys, place: Place) -> None:
    if not wanted.get("minLength", 0) <= len(held) <= wanted.get("maxLength", len(held)):
        raise UsageError("{place}: {key} is empty or too long", place=place(at), key=_called(at))
    if "pattern" in wanted and not re.search(wanted["pattern"], held):
        example = wanted["examples"][0] if "examples" in wanted else wanted["pattern"]
        raise UsageError(
            "{place}: {key} must look like {example}, not {value}",
            place=place(at), key=_called(at), example=example, value=held,
        )  # fmt: skip


def _number(held: float, wanted: Mapping[str, Any], at: Keys, place: Place) -> None:
    low, high = wanted.get("minimum", -float("inf")), wanted.get("maximum", float("inf"))
    if not low <= held <= high:  # false for NaN, too
        raise UsageError(
            "{place}: {key} must lie between {low} and {high}", place=place(at), key=_called(at), low=low, high=high
        )


def _list(held: list[Any], wanted: Mapping[str, Any], root: Mapping[str, Any], at: Keys, place: Place) -> None:
    if len(held) < wanted.get("minItems", 0):
        raise UsageError("{place}: {key} holds too little", place=place(at), key=_called(at))
    for index, item in enumerate(held):
        _check(item, wanted.get("items", {}), root, (*at, index), place)


def _mapping(
    held: dict[Any, Any], wanted: Mapping[str, Any], root: Mapping[str, Any], at: Keys, place: Place
) -> None:  # fmt: skip
    known, others = wanted.get("properties", {}), wanted.get("additionalProperties", {})
    for key, value in held.items():
        if not isinstance(key, str):
            raise UsageError("{place}: {key} cannot be a key", hint="write it in quotes", place=place(at), key=key)
        if key not in known and others is False:
            near = get_close_matches(key, list(known), 1) or [", ".join(sorted(known))]
            raise UsageError(
                "{place}: unknown key {key}", hint="known are {known}", place=place((*at, key)), key=key, known=near[0]
            )
        _text(key, wanted.get("propertyNames", {}), (*at, key), place)
        _check(value, known.get(key, others), root, (*at, key), place)
    missing = [key for key in wanted.get("required", ()) if key not in held]
    if missing:
        raise UsageError("{place}: {key} is missing", place=place(at), key=_called((*at, missing[0])))
    choices = [choice["required"][0] for choice in wanted.get("oneOf", ())]
    if choices and sum(choice in held for choice in choices) != 1:
        raise UsageError("{place}: exactly one of {keys} is needed", place=place(at), keys=", ".join(choices))


def _called(at: Keys) -> str:
    """Return a path of keys as people write it.

    >>> _called(("rules", "D102", "hits", 0))
    'rules.D102.hits[0]'
    """
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in at).lstrip(".") or "the file"
