"""Users' patterns: regular expressions in RE2 syntax, whose time grows with the text and not with its malice."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from auditor.errors import UsageError

MEMORY = 8 << 20
"""Bytes that one pattern may take."""


def check(pattern: str, place: Callable[[], str]) -> None:
    """Raise UsageError, with the place, for a pattern that RE2 does not take."""
    import re2  # noqa: PLC0415  (only patterns need it)

    try:
        compiled(pattern)
    except re2.error as fault:
        raise UsageError(
            "{place}: not a pattern: {fault}", hint="RE2 knows no look-around, back-references or repeats over 1000",
            place=place(), fault=_told(fault),
        ) from None  # fmt: skip


def _told(fault: Exception) -> str:
    told = fault.args[0] if fault.args else fault
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:  # noqa: ANN401  (re2 has no types)
    """Compile a pattern."""
    import re2  # noqa: PLC0415  (only patterns need it)

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    return re2.compile(pattern, options)
