"""Options of commands that judge for a machine: gates, a baseline, SARIF, annotations."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.words import say

if TYPE_CHECKING:
    from auditor.outputs.gates import Verdict
    from auditor.outputs.run import Run
    from auditor.outputs.unwritten import Unwritten

DEFAULT = ("medium",)
"""What fails a run that is held against another, unless --fail-on says."""


def gate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that make a run fail, or tell other machines what it found."""
    for option in (
        click.option("--github", is_flag=True, help="Print GitHub annotations (with --json: to standard error)."),
        click.option(
            "--sarif", type=click.Path(path_type=Path), help="Write the findings as SARIF 2.1.0 to this file."
        ),
        click.option(
            "--baseline",
            type=click.Path(path_type=Path),
            help="An earlier run: only what is new since then fails (medium severity or worse, unless --fail-on says).",
        ),
        click.option(
            "--fail-on",
            multiple=True,
            metavar="CONDITION",
            help="Exit with 1 if so: D102.share>0.05, L.rows>0, repeated_share>5%, or a severity (high, medium, low).",
        ),
    ):
        command = option(command)
    return command


def checked(options: Mapping[str, Any]) -> None:
    """Refuse gates that make no sense, and a baseline that is none, before any work is done."""
    from auditor.outputs.gates import gate  # noqa: PLC0415  (heavy: only a command that works needs it)
    from auditor.outputs.run import Run  # noqa: PLC0415

    for text in options["fail_on"]:
        gate(text)
    if options["baseline"] is not None:
        Run.open(options["baseline"])


def judge(run: "Run | Unwritten", options: Mapping[str, Any]) -> "list[Verdict]":
    """Judge a run by the options, and write what other machines asked for."""
    from auditor.outputs import alerts, folder, gates, github, sarif  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415
    from auditor.store import write_bytes  # noqa: PLC0415

    baseline = Run.open(options["baseline"]) if options["baseline"] is not None else None
    if baseline is not None and baseline.manifest["settings"]["rules"] != [rule.code for rule in run.profile.rules]:
        click.echo(say("The baseline was judged by other rules: what it did not look for counts as new."), err=True)
    if options["sarif"] is not None:
        told = sarif.sarif(alerts.alerts(run, baseline, sarif.MOST))
        write_bytes(options["sarif"], folder.dumped(told))
    if options["github"]:
        for line in github.annotations(alerts.alerts(run, baseline, sarif.MOST)):
            click.echo(line, err=options["as_json"])
    texts = options["fail_on"] or (DEFAULT if baseline is not None else ())
    return gates.judged([gates.gate(text) for text in texts], run, baseline)


def as_json(verdicts: "list[Verdict]") -> list[dict[str, Any]]:
    """Return gates as --json prints them."""
    return [{"gate": v.gate.text, "value": v.value, "failed": v.failed} for v in verdicts]


def told(verdicts: "list[Verdict]") -> list[str]:
    """Return a line for each gate."""
    said = {True: say("gate {text}: {value}, fails"), False: say("gate {text}: {value}, holds")}
    return [said[v.failed].format(text=v.gate.text, value=f"{v.value:.6g}") for v in verdicts]
