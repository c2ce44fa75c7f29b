"""auditor check: will XTuner load this?"""

from pathlib import Path

import click

from auditor.cli.group import Command
from auditor.cli.options import bound, json_option, tokenizer_option
from auditor.cli.quick import without_pandas


@click.command(
    "check",
    cls=Command,
    short_help="Will XTuner load this? Each fault with its line and remedy.",
    help="Will XTuner load this? Each fault with file, line, reason and remedy. Nothing is executed.\n\n"
    "DATA: files and folders, an XTuner configuration (.py), or V1's JSON list of data sets.",
)
@click.argument("data", nargs=-1, required=True)
@click.option(
    "--for", "target", type=click.Choice(["classic", "classic-0.1.23", "v1"]),
    help="Which XTuner: classic is 0.2.0 (default: what the configuration is for, else classic).",
)  # fmt: skip
@click.option("--map-fn", help="Read the rows by this map function (default: the one that fits the first row).")
@tokenizer_option
@click.option(
    "--max-length", type=click.IntRange(1), help="Tokens of a row at most (default: what the configuration says)."
)
@click.option("--env", callback=bound, multiple=True, help="Give an environment variable a value: NAME=VALUE.")
@click.option("--fix", is_flag=True, help="Write a repaired copy of every file that needs one.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder for repaired copies (default: beside).")
@json_option
def command(  # noqa: PLR0913, PLR0917  (one parameter for each option)
    data: tuple[str, ...],
    target: str | None,
    map_fn: str | None,
    tokenizer: str | None,
    max_length: int | None,
    env: dict[str, str],
    out: Path | None,
    *,
    fix: bool,
    as_json: bool,
) -> int:
    """Check, repair if asked, and exit with 3 where XTuner would stop."""
    without_pandas()
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.outputs import check, folder  # noqa: PLC0415
    from auditor.vocab import counter  # noqa: PLC0415
    from auditor.xtuner.repair import Repaired, repair  # noqa: PLC0415
    from auditor.xtuner.review import Wanted, review  # noqa: PLC0415

    count = counter(tokenizer) if tokenizer else None
    found = review(data, Wanted(target, map_fn, env, max_length, count))  # type: ignore[arg-type]
    repaired: list[Repaired] = []
    for verdict in found.verdicts if fix else ():
        path = Path(verdict.file)
        if verdict.faults and path.is_file() and path.suffix != ".py" and any(f.lines[0] for f in verdict.faults):
            repaired.append(repair(path, verdict.question, check.beside(path, out, verdict.question.target)))
    if as_json:
        click.echo(folder.dumped(check.as_json(found, repaired)), nl=False)
    else:
        tell(check.told(found, repaired))
    return 0 if all(verdict.loads for verdict in found.verdicts) else 3
