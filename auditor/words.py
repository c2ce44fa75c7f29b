"""The words that users read, in their language: English in the code, Chinese in a catalogue beside it."""

import json
import os
from collections.abc import Iterable
from functools import lru_cache

from auditor.shipped import REPORTS

LANGUAGES = ("en", "zh")
CATALOGUE = REPORTS / "strings" / "terminal.zh.json"

_chosen: list[str] = []


def choose(language: str) -> None:
    """Set the language for this process: en, zh, or auto, which asks the environment."""
    _chosen[:] = [] if language == "auto" else [language]


def language() -> str:
    """Return the language in use: the one chosen, else AUDITOR_LANG, else what the locale says.

    >>> choose("zh"); language()
    'zh'
    >>> choose("auto")
    """
    if _chosen:
        return _chosen[0]
    named = (os.environ.get(name, "") for name in ("AUDITOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next((name for name in named if name), "").lower().startswith("zh") else "en"


@lru_cache(maxsize=1)
def _chinese() -> dict[str, str]:
    held: dict[str, str] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return held


def follow(text: str) -> str:
    """Return a sentence as it follows another: behind a space, but in Chinese, whose marks bring their own room.

    >>> follow("(line 3)")
    ' (line 3)'
    """
    return text if language() == "zh" else f" {text}"


def listed(items: Iterable[object]) -> str:
    """Return items as a list within a sentence.

    >>> listed([1, 2])
    '1, 2'
    """
    return ("、" if language() == "zh" else ", ").join(map(str, items))


def both(template: str, **values: object) -> tuple[str, str]:
    """Return a sentence in English and in Chinese, its places filled.

    >>> both("no such file: {name}", name="a.jsonl")[0]
    'no such file: a.jsonl'
    """
    english, chinese = (text.format(**values) for text in (template, _chinese().get(template, template)))
    return english, chinese


def say(template: str, **values: object) -> str:
    """Return a sentence in the user's language, its places filled.

    >>> say("no such file: {name}", name="a.jsonl")
    'no such file: a.jsonl'
    """
    if language() == "zh":
        template = _chinese().get(template, template)
    return template.format(**values) if values else template
