"""Every rule is held to its own hits and misses; packs are read safely."""

import json
from pathlib import Path
from typing import Any

import pytest

from auditor import scan
from auditor.errors import UsageError
from auditor.rule import Profile, Rule, profile, rule_from, rules

RULES = rules()
CASES = [
    (rule, part, case) for rule in RULES for part in ("hits", "misses", "known_misses") for case in getattr(rule, part)
]


def written(case: dict[str, Any]) -> bytes:
    """The data of a case: rows of prompt and answer, one answer, one row, one line, or bytes."""
    if "bytes" in case:
        return bytes.fromhex(str(case["bytes"])) + b"\n"
    if "line" in case:
        return case["line"].encode() + b"\n"
    rows = [case["row"]] if "row" in case else []
    pairs = case.get("rows", [["?", case["answer"]]] if "answer" in case else [])
    rows += [{"conversation": [{"input": prompt, "output": answer}]} for prompt, answer in pairs]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@pytest.mark.parametrize(
    ("rule", "part", "case"), CASES, ids=[f"{r.code}-{part}-{case['label']}" for r, part, case in CASES]
)
def test_rule(rule: Rule, part: str, case: dict[str, Any], tmp_path: Path) -> None:
    """A hit is found, a miss is not; a known miss that is found has become a hit and must move."""
    sound = b'{"conversation": [{"input": "Q", "output": "something else altogether"}]}\n'
    (tmp_path / "x.jsonl").write_bytes(sound + written(case))
    held_out = [tmp_path / "other.jsonl"] if "against" in case else []
    for path in held_out:
        path.write_bytes(written({"rows": case["against"]}))
    families = sorted({other.code[0] for other in RULES})
    run = scan(tmp_path / "x.jsonl", tmp_path / "run", select=families, report=False, against=held_out)
    met = {finding["rule"] for finding in run.findings.to_pylist()}
    assert (rule.code in met) == (part == "hits")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_rules_test_themselves(rule: Rule) -> None:
    """Every rule has hits and misses, but for faults that no single line can show."""
    assert rule.misses
    assert rule.hits or rule.target in (
        "encoding", "deep", "long", "number", "truncated", "changed", "bom",  # of a file's bytes: see test_reader.py
        "no_id", "cut_at_limit", "not_by_lines", "empty_file", "cache_tag", "inert_limit", "shared_hooks", "read_again",
        "nothing_left", "own_map", "not_an_object", "no_map", "question_at_limit", "not_resolved", "from_hub",
    )  # fmt: skip  # the second half needs a configuration or a whole file: see test_formats.py


def test_file_names_are_codes() -> None:
    """A rule is found by its code."""
    for path in (Path(__file__).parents[1] / "rules").glob("*.yaml"):
        rule = rule_from(path)
        assert path.name == f"{rule.code.lower()}-{rule.name}.yaml"


GOOD = (Path(__file__).parents[1] / "rules" / "d101-exact-copy.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code: D101\ncode: D102\n", "duplicate key"),
        ("a: &x [1]\nb: *x\n", ":1:4: tags, anchors and aliases are not read"),
        ("a: !!python/object/apply:os.system ['true']\n", "tags, anchors and aliases"),
        ("[1, 2]\n", "expected keys and values"),
        ("a: {b: [}\n", ":1:"),
        ("a: " + "[" * 30 + "]" * 30 + "\n", "nested more than"),
        (GOOD.replace("code: D101", "code: D1"), "a letter and three digits"),
        (GOOD.replace("relation: copy", "relation: copy\nsignal: x"), "exactly one of"),
        (GOOD.replace("severity: high", "severity: dire"), "dire"),
        (GOOD.replace("severity: high\n", ""), "severity is missing"),
        (GOOD.replace("name: exact-copy", "name: exact-copy\nwhen: always"), "unknown key when"),
        (GOOD.replace("  zh: '完全重复'\n", ""), "title must be given in en, zh"),
    ],
)
def test_bad_rule_files(tmp_path: Path, text: str, message: str) -> None:
    """What is wrong is said with the file's name, and nothing in a file is run."""
    path = tmp_path / "rule.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        rule_from(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_huge_rule_files_are_refused(tmp_path: Path) -> None:
    """A rule of more than a mebibyte is none."""
    path = tmp_path / "rule.yaml"
    path.write_text("a: " + "x" * (1 << 20), encoding="utf-8")
    with pytest.raises(UsageError, match="larger than"):
        rule_from(path)


def codes(held: Profile) -> list[str]:
    """A profile's codes."""
    return [rule.code for rule in held.rules]


def test_the_longest_prefix_decides() -> None:
    """Select and ignore work by prefixes of codes."""
    assert codes(profile(select=["D"])) == ["D101", "D102", "D103"]
    assert codes(profile(select=["D"], ignore=["D10"])) == []
    assert codes(profile(select=["D102", "L1"], ignore=["L10"])) == ["D102"]
    assert codes(profile(select=["D", "D102"], ignore=["D10"])) == ["D102"]


def test_profiles_extend_and_override(tmp_path: Path) -> None:
    """A profile of one's own changes thresholds and actions of the rules it takes from another."""
    path = tmp_path / "mine.yaml"
    path.write_text("extends: default\nignore: [N]\nrules:\n  D102: {where: {threshold: 0.9}, action: flag}\n")
    held = profile(str(path))
    rule = held.rule("D102")
    assert rule is not None
    assert (rule.where["threshold"], rule.action.value) == (0.9, "flag")
    assert not [code for code in codes(held) if code.startswith("N")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: mine.yaml\n", "circle"),
        ("select: [Q]\n", "no rule begins with Q"),
        ("select: [D]\nrules: {D102: {code: X}}\n", "can change severity"),
        ("select: [D]\nrules: {D102: {action: explode}}\n", "explode"),
        ("selct: [D]\n", "unknown key selct"),
    ],
)
def test_bad_profiles(tmp_path: Path, text: str, message: str) -> None:
    """A profile that makes no sense is refused."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        profile(str(path))


def test_unknown_profile_names_those_there_are() -> None:
    """The hint lists what ships."""
    with pytest.raises(UsageError) as caught:
        profile("nonesuch")
    assert "default" in caught.value.values["names"]  # type: ignore[operator]
