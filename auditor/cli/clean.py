"""auditor clean: write cleaned and dropped files by a run's plan."""

from pathlib import Path
from typing import Any

import click

from auditor.cli.group import Command
from auditor.cli.options import bound, json_option, run_argument
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
@click.option(
    "--xtuner-config",
    type=click.Path(path_type=Path),
    help="Also write a copy of this configuration that reads the cleaned files.",
)
@click.option("--env", callback=bound, multiple=True, help="Give an environment variable a value: NAME=VALUE.")
@click.option("--dry-run", is_flag=True, help="Count, and write nothing.")
@json_option
def command(
    run: Path, out: Path | None, xtuner_config: Path | None, env: dict[str, str], *, dry_run: bool, as_json: bool
) -> int:
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
    edited = None
    if xtuner_config is not None and not dry_run:
        from auditor.xtuner.edit import repoint  # noqa: PLC0415

        edited = repoint(xtuner_config, cleaned.pairs(opened, target), env)
    if as_json:
        told = _json(counts, None if dry_run else target)
        click.echo(folder.dumped(told if edited is None else {**told, "config": str(edited.path)}), nl=False)
    else:
        tell(terminal.cleaned(counts, None if dry_run else str(target)))
        if edited is not None:
            tell(terminal.edited(edited))
    return 0


def _json(counts: dict[str, Any], target: Path | None) -> dict[str, Any]:
    return {
        "folder": None if target is None else str(target / "cleaned"),
        "files": [{"file": name, **vars(count)} for name, count in counts.items()],
    }
