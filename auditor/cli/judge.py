"""auditor judge: other rules, the same measurements, no reading."""

from pathlib import Path
from typing import Any

import click

from auditor.cli import gates
from auditor.cli.group import Command
from auditor.cli.options import allow_option, json_option, narrow_options, run_argument
from auditor.cli.quick import without_pandas
from auditor.cli.wishes import plan_options, wished


@click.command(
    "judge",
    cls=Command,
    short_help="What if? Judge a run by other rules, without reading the data.",
    help="Judge a run by other rules, from its folder alone: verdict, plan and what each threshold would drop. Nothing "
    "is written unless -o names a folder for a run that equals a new scan with these rules.",
)
@run_argument
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Write a run with these rules here.")
@click.option("--profile", help="A shipped profile, or a YAML file (default: the run's own rules).")
@narrow_options
@plan_options
@allow_option
@click.option("--overwrite", is_flag=True, help="Replace a run that is already there.")
@gates.gate_options
@json_option
def command(  # noqa: PLR0913, PLR0917  (one parameter for each option)
    run: Path,
    out: Path | None,
    profile: str | None,
    select: list[str],
    ignore: list[str],
    limits: dict[str, float],
    allow: Path | None,
    *,
    overwrite: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401  (what the plan is asked for; gates, a baseline, SARIF, annotations)
) -> int:
    """Judge, then say what would become of the data."""
    without_pandas()
    from auditor import api  # noqa: PLC0415
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.outputs import folder, judged  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415
    from auditor.outputs.unwritten import Unwritten  # noqa: PLC0415

    gates.checked(options)
    opened = Run.open(run)
    result = api.judge(
        opened, out, rules=profile, select=select, ignore=ignore, limits=limits, plan=wished(options),
        overwrite=overwrite, allow=allow,
    )  # fmt: skip
    told = judged.told(opened, result)
    verdicts = gates.judge(Unwritten(result, told, opened.sources), {**options, "as_json": as_json})
    if as_json:
        click.echo(folder.dumped({**told, "gates": gates.as_json(verdicts)} if verdicts else told), nl=False)
    else:
        tell(judged.shown(told, result, out))
        for line in gates.told(verdicts):
            tell(line)
    return int(any(verdict.failed for verdict in verdicts))
