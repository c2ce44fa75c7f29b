"""Run the command line: ``python -m auditor.cli``."""

import gc
import sys

from auditor.cli import main


def start() -> None:
    """Exit with the command's code."""
    code = main()
    gc.freeze()  # nobody needs to look through what the end of the process frees anyway
    sys.exit(code)


if __name__ == "__main__":
    start()
