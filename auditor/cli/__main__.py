"""Run the command line: ``python -m auditor.cli``."""

import sys

from auditor.cli import main


def start() -> None:
    """Exit with the command's code."""
    sys.exit(main())


if __name__ == "__main__":
    start()
