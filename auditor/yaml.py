"""Read YAML that nobody has to trust: plain data only, small, and without surprises."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.tokens import AliasToken, AnchorToken, TagToken

from auditor.errors import UsageError

LARGEST = 1 << 20
DEEPEST = 20


def load(path: Path) -> dict[str, Any]:
    """Read one YAML file that holds a mapping; raises UsageError with file, line and column.

    Tags, anchors and aliases are refused, as are keys that stand twice.
    """
    if path.stat().st_size > LARGEST:
        raise UsageError("{path} is larger than {limit} bytes", path=path, limit=LARGEST)
    text = path.read_text(encoding="utf-8")
    try:
        if any(sign in text for sign in "&*!"):
            _plain(path, text)
        held = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        raise UsageError("{path}: {fault}", path=place, fault=fault.problem) from None
    except (RecursionError, ValueError) as fault:
        raise UsageError("{path}: {fault}", path=path, fault=fault) from None
    if not isinstance(held, dict):
        raise UsageError("{path}: expected keys and values", path=path)
    _shallow(path, held, 1)
    return held


def _plain(path: Path, text: str) -> None:
    """Refuse what makes YAML more than data."""
    for token in YAML(typ="safe", pure=True).scan(text):
        if isinstance(token, (AliasToken, AnchorToken, TagToken)):
            mark = token.start_mark
            raise UsageError(
                "{path}: tags, anchors and aliases are not read",
                hint="write the value out where it is needed",
                path=f"{path}:{mark.line + 1}:{mark.column + 1}",
            )


def _shallow(path: Path, held: object, depth: int) -> None:
    if depth > DEEPEST:
        raise UsageError("{path}: nested more than {depth} deep", path=path, depth=DEEPEST)
    children = held.values() if isinstance(held, dict) else held if isinstance(held, list) else ()
    for child in children:
        _shallow(path, child, depth + 1)
