"""auditor compare: two runs side by side."""

from pathlib import Path

import click

from auditor.cli.group import Command
from auditor.cli.options import json_option
from auditor.cli.quick import without_pandas


@click.command(
    "compare",
    cls=Command,
    short_help="Compare two runs: what is new, gone, grown, shrunk.",
    help="Compare two runs: totals, groups that are new, gone, grown or shrunk, and rows whose action is another. "
    "Rows are known by their content, wherever they stand.\n\n"
    "The run of cleaned data against that of the original shows that what the plan drops is gone, and nothing else.",
)
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@json_option
def command(first: Path, second: Path, *, as_json: bool) -> int:
    """Compare, and tell."""
    without_pandas()
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.outputs import compare, folder  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415

    found = compare.compared(Run.open(first), Run.open(second))
    if as_json:
        click.echo(folder.dumped(found), nl=False)
    else:
        tell(compare.told(found))
    return 0
