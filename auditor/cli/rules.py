"""auditor rules: what a rule does, and why; which rules a profile applies; schemas for editors."""

from typing import Any

import click

from auditor.cli.group import Command
from auditor.cli.options import json_option


@click.command(
    "rules",
    cls=Command,
    short_help="List the rules, or explain one.",
    help="List the rules, or explain one by its code.\n\n"
    "Without --profile all shipped rules are listed, those of no profile included.",
)
@click.argument("code", required=False)
@click.option("--profile", help="List the rules of this profile, with its thresholds: a shipped one, or a YAML file.")
@click.option("--profiles", is_flag=True, help="List the shipped profiles.")
@click.option("--schema", type=click.Choice(["rule", "profile"]), help="Print the JSON Schema of such files.")
@json_option
def command(code: str | None, profile: str | None, schema: str | None, *, profiles: bool, as_json: bool) -> int:
    """Print every rule on a line, or one rule whole."""
    from auditor import pack  # noqa: PLC0415
    from auditor import rule as rules  # noqa: PLC0415
    from auditor import schema as schemas  # noqa: PLC0415
    from auditor.cli.tell import tell  # noqa: PLC0415
    from auditor.errors import UsageError  # noqa: PLC0415
    from auditor.outputs import folder, terminal  # noqa: PLC0415

    if schema:
        click.echo(folder.dumped(schemas.schema(schema)), nl=False)
        return 0
    if profiles:
        packs = {name: rules.profile(name) for name in pack.profiles()}
        if as_json:
            click.echo(folder.dumped([_pack(held) for held in packs.values()]), nl=False)
        else:
            tell(terminal.profiles(packs.values()))
        return 0
    held = list(rules.profile(profile).rules) if profile else rules.rules()
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
        "source": rule.source, **({"pattern": rule.pattern} if rule.pattern else {}),
    }  # fmt: skip


def _pack(held: Any) -> dict[str, Any]:  # noqa: ANN401  (a Profile)
    return {"name": held.name, "title": dict(held.title), "rules": [rule.code for rule in held.rules]}
