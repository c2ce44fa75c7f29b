"""Run the command line: ``python -m auditor``."""

from auditor.cli.__main__ import start

if __name__ == "__main__":
    start()
