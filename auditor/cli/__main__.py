"""Run the command line: ``python -m auditor.cli``."""

import os
import sys

from auditor.cli import PIPE, main


def start() -> None:
    """End the process with the command's code.

    What it holds is not taken apart object by object first: the system takes everything back at once.
    """
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = PIPE
    except (OSError, ValueError, AttributeError):  # a full disk; closed, or never there
        code = code or 4
    os._exit(code)


if __name__ == "__main__":
    start()
