"""Commands that are imported when they are needed, and whose help speaks the user's language."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from gettext import gettext
from importlib import import_module
from typing import Any

import click

from auditor.words import say


class Formatter(click.HelpFormatter):
    """Help with its fixed words translated."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that begins with Usage."""
        super().write_usage(prog, args, prefix if prefix is not None else f"{say('Usage')}: ")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(say(heading))


class Context(click.Context):
    """A context whose help is written by our formatter."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help speaks the user's language."""

    context_class = Context

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        translated(self, super().format_help_text, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands at the end."""
        translated(self, super().format_epilog, ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        _options(self, ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the command's line in the list of commands."""
        return say(self.short_help or self.help or "")[: 2 * limit].split("\n")[0]


class Group(click.Group):
    """A group that imports the module of a command, ``package.name``, when the command is named."""

    context_class = Context
    command_class = Command

    def __init__(self, *args: Any, commands_in: tuple[str, Sequence[str]] = ("", ()), **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.package, self.names = commands_in

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """List the commands in the order of use, not of the alphabet."""
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in self.names:
            return None
        command: click.Command = import_module(f"{self.package}.{cmd_name}").command
        return command

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the program does."""
        translated(self, super().format_help_text, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands at the end."""
        translated(self, super().format_epilog, ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        _options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def translated(command: click.Command, write: Any, *args: Any) -> None:  # noqa: ANN401  (a bound method)
    """Write help with a command's texts in the user's language."""
    held = command.help, command.epilog
    command.help, command.epilog = say(held[0] or "") or None, say(held[1] or "") or None
    try:
        write(*args)
    finally:
        command.help, command.epilog = held


def _options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    options = (param for param in command.get_params(ctx) if isinstance(param, click.Option))
    records = [record for param in options if (record := param.get_help_record(ctx))]
    with formatter.section("Options"):
        formatter.write_dl([(names, _told(text)) for names, text in records])


def _told(text: str) -> str:
    """Translate an option's help; what click adds in brackets stays."""
    body, bracket, extra = text.partition("  [")
    return say(gettext(body)) + bracket + extra


def words_of(fault: click.ClickException) -> tuple[str, str]:
    """Return click's complaint as a sentence and a hint in the user's language."""
    path = fault.ctx.command_path if isinstance(fault, click.UsageError) and fault.ctx else "auditor"
    hint = say("see {path} --help", path=path)
    if isinstance(fault, click.NoSuchOption):
        near = say("; did you mean {names}?", names=", ".join(fault.possibilities)) if fault.possibilities else ""
        return say("no such option: {name}", name=fault.option_name) + near, hint
    if isinstance(fault, click.MissingParameter) and fault.param:
        return say("missing: {name}", name=fault.param.make_metavar(fault.ctx) if fault.ctx else fault.param.name), hint
    if isinstance(fault, click.BadParameter) and fault.param:
        name = fault.param.opts[0] if fault.param.opts else fault.param.name
        return say("{name}: {fault}", name=name, fault=fault.message), hint
    if isinstance(fault, click.UsageError) and (named := re.match(r"No such command '(.*)'", fault.message)):
        command = fault.ctx.command if fault.ctx else None
        known = command.list_commands(fault.ctx) if isinstance(command, click.Group) and fault.ctx else []
        close = get_close_matches(named[1], known, 1)
        told = say("; did you mean {names}?", names=close[0]) if close else ""
        return say("no such command: {name}", name=named[1]) + told, hint
    return fault.format_message(), hint
