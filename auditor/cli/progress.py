"""How far a command is: a bar on a terminal, quiet lines in a log; always on standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from auditor.audit import Progress
from auditor.words import say

EVERY = 10.0
"""Seconds between lines in a log."""

STAGES = {
    "measure": "measuring",
    "relate": "comparing",
    "patterns": "looking for templates",
    "judge": "judging",
    "calibrate": "planting near duplicates",
    "report": "writing the report",
}


@contextmanager
def progress() -> Iterator[Progress]:
    """Show progress while the block runs."""
    if sys.stderr.isatty():
        with _bar() as told:
            yield told
    else:
        yield _Lines()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console  # noqa: PLC0415  (only a terminal needs it)
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say("measuring"), total=1.0)

        def told(stage: str, share: float | None) -> None:
            total = None if share is None else 1.0
            bar.update(task, description=say(STAGES[stage]), total=total, completed=share or 0)

        yield told


class _Lines:
    """One line whenever a stage begins late or ten seconds have passed."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, stage: str, share: float | None) -> None:
        now = time.monotonic()
        if now - self.last >= EVERY:
            self.last = now
            done = "" if share is None else f" {share:.0%}"
            sys.stderr.write(f"{say(STAGES[stage])}{done}\n")
            sys.stderr.flush()
