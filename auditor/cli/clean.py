"""auditor clean: write cleaned and dropped files by a run's plan."""

from pathlib import Path
from typing import Any

import click

from auditor.cli.group import Command
from auditor.cli.options import json_option, run_argument
from auditor.cli.quick import without_pandas


@click.command(
    "clean",
    cls=Command,
    short_help="Write cleaned files by a run's plan, and the rest with reasons.",
    help="Write cleaned files by a run's plan: kept rows byte for byte, under the same names, in a new folder; "
    "dropped rows stand beside them, each with its reason.",
)
@run_argument
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder for cleaned/ and dropped/ (default: the run)."
)
@click.option("--dry-run", is_flag=True, help="Count, and write nothing.")
@json_option
def command(run: Path, out: Path | None, *, dry_run: bool, as_json: bool) -> int:
    """Clean, then say what was kept."""
    without_pandas()
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.outputs import cleaned, folder, terminal  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415

    opened = Run.open(run)
    target = out or opened.path
    counts = cleaned.clean(opened, target, dry=dry_run)
    if not dry_run and target.resolve() == opened.path.resolve():
        folder.reseal(opened.path)
    if as_json:
        click.echo(folder.dumped(_json(counts, None if dry_run else target)), nl=False)
    else:
        tell(terminal.cleaned(counts, None if dry_run else str(target)))
    return 0


def _json(counts: dict[str, Any], target: Path | None) -> dict[str, Any]:
    return {
        "folder": None if target is None else str(target / "cleaned"),
        "files": [{"file": name, **vars(count)} for name, count in counts.items()],
    }
