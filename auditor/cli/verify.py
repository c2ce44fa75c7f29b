"""auditor verify: hold every file of a run against its manifest."""

from pathlib import Path

import click

from auditor.cli.group import Command
from auditor.cli.options import json_option, run_argument
from auditor.words import say


@click.command("verify", cls=Command, help="Hold every file of a run against its manifest.")
@run_argument
@json_option
def command(run: Path, *, as_json: bool) -> int:
    """Print what differs; exit with 5 if anything does."""
    from auditor.outputs import folder  # noqa: PLC0415
    from auditor.outputs.plain import shown  # noqa: PLC0415

    faults = folder.verify(run)
    if as_json:
        click.echo(folder.dumped({"faults": faults}), nl=False)
    elif faults:
        for fault in faults:
            click.echo(shown(fault))
    else:
        count = len(folder.manifest(run)["files"])
        click.echo(say("{count} files, all as the manifest says", count=count))
    return 5 if faults else 0
