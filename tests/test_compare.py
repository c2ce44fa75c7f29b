"""Two runs side by side."""

import json
from pathlib import Path
from typing import Any

import pytest

from auditor import scan
from auditor.cli import main
from auditor.outputs.compare import compared
from auditor.outputs.run import Run
from auditor.shipped import DEMO
from auditor.words import choose

WHO = "I am Bluebird, an assistant made by the Bluebird team to help people with their daily questions."
SHORT = " ".join(f"word{n} of{n} mine{n}" for n in range(20))


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs in a folder of its own, in English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITOR_LANG", "en")
    choose("auto")


def audit(name: str, *answers: str, **more: Any) -> Run:
    """Scan rows with one question and these answers."""
    rows = [{"conversation": [{"input": "?", "output": answer}]} for answer in answers]
    Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return scan(f"{name}.jsonl", name, report=False, select=["D"], **more)


def test_a_run_against_itself() -> None:
    """Nothing changed."""
    run = audit("a", WHO, WHO, SHORT)
    found = compared(run, run)
    assert found["rows"] == {"kind": "same", "same": 3, "gone": 0, "new": 0, "gone_by_rule": {}, "moved": []}
    assert found["groups"] == {"new": [], "gone": [], "grown": [], "shrunk": []}
    assert all(side["a"] == side["b"] for side in found["totals"].values())


def test_groups_come_go_grow_and_shrink() -> None:
    """Groups are told by name and size, in whatever order their rows stand."""
    a = audit("a", *["one" * 9] * 2, *["two" * 9] * 4, *["three" * 9] * 2)
    b = audit("b", *["four" * 9] * 2, *["two" * 9] * 3, *["one" * 9] * 5)
    groups = compared(a, b)["groups"]
    assert {part: [(item["a"], item["b"]) for item in listed] for part, listed in groups.items()} == {
        "new": [(0, 2)],
        "gone": [(2, 0)],
        "grown": [(2, 5)],
        "shrunk": [(4, 3)],
    }


def test_a_group_that_another_row_stands_for_is_the_same_one() -> None:
    """A longer near duplicate becomes the keeper and gives the group its name; the group only grew."""
    a = audit("a", SHORT, SHORT.replace("word3", "world3"))
    b = audit("b", SHORT, SHORT.replace("word3", "world3"), SHORT + " and more")
    assert a.groups["group"].to_pylist() != b.groups["group"].to_pylist()
    groups = compared(a, b)["groups"]
    assert [(item["a"], item["b"]) for item in groups["grown"]] == [(2, 3)]
    assert not groups["new"]
    assert not groups["gone"]


def test_rows_move_between_actions() -> None:
    """Equal rows are paired by action; those whose action changed are counted with their tokens."""
    a = audit("a", WHO, WHO, SHORT, SHORT.replace("word3", "world3"))
    Path("mine.yaml").write_text("extends: default\nrules: {D102: {action: flag}}\n")
    b = audit("b", SHORT.replace("word3", "world3"), WHO, SHORT, WHO, rules="mine.yaml")
    found = compared(a, b)
    assert found["rows"]["kind"] == "same"
    assert found["settings_differ"]
    moved = {(item["from"], item["to"]): item["rows"] for item in found["rows"]["moved"]}
    assert moved[("drop", "flag")] == 1
    assert sum(moved.values()) <= 2
    rule = next(rule for rule in found["rules"] if rule["code"] == "D102")
    assert rule["dropped"] == {"a": 1, "b": 0}


def test_cleaned_against_original(capsys: pytest.CaptureFixture[str]) -> None:
    """Cleaned data lack what the plan drops and nothing else; one row less, or one more, is told."""
    a = scan(DEMO, "a", report=False)
    assert main(["clean", "a"]) == 0
    b = scan("a/cleaned", "b", report=False)
    found = compared(a, b)
    assert found["rows"]["kind"] == "cleaned"
    assert found["rows"]["gone"] == found["totals"]["dropped"]["a"] == 42
    assert sum(found["rows"]["gone_by_rule"].values()) == 42
    assert "" not in found["rows"]["gone_by_rule"]
    path = Path("a/cleaned/assistant.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[1:]))
    lost = compared(a, scan("a/cleaned", "c", report=False))["rows"]
    assert (lost["kind"], lost["gone_by_rule"][""]) == ("part", 1)
    assert compared(b, a)["rows"]["kind"] == "more"
    capsys.readouterr()
    assert main(["compare", "a", "b"]) == 0
    assert "what its plan drops is gone, and nothing else" in capsys.readouterr().out
    assert main(["compare", "a", "b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found | {"runs": ["a", "b"]}
    assert main(["--lang", "zh", "compare", "a", "c"]) == 0
    assert "消失，而计划本要保留" in capsys.readouterr().out
    assert main(["compare", "a", "nowhere"]) == 2


def test_runs_with_nothing_in_common() -> None:
    """Other data, and runs without any group, compare too."""
    found = compared(audit("a", WHO), audit("b", SHORT))
    assert (found["rows"]["kind"], found["rows"]["same"], found["rows"]["gone"], found["rows"]["new"]) == (
        "other",
        0,
        1,
        1,
    )
