"""Every word of the report, in both languages at once: the page shows one and can change to the other."""

import json
import re
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup, escape

from auditor.outputs.html.shown import visible
from auditor.shipped import REPORTS

LANGUAGES = {"en": "en", "zh": "zh-CN"}
"""Our name of each language, and the one that HTML knows."""

_SLOT = re.compile(r"\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}")


class Both(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str

    def __html__(self) -> str:
        """Return both, marked by language; the style sheet shows one."""
        if self.en == self.zh:
            return str(escape(visible(self.en)))
        return _spans(_shown(self.en), _shown(self.zh))


@lru_cache(maxsize=4096)
def _spans(en: Markup, zh: Markup) -> str:
    """Mark escaped text by language."""
    spans = zip(LANGUAGES.values(), (en, zh), strict=True)
    return "".join(f'<span class="t" lang="{code}">{text}</span>' for code, text in spans)


@lru_cache(maxsize=1)
def strings() -> dict[str, dict[str, str]]:
    """Return every string by language and key."""
    folder = REPORTS / "strings"
    return {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in LANGUAGES}


def fill(template: str, **values: object) -> Markup:
    """Fill a string's places: ``{n}`` takes a value, ``{n|row|rows}`` the word that goes with it.

    >>> fill("{n} {n|row|rows} of {name}", n=1234, name="<b>")
    Markup('1,234 rows of &lt;b&gt;')
    """
    found, at = [], 0
    for match in _SLOT.finditer(template):
        name, one, many = match.groups()
        value = _shown(values[name]) if one is None else one if values[name] == 1 else many
        found += [escape(template[at : match.start()]), value]
        at = match.end()
    return Markup("").join([*found, escape(template[at:])])


def _shown(value: object) -> Markup:
    """Escape a value; whole numbers are grouped."""
    if hasattr(value, "__html__"):
        return escape(value)
    return escape(f"{value:,}" if isinstance(value, int) else visible(str(value)))


def say(key: str, **values: object) -> Both:
    """Return a string in both languages."""
    if not values:
        return _plain(key)
    return Both(*(fill(strings()[name][key], **_in(name, values)) for name in LANGUAGES))


@lru_cache(maxsize=4096)
def _plain(key: str) -> Both:
    return Both(*(fill(held[key]) for held in strings().values()))


def _in(language: str, values: dict[str, object]) -> dict[str, object]:
    """Choose a language for those values that have both."""
    return {name: getattr(value, language) if isinstance(value, Both) else value for name, value in values.items()}


def percent(share: float) -> str:
    """Write a share; what is there is never shown as nothing, nor what is missing as everything.

    >>> percent(0.1875), percent(0.0004), percent(0.9999), percent(0), percent(1)
    ('18.8%', '<0.1%', '>99.9%', '0%', '100%')
    """
    if share in (0, 1):
        return f"{share:.0%}"
    return "<0.1%" if share < 0.0005 else ">99.9%" if share > 0.9995 else f"{share:.1%}"
