"""Find the rule packs and report assets that ship with the auditor.

Installed, ``rules/`` and ``reports/`` sit inside the package; in a checkout they sit beside it.
"""

from pathlib import Path

PACKAGE = Path(__file__).parent
HOME = PACKAGE if (PACKAGE / "rules").is_dir() else PACKAGE.parent

RULES = HOME / "rules"
REPORTS = HOME / "reports"
DEMO = PACKAGE / "demo"
