"""Read YAML that nobody has to trust: plain data only, small, and without surprises."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import UsageError

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import Node

LARGEST = 1 << 20
DEEPEST = 20


def load(path: Path) -> dict[str, Any]:
    """Read one YAML file that holds a mapping; raises UsageError with file, line and column.

    Tags, anchors and aliases are refused, as are keys that stand twice.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    try:
        if path.stat().st_size > LARGEST:
            raise UsageError("{path} is larger than {limit} bytes", path=path, limit=LARGEST)
        text = path.read_text(encoding="utf-8")
        if any(sign in text for sign in "&*!"):
            _plain(path, text)
        held = _reader().load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark
        raise UsageError("{path}: {fault}", path=_at(path, mark) if mark else path, fault=fault.problem) from None
    except OSError as fault:
        raise UsageError("{path}: {fault}", path=path, fault=fault.strerror) from None
    except (RecursionError, ValueError, YAMLError) as fault:
        raise UsageError("{path}: {fault}", path=path, fault=str(fault).split("\n")[0]) from None
    if not isinstance(held, dict):
        raise UsageError("{path}: expected keys and values", path=path)
    _shallow(path, held, 1)
    return held


def _reader() -> "YAML":
    """Return what reads plain data and nothing else."""
    from ruamel.yaml import YAML  # noqa: PLC0415  (rules that were read before are kept: most runs read none)

    return YAML(typ="safe", pure=True)


def place(path: Path, keys: tuple[str | int, ...]) -> str:
    """Return file, line and column of what stands under these keys, as far as they are there.

    The file is read once more for it: only errors ask.
    """
    from ruamel.yaml.nodes import MappingNode, SequenceNode  # noqa: PLC0415

    node: Node = _reader().compose(path.read_text(encoding="utf-8"))
    mark = node.start_mark
    for key in keys:
        if isinstance(node, MappingNode):
            found = next(((name, value) for name, value in node.value if name.value == str(key)), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            mark = node.start_mark
    return _at(path, mark)


def _at(path: Path, mark: Any) -> str:  # noqa: ANN401  (ruamel has two kinds of marks)
    return f"{path}:{mark.line + 1}:{mark.column + 1}"


def _plain(path: Path, text: str) -> None:
    """Refuse what makes YAML more than data."""
    from ruamel.yaml.tokens import AliasToken, AnchorToken, TagToken  # noqa: PLC0415

    for token in _reader().scan(text):
        if isinstance(token, (AliasToken, AnchorToken, TagToken)):
            raise UsageError(
                "{path}: tags, anchors and aliases are not read",
                hint="write the value out where it is needed",
                path=_at(path, token.start_mark),
            )


def _shallow(path: Path, held: object, depth: int) -> None:
    if depth > DEEPEST:
        raise UsageError("{path}: nested more than {depth} deep", path=path, depth=DEEPEST)
    children = held.values() if isinstance(held, dict) else held if isinstance(held, list) else ()
    for child in children:
        _shallow(path, child, depth + 1)
