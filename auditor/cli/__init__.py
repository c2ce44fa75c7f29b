"""The command line: one small module for each command; the only place that prints and picks exit codes."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from auditor.cli.group import Group, words_of
from auditor.errors import AuditorError
from auditor.words import choose, say

COMMANDS = ("scan", "judge", "clean", "report", "compare", "show", "rules", "check", "evals", "verify", "demo")
INTERRUPTED, PIPE, TERMINATED = 130, 141, 143


@click.group(
    cls=Group,
    commands_in=("auditor.cli", COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Will this data teach my model to repeat itself, and what exactly should I remove?",
    epilog="Exit codes: 0 done; 1 a gate is exceeded; 2 usage; 3 input rejected; 4 disk, lock, memory, engine; "
    "5 verify failed.",
)
@click.version_option(package_name="repetition-auditor", message="%(version)s")
@click.option("--lang", type=click.Choice(["auto", "en", "zh"]), default="auto", help="Language of messages.")
def cli(lang: str) -> None:
    """Choose the language before a command runs."""
    choose(lang)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; nothing but this function turns errors into words."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if "--lang" in arguments[:-1]:
        choose(arguments[arguments.index("--lang") + 1])
    signal.signal(signal.SIGTERM, _terminated)
    try:
        result = cli.main(arguments, prog_name="auditor", standalone_mode=False)
    except SystemExit as ended:
        return _ended(ended)
    except (AuditorError, click.ClickException, click.Abort, KeyboardInterrupt, MemoryError, OSError) as fault:
        return _failed(fault)
    return result if isinstance(result, int) else 0


def _failed(fault: BaseException) -> int:
    """Say what went wrong, and return whose fault it is."""
    if isinstance(fault, AuditorError):
        return _told(say(fault.message, **fault.values), say(fault.hint, **fault.values), fault.code)
    if isinstance(fault, click.ClickException):
        return _told(*words_of(fault), 2)
    if isinstance(fault, MemoryError):
        return _told(say("out of memory"), say("give --workers 1, or split the input"), 4)
    if isinstance(fault, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE
    if isinstance(fault, OSError):
        return _told(f"{fault.filename or ''}: {fault.strerror or fault}".lstrip(": "), "", 4)
    return _told(say("interrupted"), "", INTERRUPTED)


def _ended(ended: SystemExit) -> int:
    """Return the code of an early end; click answers a closed pipe by silencing the stream and exiting with 1."""
    if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):
        return PIPE
    return ended.code if isinstance(ended.code, int) else 0


def _terminated(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (a signal handler's signature)
    raise SystemExit(TERMINATED)


def _told(message: str, hint: str, code: int) -> int:
    """Print one sentence and one hint, with nothing in them that a terminal would obey."""
    from auditor.outputs.plain import shown  # noqa: PLC0415  (only errors need it)

    for kind, text in (("error", message), ("hint", hint)):
        if text:
            click.echo(f"{say(kind)}: {shown(text)}", err=True)
    return code
