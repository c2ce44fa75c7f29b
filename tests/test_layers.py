"""Imports only ever point down the building, and each heavy library has one home."""

import ast
import re
from pathlib import Path

import pytest

FLOORS = [
    ["clock", "errors", "shelf", "text", "shipped", "faults"],
    ["words", "yaml", "kernels", "memory", "patterned", "schema", "vocab", "wishes"],
    ["parsed"],
    ["sample", "store", "parse", "pack"],
    ["rule", "dialects", "views"],
    ["loading"],
    ["source"],
    ["sources"],
    ["chunks"],
    ["tables"],
    ["reader"],
    ["signals", "sketches", "streams"],
    ["relations", "engines", "evidence"],
    ["measure"],
    ["corpus"],
    ["formats", "near"],
    ["patterns", "groups"],
    ["judge", "trim", "metadata"],
    ["thinning", "accounting"],
    ["plan"],
    ["allow"],
    ["audit"],
    ["xtuner", "calibrate"],
    ["outputs"],
    ["api"],
    ["cli"],
]
FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}
PACKAGE = Path(__file__).parents[1] / "auditor"
MODULES = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or not path.name.startswith("__")]


def imports(path: Path) -> set[str]:
    """The auditor modules that one file names in its import statements."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)]
    names = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names if node.module}
    return {name.split(".")[1] for name in names if name.startswith("auditor.")} - {"__version__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    """A module knows only what lies below it, or in its own folder."""
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert all(name == here or FLOOR[name] < FLOOR[here] for name in imports(path))


HOMES = {
    "click": {"cli"},
    "datasets": {"tables"},
    "datasketch": {"outputs"},
    "fsspec": {"source"},
    "huggingface_hub": {"vocab"},
    "jinja2": {"outputs"},
    "orjson": {"outputs", "parse"},
    "pandas": {"outputs"},
    "rich": {"cli", "outputs"},
    "ruamel": {"yaml"},
    "re2": {"patterned", "patterns"},
    "scipy": set(),
    "spacy": {"signals"},
    "sentencepiece": {"vocab"},
    "tokenizers": {"vocab"},
}


@pytest.mark.parametrize("library", HOMES)
def test_each_library_has_one_home(library: str) -> None:
    """A library is used where it belongs and nowhere else."""
    uses = re.compile(rf"^\s*(?:import|from) {library}\b", re.MULTILINE)
    users = {
        path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for path in MODULES
        if uses.search(path.read_text(encoding="utf-8"))
    }
    assert users <= HOMES[library]


def test_data_folders_hold_no_code() -> None:
    """Rules and report assets are data."""
    home = PACKAGE.parent
    assert not [path for folder in ("rules", "reports") for path in (home / folder).rglob("*.py")]
