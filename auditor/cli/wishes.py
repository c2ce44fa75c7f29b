"""Options for what a plan is asked for beyond its rules."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from auditor.cli.options import listed

NAMES = ("prefer", "sources", "trim_loops", "target_rows", "target_tokens", "alarm")


def plan_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say whom to keep, how much, and when to warn."""
    for option in (
        click.option("--alarm", type=click.FloatRange(0, 1), help="Warn where a file loses a larger share than this."),
        click.option("--target-tokens", type=click.IntRange(1), help="The same, in trained tokens."),
        click.option("--target-rows", type=click.IntRange(1), help="Drop what repeats most until so many rows stay."),
        click.option(
            "--trim-loops", type=click.IntRange(1), metavar="N",
            help="Keep the first N repeats of a loop instead of dropping its row; the row is rewritten.",
        ),
        click.option(
            "--source-priority", "sources", callback=listed, metavar="FILE,…",
            help="Of rows that are alike keep those of these files, the first one first.",
        ),
        click.option(
            "--prefer", callback=listed, metavar="REASON,…",
            help="Whom to keep of rows that are alike: sound, answer, metadata, source, id (default: sound,answer).",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def wished(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked for."""
    return {name: options[name] for name in NAMES if options[name] not in (None, [])}
