"""Options that several commands share, each described once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from auditor.errors import UsageError

FIELDS = ("system", "prompt", "answer", "text")

run_argument = click.argument("run", type=click.Path(path_type=Path))
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def fields_of(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dict[str, str]:
    """Read ``prompt=…,answer=…``."""
    if not value:
        return {}
    pairs = [part.partition("=")[::2] for part in value.split(",")]
    found = {name.strip(): path.strip() for name, path in pairs}
    unknown = [name for name in found if name not in FIELDS]
    if unknown or not all(found.values()):
        raise UsageError(
            "--fields does not know {name}", hint="write prompt=…,answer=… (also system=…), or text=…",
            name=(unknown or [value])[0],
        )  # fmt: skip
    if not {"answer", "text"} & set(found):
        raise UsageError("--fields names no answer and no text", hint="write prompt=…,answer=…, or text=…")
    return found


def codes_of(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str]:
    """Read ``D102,L``."""
    return [code.strip() for code in (value or "").split(",") if code.strip()]


def listed(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str]:
    """Read names with commas between them."""
    return [name.strip() for name in (value or "").split(",") if name.strip()]


def limits_of(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    """Read ``D102=0.85``, as often as it is given."""
    found = {}
    for text in value:
        name, _, number = text.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise UsageError("--threshold does not know {name}", hint="write D102=0.85", name=text) from None
    return found


def narrow_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that narrow and change rules."""
    for option in (
        click.option(
            "--threshold", "limits", callback=limits_of, multiple=True, metavar="CODE=VALUE",
            help="Give a rule another limit: D102=0.85, T102.min_rows=20 …",
        ),
        click.option("--ignore", callback=codes_of, help="Rules to leave out, by prefixes of their codes."),
        click.option("--select", callback=codes_of, help="Apply (and measure) only these rules: D102,L …"),
    ):  # fmt: skip
        command = option(command)
    return command


allow_option = click.option(
    "--allow", type=click.Path(path_type=Path), help="A list of repetition that is meant, with reason and owner."
)


def rule_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose rules."""
    named = click.option("--profile", default="default", show_default=True, help="A shipped profile, or a YAML file.")
    return named(narrow_options(command))


def bound(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Read ``NAME=VALUE``, as often as it is given."""
    pairs = [part.partition("=") for part in value]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise UsageError("--env does not know {name}", hint="write --env NAME=VALUE", name=name)
    return {name: text for name, _, text in pairs}


tokenizer_option = click.option(
    "--tokenizer", metavar="MODEL",
    help="Count tokens with this model's tokenizer: a folder, tokenizer.json, or a name on the hub.",
)  # fmt: skip
