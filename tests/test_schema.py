"""The schemas that editors use are the ones that the loader uses, and mean the same to a whole validator."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import schema, yaml
from auditor.cli import main
from auditor.errors import UsageError
from auditor.rule import files
from auditor.shipped import RULES

SHIPPED = [*(("rule", path) for path in files()), *(("profile", path) for path in (RULES / "profiles").glob("*.yaml"))]
RULE = yaml.load(RULES / "d102-near-duplicate.yaml")
PROFILE: dict[str, Any] = {
    "name": "mine", "extends": ["default"], "select": ["D", "L1"], "ignore": ["D102"], "include": ["x.yaml"],
    "title": {"en": "x", "zh": "某"}, "rules": {"D1": {"severity": "low", "where": {"threshold": 0.9}}},
    "allow": [{"file": "*.jsonl", "rules": ["D"], "reason": "meant", "owner": "me"}],
}  # fmt: skip


def accepts(held: object, name: str) -> bool:
    """Whether the loader takes it."""
    try:
        schema.check(held, name, lambda keys: f"x.yaml:{keys}")
    except UsageError:
        return False
    return True


@pytest.mark.parametrize("name", schema.NAMES)
def test_schemas_are_schemas(name: str) -> None:
    """They hold to the standard that they name."""
    jsonschema.Draft202012Validator.check_schema(schema.schema(name))


@pytest.mark.parametrize(("name", "path"), SHIPPED, ids=[path.stem for _, path in SHIPPED])
def test_shipped_files_are_valid(name: str, path: Path) -> None:
    """Every shipped rule and profile passes an independent validator."""
    jsonschema.validate(yaml.load(path), schema.schema(name), cls=jsonschema.Draft202012Validator)


WRONG = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.floats(-2, 2), st.text(max_size=3), st.just([]), st.just({}),
    st.sampled_from(["high", "drop", "D1", "D102", "near", "a-b", "exact", 0.5, [["x", "y"]], ["D"]]),
    st.just({"en": "x", "zh": "y"}),
)  # fmt: skip


def mutated(data: st.DataObject, held: Any) -> Any:
    """Change, drop or add something, somewhere."""
    if isinstance(held, dict) and held and data.draw(st.integers(0, 3)):
        key = data.draw(st.sampled_from(sorted(held)))
        return {**held, key: mutated(data, held[key])}
    if isinstance(held, dict) and held and data.draw(st.booleans()):
        gone = data.draw(st.sampled_from(sorted(held)))
        return {key: value for key, value in held.items() if key != gone}
    if isinstance(held, dict):
        known = ["pattern", "signal", "where", "id", "group", "file", "above", "min_rows", "select", "x"]
        return {**held, data.draw(st.sampled_from(known)): data.draw(WRONG)}
    if isinstance(held, list) and held and data.draw(st.booleans()):
        return [mutated(data, held[0]), *held[1:]]
    return data.draw(WRONG)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), name=st.sampled_from(schema.NAMES))
def test_loader_and_validator_agree(data: st.DataObject, name: str) -> None:
    """What the loader refuses an editor marks, and the other way round."""
    held = mutated(data, RULE if name == "rule" else PROFILE)
    validator = jsonschema.Draft202012Validator(schema.schema(name))
    assert accepts(held, name) == validator.is_valid(held), held


def test_schemas_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """An editor gets the schema from the command line."""
    for name in schema.NAMES:
        assert main(["rules", "--schema", name]) == 0
        assert json.loads(capsys.readouterr().out) == schema.schema(name)


@pytest.mark.parametrize("page", ["rules.md", "rules.zh.md"])
def test_what_the_documentation_shows_is_valid(page: str, tmp_path: Path) -> None:
    """Profile, rule and allow-list of the documentation load as they stand there."""
    from auditor.pack import allow_list
    from auditor.rule import profile, rule_from

    text = (Path(__file__).parents[1] / "docs" / page).read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in text.split("```yaml\n")[1:]]
    names = ["ours.yaml", "x101-let-me-know.yaml", "allow.yaml"]
    for name, block in zip(names, blocks, strict=True):
        (tmp_path / name).write_text(block, encoding="utf-8")
    (tmp_path / "team.yaml").write_text("rules: {L1: {severity: high}}\n")
    assert rule_from(tmp_path / names[1]).code == "X101"
    held = profile(str(tmp_path / "ours.yaml"))
    assert held.rule("X101")
    assert held.rule("D102").where["threshold"] == 0.85  # type: ignore[union-attr]
    assert [entry.by for entry in allow_list(tmp_path / "allow.yaml")] == ["file", "id", "group", "pattern"]
