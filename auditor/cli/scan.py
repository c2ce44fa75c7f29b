"""auditor scan: measure, relate, judge, write the run and its report."""

from pathlib import Path
from typing import Any

import click

from auditor.cli.gates import as_json, checked, gate_options, judge, told
from auditor.cli.group import Command
from auditor.cli.options import allow_option, bound, fields_of, json_option, rule_options
from auditor.cli.quick import ahead, seldom_swept, thrifty, without_pandas
from auditor.cli.wishes import plan_options, wished


@click.command(
    "scan",
    cls=Command,
    short_help="Audit training data: find what repeats, say what to remove.",
    help="Audit training data: find what repeats, prove it, say what to remove, and write a report.\n\n"
    "DATA: files, folders, globs in quotes, addresses, - for standard input, or an XTuner configuration (.py), which "
    "is read and never run.",
)
@click.argument("data", nargs=-1, required=True)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder of the run (default: name of the data .audit)."
)
@rule_options
@plan_options
@click.option(
    "--calibrate",
    is_flag=True,
    help="Also plant near duplicates in a shadow of the data, and say how many of them are found.",
)
@click.option("--tokenizer", metavar="NAME", help="Count this model's own tokens, too: its folder, or name on the hub.")
@click.option(
    "--fields", callback=fields_of, help="Which fields hold what: prompt=…,answer=… (also system=…), or text=…"
)
@click.option("--env", callback=bound, multiple=True, help="Give an environment variable a value: NAME=VALUE.")
@click.option("--against", multiple=True, metavar="DATA", help="Test or evaluation data that must not be in DATA.")
@allow_option
@click.option("--exact", is_flag=True, help="Miss no near duplicate: no sketches, in a few times the time.")
@click.option("--workers", type=click.IntRange(1), help="Processors to use (default: all).")
@click.option("--memory", metavar="SIZE", help="Memory to fill, such as 4G (default: half of what there is).")
@click.option("--max-line-bytes", type=click.IntRange(1), help="Set longer lines aside (default 256 MiB).")
@click.option("--no-report", is_flag=True, help="Write no HTML.")
@click.option("--redact", type=click.Choice(["mask", "hash"]), help="Hide the texts: mask letters, or hash words.")
@click.option("--strict", is_flag=True, help="Exit with 3 if a line could not be read.")
@click.option("--overwrite", is_flag=True, help="Replace a run that is already there.")
@gate_options
@json_option
def command(**options: Any) -> int:  # noqa: ANN401  (what click passes)
    """Scan, then say what was found."""
    return run(options)


def run(options: dict[str, Any]) -> int:
    """Scan with the options of the command line; return the exit code."""
    thrifty()
    without_pandas()
    seldom_swept()
    from auditor import api  # noqa: PLC0415  (heavy: only a command that works needs it)
    from auditor.cli.progress import progress  # noqa: PLC0415
    from auditor.cli.tell import tell, warn  # noqa: PLC0415
    from auditor.xtuner.inputs import expanded  # noqa: PLC0415

    checked(options)
    inputs = expanded(options["data"], options.get("env"))
    later = ["tables", "summary", "run", "terminal", *(["html.report"] if not options["no_report"] else [])]
    ahead([f"auditor.outputs.{name}" for name in later])
    if inputs.notes:
        from auditor.outputs import terminal  # noqa: PLC0415

        warn(terminal.notes(inputs.notes))
    with progress() as heard:
        found = api.scan(
            inputs.data,
            options["out"] or api.default_folder(list(options["data"])),
            rules=options["profile"],
            select=options["select"],
            ignore=options["ignore"],
            limits=options["limits"],
            plan=wished(options),
            tokenizer=options["tokenizer"] or "",
            calibrated=options["calibrate"],
            fields=options["fields"],
            dialects=inputs.dialects,
            questions=inputs.questions,
            noted=inputs.noted,
            times=inputs.times,
            against=list(options["against"]),
            allow=options["allow"],
            exact=options["exact"],
            workers=options["workers"],
            memory=options["memory"],
            longest=options["max_line_bytes"],
            report=not options["no_report"],
            redact=options.get("redact") or "",
            overwrite=options["overwrite"],
            progress=heard,
        )
    from auditor.outputs import folder, terminal  # noqa: PLC0415

    warn(terminal.warnings(found))
    verdicts = judge(found, options)
    if options["as_json"] and verdicts:
        click.echo(folder.dumped({**found.summary, "gates": as_json(verdicts)}), nl=False)
    elif options["as_json"]:
        click.echo(found.path.joinpath("summary.json").read_bytes(), nl=False)
    else:
        tell(terminal.overview(found))
        if options["calibrate"]:
            from auditor.outputs import calibrated  # noqa: PLC0415

            tell(calibrated.told(found))
        for line in told(verdicts):
            tell(line)
    failed = any(verdict.failed for verdict in verdicts)
    return exit_code(found.summary, strict=options["strict"]) or int(failed)


def exit_code(summary: dict[str, Any], *, strict: bool) -> int:
    """Return 3 where a whole file could not be read, or (strict) any line; else 0."""
    lost = any((item["rejected"] and not item["rows"]) or item["damaged"] for item in summary["files"])
    return 3 if lost or (strict and summary["totals"]["rejected"]) else 0
