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
    options = {
        "data": data, "out": out, "profile": "default", "select": [], "ignore": [], "fields": {}, "workers": None,
        "max_line_bytes": None, "no_report": False, "strict": False, "overwrite": True, "as_json": as_json,
    }  # fmt: skip
    return scan.run(options)
