"""auditor report: render a run's report again."""

from pathlib import Path

import click

from auditor.cli.group import Command
from auditor.cli.options import run_argument
from auditor.cli.quick import without_pandas


@click.command("report", cls=Command, help="Render a run's HTML report again.")
@run_argument
@click.option(
    "--lang",
    type=click.Choice(["auto", "en", "zh"]),
    default="auto",
    help="Language first shown; the page has a switch.",
)
@click.option("--single-file", is_flag=True, help="Put the whole report into one file, for mailing.")
@click.option("--redact", type=click.Choice(["mask", "hash"]), help="Hide the texts: mask letters, or hash words.")
def command(run: Path, lang: str, redact: str | None, *, single_file: bool) -> int:
    """Render, and print the page to open."""
    without_pandas()
    from auditor import api  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415

    click.echo(api.render(Run.open(run), lang, single_file=single_file, redact=redact or ""))
    return 0
