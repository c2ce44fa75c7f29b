"""auditor demo: scan the small data set that ships with the package."""

from pathlib import Path

import click

from auditor.cli.group import Command
from auditor.cli.options import json_option


@click.command("demo", cls=Command, help="Scan the small data set that ships with the package.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo.audit"),
    show_default=True,
    help="Folder of the run.",
)
@json_option
def command(out: Path, *, as_json: bool) -> int:
    """Scan the demo data."""
    from auditor.cli import scan  # noqa: PLC0415
    from auditor.shipped import DEMO  # noqa: PLC0415

    data = [str(path) for path in sorted(DEMO.glob("*.json*"))]
    arguments = ["--overwrite", *(["--json"] if as_json else []), "--out", str(out), "--", *data]
    with scan.command.make_context("scan", arguments) as context:
        code: int = scan.command.invoke(context)
    return code
