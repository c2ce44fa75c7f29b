"""Every sentence that a user can read exists in Chinese too, and fits the same values."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.shipped import PACKAGE, REPORTS
from auditor.words import CATALOGUE, choose, say

ERRORS = {"AuditorError", "UsageError", "InputError", "EnvironmentFault", "VerifyError"}
TABLES = {"RELATIONS", "STAGES", "CAUSES", "REASONS", "REMEDIES", "TYPES"}
HELP = {"help", "short_help", "epilog"}
CLICK = {"Show this message and exit.", "Show the version and exit.", "Options", "Commands", "Usage"}


def constant(node: ast.AST | None) -> str | None:
    """The string that a node is, if it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def spoken(tree: ast.AST, *, tables: bool, commands: bool) -> Iterator[str | None]:
    """Every template that a module shows to users."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Dict)
            and getattr(node.targets[0], "id", "") in TABLES
        ):
            yield from (constant(value) for value in node.value.values)
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in {"say", "Unknown"} or name in ERRORS:
            yield constant(node.args[0]) if node.args else None
            yield constant(keywords.get("hint"))
        elif name == "grid" or (name == "_table" and tables):
            yield from map(constant, node.args)
        elif name == "Skipped" and len(node.args) > 1:
            yield constant(node.args[1])
        elif commands:
            yield from (constant(keywords.get(key)) for key in HELP)


def templates() -> set[str]:
    """Every template of the package."""
    found: set[str] = set(CLICK)
    terminal = (path for path in PACKAGE.rglob("*.py") if "html" not in path.parts)  # the report has its own words
    for path in terminal:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {text for text in spoken(tree, tables=path.stem == "terminal", commands="cli" in path.parts) if text}
    page = (REPORTS / "evals" / "page.html").read_text(encoding="utf-8")  # it speaks as the terminal does
    return found | set(re.findall(r'say\("([^"]+)"', page))


CHINESE: dict[str, str] = json.loads(CATALOGUE.read_text(encoding="utf-8"))


def test_every_sentence_exists_in_chinese() -> None:
    """A template without a translation would be shown in English."""
    assert sorted(templates() - set(CHINESE)) == []


def test_no_translation_is_stale() -> None:
    """A translation whose template is gone is never shown."""
    roles, fates = {"user", "assistant", "system", "tool"}, {"keep", "drop", "flag", "report", "trim"}
    indirect = (
        roles
        | fates
        | {"high", "medium", "low", "loops", "copies", "near duplicates"}
        | {"fixed text of templates", "phrases", "everything else"}
        | {"hits", "misses", "known misses", "error", "hint"}
    )
    assert sorted(set(CHINESE) - templates() - indirect) == []


@pytest.mark.parametrize("template", sorted(CHINESE))
def test_translations_have_the_same_places(template: str) -> None:
    """A place that only one language has would fail, or be lost, when it is filled."""
    places = re.compile(r"\{(\w+)")
    assert sorted(places.findall(template)) == sorted(places.findall(CHINESE[template]))


def test_language_follows_the_choice() -> None:
    """The chosen language decides, and falls back to English for what it does not know."""
    try:
        choose("zh")
        assert say("error") == "错误"
        assert say("never translated") == "never translated"
    finally:
        choose("auto")


def test_rule_texts_are_bilingual(tmp_path: Path) -> None:  # noqa: ARG001
    """Every rule speaks both languages."""
    from auditor.rule import LANGUAGES, rules

    for rule in rules():
        for part in ("title", "what", "why"):
            assert sorted(rule.texts[part]) == sorted(LANGUAGES), rule.code
            assert re.search(r"[\u4e00-\u9fff]", rule.text(part, "zh")), rule.code
