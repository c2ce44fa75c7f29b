"""auditor rules: what a rule does, and why."""

from typing import Any

import click

from auditor.cli.group import Command
from auditor.cli.options import json_option


@click.command(
    "rules",
    cls=Command,
    short_help="List the rules, or explain one.",
    help="List the rules, or explain one by its code.",
)
@click.argument("code", required=False)
@json_option
def command(code: str | None, *, as_json: bool) -> int:
    """Print every rule on a line, or one rule whole."""
    from auditor import rule as rules  # noqa: PLC0415
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.errors import UsageError  # noqa: PLC0415
    from auditor.outputs import folder, terminal  # noqa: PLC0415

    held = rules.rules()
    if code:
        held = [rule for rule in held if rule.code == code.upper()]
        if not held:
            raise UsageError("no rule {code}", hint="auditor rules lists them", code=code)
    if as_json:
        click.echo(folder.dumped([_json(rule) for rule in held]), nl=False)
    elif code:
        tell(terminal.rule(held[0]))
    else:
        tell(terminal.rules(held))
    return 0


def _json(rule: Any) -> dict[str, Any]:  # noqa: ANN401  (a Rule)
    return {
        "code": rule.code, "name": rule.name, "kind": rule.kind.value, "target": rule.target,
        "severity": rule.severity.value, "action": rule.action.value, "where": dict(rule.where), **rule.texts,
        "source": rule.source,
    }  # fmt: skip
