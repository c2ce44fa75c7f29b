"""auditor clean: write cleaned and dropped files by a run's plan."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.group import Command
from auditor.cli.options import bound, json_option, run_argument
from auditor.cli.quick import without_pandas
from auditor.errors import UsageError
from auditor.words import say

if TYPE_CHECKING:
    import pyarrow as pa

    from auditor.outputs.decisions import Decision
    from auditor.outputs.run import Run

MOST = 5
"""Groups that an error names."""


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
@click.option(
    "--decisions",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What reviewers decided in the report goes before the plan; once for each reviewer.",
)
@click.option(
    "--conflicts",
    type=click.Choice(["error", "plan"]),
    default="error",
    show_default=True,
    help="Where reviewers differ: stop, or let the plan stand.",
)
@click.option(
    "--stale",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="Where decisions name what this run does not have: stop, or skip them.",
)
@click.option("--undo", is_flag=True, help="Restore the files as they were, below restored/, from what cleaning wrote.")
@click.option("--dry-run", is_flag=True, help="Count, and write nothing.")
@json_option
def command(  # noqa: PLR0913, PLR0917  (one parameter for each option)
    run: Path,
    out: Path | None,
    xtuner_config: Path | None,
    env: dict[str, str],
    decisions: tuple[Path, ...],
    conflicts: str,
    stale: str,
    *,
    undo: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Clean, then say what was kept."""
    without_pandas()
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.outputs import cleaned, folder, terminal  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415
    from auditor.outputs.tables import write_parquet  # noqa: PLC0415

    opened = Run.open(run)
    target = out or opened.path
    if undo:
        return _undone(opened, target, as_json=as_json)
    decided = _decided(opened, decisions, conflicts, stale)
    counts = cleaned.clean(opened, target, decided=decided, dry=dry_run)
    if decided is not None and not dry_run:
        write_parquet(target / "decided.parquet", decided)
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


def _decided(run: "Run", paths: tuple[Path, ...], conflicts: str, stale: str) -> "pa.Table | None":
    """Read what reviewers decided and put it over the plan; UsageError where they differ or speak of other rows."""
    if not paths:
        return None
    from auditor.outputs import decided, decisions  # noqa: PLC0415

    merged = decisions.merged(decisions.read(path, run) for path in paths)
    if merged.conflicts and conflicts == "error":
        raise UsageError(
            "reviewers differ about {count} cases: {names}", hint="let them agree, or give --conflicts plan",
            count=len(merged.conflicts), names=", ".join(_differing(merged.conflicts)),
        )  # fmt: skip
    found = decided.applied(run, merged.agreed.values())
    if found.stale and stale == "error":
        raise UsageError(
            "{count} decisions name what this run does not have: {names}", hint="give --stale skip to leave them out",
            count=len(found.stale), names=", ".join(found.stale[:MOST]),
        )  # fmt: skip
    return found.plan


def _differing(conflicts: "Mapping[str, Sequence[Decision]]") -> list[str]:
    """Say who decided what of the first groups."""
    return [
        f"{group} ({', '.join(f'{each.reviewer}: {each.action}' for each in held)})"
        for group, held in list(conflicts.items())[:MOST]
    ]


def _undone(run: "Run", target: Path, *, as_json: bool) -> int:
    """Restore, then say where the files are."""
    from auditor.outputs import folder  # noqa: PLC0415
    from auditor.outputs.plain import shown  # noqa: PLC0415
    from auditor.outputs.undo import undo  # noqa: PLC0415

    found = undo(run, target)
    if target.resolve() == run.path.resolve():
        folder.reseal(run.path)
    if as_json:
        held = [{"file": name, "path": str(each.path), "verified": each.verified} for name, each in found.items()]
        click.echo(folder.dumped({"files": held}), nl=False)
        return 0
    for each in found.values():
        told = say("as it was scanned") if each.verified else say("restored; packed files are not compared")
        click.echo(f"{shown(str(each.path))}  {told}")
    return 0


def _json(counts: dict[str, Any], target: Path | None) -> dict[str, Any]:
    return {
        "folder": None if target is None else str(target / "cleaned"),
        "files": [{"file": name, **vars(count)} for name, count in counts.items()],
    }
