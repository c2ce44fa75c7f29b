"""auditor show: one case in the terminal."""

from pathlib import Path

import click

from auditor.cli.group import Command
from auditor.cli.options import run_argument
from auditor.cli.quick import without_pandas


@click.command(
    "show",
    cls=Command,
    short_help="Show one group, finding or row of a run.",
    help="Show one case of a run: a group or finding by its id, or a row by FILE:LINE.",
)
@run_argument
@click.argument("case")
@click.option("--chars", type=click.IntRange(40), default=600, show_default=True, help="Characters of each text.")
def command(run: Path, case: str, chars: int) -> int:
    """Print the case: where, what, why, and the text."""
    without_pandas()
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.outputs import case as cases  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415

    tell(cases.case(Run.open(run), case, chars))
    return 0
