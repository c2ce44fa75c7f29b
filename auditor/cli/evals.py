"""auditor evals: since when do the evaluation outputs loop, and which training rows taught it?"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.group import Command
from auditor.cli.options import json_option
from auditor.cli.quick import without_pandas

if TYPE_CHECKING:
    from auditor.xtuner.cause import Link
    from auditor.xtuner.evaluation import Evaluation


@click.command(
    "evals",
    cls=Command,
    short_help="Loops in evaluation outputs, over iterations, and what taught them.",
    help="Find loops in what a model said during training: since which iteration, how often, and, with --audit, which "
    "training rows they come from.\n\n"
    "WORK_DIR: XTuner's work folders (classic or V1), eval_outputs_iter_*.txt, logs, or lines of JSON with prompt "
    "and output.",
)
@click.argument("work_dir", nargs=-1, required=True)
@click.option(
    "--audit",
    type=click.Path(path_type=Path),
    help="The run that audited the training data; its report gets a page of evaluations.",
)
@click.option("--data", multiple=True, help="The training data, where they were not audited yet.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Write evaluations.parquet and evals.html here.")
@click.option(
    "--max-looping", type=click.FloatRange(0, 1), help="Exit with 1 if a larger share of the last answers loops."
)
@json_option
def command(
    work_dir: tuple[str, ...],
    audit: Path | None,
    data: tuple[str, ...],
    out: Path | None,
    max_looping: float | None,
    *,
    as_json: bool,
) -> int:
    """Read, measure, tie to the data, tell."""
    without_pandas()
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.outputs import evals, folder  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415
    from auditor.xtuner import runs, trend  # noqa: PLC0415
    from auditor.xtuner.advice import advice  # noqa: PLC0415

    found = runs.gather(work_dir)
    points = trend.points(found)
    links = _links(found, audit, data)
    root = Path(work_dir[0])
    tip = advice(found, runs.hook_of(root), runs.config_of(root))
    told = evals.Told(found, points, links, tip)
    if out is not None:
        evals.write(out, told)
    if audit is not None:
        evals.into_run(Run.open(audit), told)
    if as_json:
        click.echo(folder.dumped(evals.as_json(found, points, links, tip)), nl=False)
    else:
        tell(evals.told(found, points, links, tip))
    over = max_looping is not None and any(point.share > max_looping for point in trend.last(points))
    return 1 if over else 0


def _links(found: "list[Evaluation]", audit: Path | None, data: tuple[str, ...]) -> "list[Link]":
    """Tie loops to training rows, of a run or of data that are scanned for it."""
    if audit is None and not data:
        return []
    from auditor.outputs.run import Run  # noqa: PLC0415
    from auditor.xtuner.cause import links  # noqa: PLC0415

    if audit is not None:
        return links(found, Run.open(audit))
    from auditor import api  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        return links(found, api.scan(list(data), Path(folder) / "run", report=False))
