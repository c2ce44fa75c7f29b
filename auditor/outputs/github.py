"""Findings as GitHub's workflow commands, which annotate the lines of a change."""

import os
from collections.abc import Iterator
from pathlib import Path

from auditor.outputs.alerts import Alerts, counted
from auditor.outputs.plain import named
from auditor.words import say

COMMANDS = {"high": "error", "medium": "warning", "low": "notice"}
EACH = 10
"""Annotations of one level that GitHub shows for a step."""


def annotations(told: Alerts) -> Iterator[str]:
    """Yield a command for each of the worst alerts that count, and one that says how many more there are."""
    used = dict.fromkeys(COMMANDS, 0)
    for alert in counted(told):
        used[alert.severity] += 1
        if used[alert.severity] <= EACH:
            file = data(_relative(alert.place.path)).replace(":", "%3A").replace(",", "%2C")
            place = f"file={file},line={alert.place.line},title={alert.rule}"
            yield f"::{COMMANDS[alert.severity]} {place}::{data(alert.message)} [{alert.id}]"
    more = told.count - sum(min(count, EACH) for count in used.values())
    if more > 0:
        yield "::notice::" + data(
            say("{count} more findings; the report and the SARIF file hold them", count=f"{more:,}")
        )


def data(text: str) -> str:
    r"""Escape what would end or change a command.

    >>> data("100%\n::set-env")
    '100%25%0A::set-env'
    """
    return named(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _relative(path: str) -> str:
    """Return a path as GitHub knows files: from the working folder on."""
    try:
        return os.fspath(Path(path).resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return path
