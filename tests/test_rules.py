"""Every rule is held to its own hits and misses; packs are read safely."""

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import scan
from auditor.errors import UsageError
from auditor.pack import profiles, read
from auditor.rule import Profile, Rule, files, profile, rule_from, rules

RULES = rules()
WORDS = ("G11", "G12")
"""Rules that need another tool's way to split words."""
LONG = " ".join(f"{letter}{other}word" for letter in "abcdef" for other in "ghijkl")
"""An answer that no tool calls repetitive: most call a short one so."""

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
    sound = LONG if rule.code.startswith("G") else "something else altogether"
    (tmp_path / "x.jsonl").write_bytes(written({"rows": [["Q", sound]]}) + written(case))
    held_out = [tmp_path / "other.jsonl"] if "against" in case else []
    for path in held_out:
        path.write_bytes(written({"rows": case["against"]}))
    if rule.code.startswith(WORDS):
        pytest.importorskip("spacy", reason="datatrove splits words by spaCy: pip install '.[compat]'")
    families = [rule.code] if rule.code.startswith("G") else sorted({other.code[0] for other in RULES} - {"G"})
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
    for path in files():
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
        ("a: \0\n", "special characters are not allowed"),
        ("? [a]\n: b\n", "cannot be a key"),
        ("1: b\n", "1 cannot be a key"),
        ("a: " + "[" * 100_000 + "\n", "rule.yaml"),
        (GOOD.replace("code: D101", "code: D1"), ":1:1: code must look like D102, not D1"),
        (GOOD.replace("code: D101", "code: 101"), ":1:1: code must be of type string"),
        (GOOD.replace("relation: copy", "relation: copy\nsignal: role_markers"), "exactly one of signal, relation"),
        (GOOD.replace("relation: copy", "relation: cpoy"), ":3:1: relation cannot be cpoy"),
        (GOOD.replace("severity: high", "severity: dire"), ":5:1: severity cannot be dire"),
        (GOOD.replace("severity: high\n", ""), "severity is missing"),
        (GOOD.replace("name: exact-copy", "name: exact-copy\nwhen: always"), ":3:1: unknown key when"),
        (GOOD.replace("  zh: '完全重复'\n", ""), ":7:1: title.zh is missing"),
        (GOOD.replace("where: {view: sample}", "where: {min_share: 1.5}"), ":4:9: where.min_share must lie between"),
        (GOOD.replace("where: {view: sample}", "where: {above: .nan}"), ":4:9: where.above must lie between"),
        (GOOD.replace("where: {view: sample}", "where: {min_rows: true}"), ":4:9: where.min_rows must be of type"),
        (GOOD.replace("where: {view: sample}", "where: {kinds: [exact, wavy]}"), ":4:24: where.kinds[1] cannot"),
        (GOOD.replace("relation: copy", "pattern: '(?=x)'"), ":3:1: not a pattern: invalid perl operator"),
        (GOOD.replace("relation: copy", "pattern: '" + "x" * 5000 + "'"), "pattern is empty or too long"),
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
        ("select: [D]\nrules: {D102: {code: X}}\n", r"mine.yaml:2:16: unknown key code"),
        ("select: [D]\nrules: {D102: {action: explode}}\n", r"mine.yaml:2:16: rules.D102.action cannot be explode"),
        ("select: [D]\nrules: {D1024: {action: drop}}\n", "must look like"),
        ("select: [D]\nrules: {Z: {action: drop}}\n", "no rule begins with Z"),
        ("selct: [D]\n", r"mine.yaml:1:1: unknown key selct"),
        ("extends: [default, nonesuch]\n", r"mine.yaml:1:1: no profile nonesuch"),
        ("include: [gone.yaml]\n", r"mine.yaml:1:11: no such file"),
        ("allow: [{id: abc, reason: x, owner: y}]\n", "must look like"),
        ("allow: [{file: x, reason: x}]\n", r"allow\[0\].owner is missing"),
        ("allow: [{file: x, reason: ' ', owner: y}]\n", "reason must look like"),
        ("allow: [{file: x, group: y, reason: x, owner: y}]\n", "exactly one of id, group"),
        ("allow: [{pattern: '(', reason: x, owner: y}]\n", r"mine.yaml:1:10: not a pattern"),
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


def test_profiles_extend_several_and_change_by_prefix(tmp_path: Path) -> None:
    """What a longer prefix says has the last word, and so has what is extended later."""
    (tmp_path / "base.yaml").write_text("select: [L]\nrules:\n  L: {severity: low}\n  L101: {action: flag}\n")
    path = tmp_path / "mine.yaml"
    path.write_text("extends: [base.yaml, compat-dolma]\nrules:\n  L: {action: report}\n  G3: {where: {above: 0.5}}\n")
    held = profile(str(path))
    assert codes(held)[:3] == ["G301", "G302", "G312"]
    assert {(rule.code, rule.severity.value, rule.action.value) for rule in held.rules if rule.code < "L103"} >= {
        ("L101", "low", "flag"),
        ("L102", "low", "report"),
    }
    assert {rule.where["above"] for rule in held.rules if rule.code.startswith("G")} == {0.5}


@pytest.mark.parametrize("name", profiles())
def test_shipped_profiles(name: str) -> None:
    """Every shipped profile has rules; the numbers of other tools are in none but those that are named for them."""
    held = profile(name)
    assert held.rules
    assert {rule.code[0] == "G" for rule in held.rules} == {name.startswith("compat-")}


OWN = """
code: X101
name: ask-for-more
pattern: '(?i)let me know if'
where: {above: 0}
severity: medium
action: drop
title: {en: 'Asks for more', zh: '客套收尾'}
what: {en: 'w', zh: '说'}
why: {en: 'w', zh: '说'}
"""


def test_rules_of_ones_own_with_patterns(tmp_path: Path) -> None:
    """A pattern in a profile's own rule file is found, placed, and acted upon; other turns do not count."""
    (tmp_path / "x101.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("extends: lenient\ninclude: [x101.yaml]\n")
    rows = [["?", "中文 Let me know IF you need more. let me know if"], ["let me know if", "Nothing of the sort."]]
    (tmp_path / "x.jsonl").write_bytes(written({"rows": rows}))
    run = scan(tmp_path / "x.jsonl", tmp_path / "run", rules=tmp_path / "mine.yaml", report=False)
    (found,) = [finding for finding in run.findings.to_pylist() if finding["rule"] == "X101"]
    assert (found["row"], found["score"], found["turn"], found["start"], found["end"]) == (0, 2, 1, 3, 17)
    assert run.samples["action"].to_pylist() == ["drop", "keep"]
    (tmp_path / "x101.yaml").unlink()
    assert run.path.joinpath("rules.json").is_file()
    again = type(run).open(run.path)
    assert [rule.code for rule in again.profile.rules if rule.pattern] == ["X101"]
    assert again.profile.rule("X101").text("title", "zh") == "客套收尾"  # type: ignore[union-attr]


def test_own_rules_keep_their_codes_to_themselves(tmp_path: Path) -> None:
    """A rule of one's own cannot take the code of a shipped one."""
    (tmp_path / "own.yaml").write_text(OWN.replace("X101", "D101"), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("extends: default\ninclude: [own.yaml]\n")
    with pytest.raises(UsageError, match="two rules have the code D101"):
        profile(str(tmp_path / "mine.yaml"))


def test_patterns_cannot_be_slow(tmp_path: Path) -> None:
    """A pattern that costs other engines hours ends at once here."""
    (tmp_path / "own.yaml").write_text(OWN.replace("(?i)let me know if", "(a+)+$"), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("include: [own.yaml]\n")
    (tmp_path / "x.jsonl").write_bytes(written({"rows": [["?", "a" * 20_000 + "b"]]}))
    run = scan(tmp_path / "x.jsonl", tmp_path / "run", rules=tmp_path / "mine.yaml", report=False)
    assert not run.findings.num_rows


BITS = [
    "{",
    "}",
    "[",
    ": ",
    "- ",
    "\n",
    "'",
    '"',
    "|-\n",
    "!",
    "&a",
    "*a",
    "? ",
    "<<: ",
    "1e999",
    ".nan",
    "2020-01-01",
    "\0",
    "---\n",
]


@settings(max_examples=80, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 5), st.sampled_from(BITS)), max_size=5))
def test_no_damage_to_a_file_is_more_than_an_error(cuts: list[tuple[int, int, str]]) -> None:
    """Whatever stands in a rule file, it is read or refused in words."""
    text = GOOD
    for at, gone, bit in cuts:
        text = text[:at] + bit + text[at + gone :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rule.yaml"
        path.write_bytes(text.encode())
        for read_ in (rule_from, read):
            with contextlib.suppress(UsageError):
                read_(path)
