"""Whom a plan keeps, how it thins out and trims, what reviewers change, and how cleaning is undone."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import made_up, write

from auditor import Run, scan
from auditor.cli import main
from auditor.errors import InputError, UsageError
from auditor.outputs import decided as decided_plan
from auditor.outputs import decisions
from auditor.outputs.cleaned import clean
from auditor.outputs.undo import undo
from auditor.plan import apply
from auditor.trim import read as cuts_of
from auditor.trim import trimmed

WORDS = [f"{a}{b}" for a in ("zeb", "yok", "xan", "wim", "vel", "ur") for b in "qwertasdfgyxcv"]


def row(answer: str, prompt: str = "Tell me.", **more: Any) -> str:
    """One row of XTuner's standard form, with other fields."""
    return json.dumps({"conversation": [{"input": prompt, "output": answer}], **more}, ensure_ascii=False)


def text(seed: int, size: int = 60) -> str:
    """Words that no other seed says in this order."""
    return " ".join(random.Random(seed).choices(WORDS, k=size))


def kept(run: Run) -> list[tuple[str, int]]:
    """The rows that stay: file and line."""
    held = zip(*(run.samples[name].to_pylist() for name in ("file", "line", "action")), strict=True)
    return [(Path(file).name, line) for file, line, action in held if action != "drop"]


def test_whom_to_keep(tmp_path: Path) -> None:
    """Of copies the wished one stays: with most other fields, of the first source, in whatever order files stand."""
    one = write(tmp_path / "a.jsonl", [row(text(1)), row(text(2), source="x")])
    two = write(tmp_path / "b.jsonl", [row(text(1), label="good", tags=["p", "q"]), row(text(2))])
    for number, (plan, expected) in enumerate([
        ({"prefer": ["metadata"]}, {("b.jsonl", 1), ("a.jsonl", 2)}),
        ({"sources": ["b.jsonl"]}, {("b.jsonl", 1), ("b.jsonl", 2)}),
        ({"sources": ["a.jsonl"]}, {("a.jsonl", 1), ("a.jsonl", 2)}),
    ]):  # fmt: skip
        for files in ([one, two], [two, one]):
            run = scan(files, tmp_path / f"r{number}", plan=plan, report=False, overwrite=True)
            assert set(kept(run)) == expected
    with pytest.raises(UsageError, match="preferred"):
        scan(one, tmp_path / "bad", plan={"prefer": ["beauty"]}, report=False)


def test_caps_keep_the_most_different_and_every_keeper(tmp_path: Path) -> None:
    """Answers to one prompt are thinned out to so many; copies of what goes go with it, and no keeper is lost."""
    answers = [text(seed) for seed in range(6)]
    near = answers[0].replace(answers[0].split()[30], "other", 1)
    lines = [row(each) for each in (*answers, near, answers[1])] + [row(near, "Another question altogether, really.")]
    profile = tmp_path / "p.yaml"
    profile.write_text("extends: default\nrules:\n  P101: {action: cap, where: {keep_per_group: 3}}\n", "utf-8")
    run = scan(write(tmp_path / "x.jsonl", lines), tmp_path / "run", rules=profile, report=False)
    left = [line for _, line in kept(run) if line <= 8]
    assert len(left) == 3
    for entry in run.plan.to_pylist():
        if entry["rule"] in ("D101", "D102"):
            assert run.plan["action"][entry["keeper_row"]].as_py() == "keep"


def test_targets_and_alarm(tmp_path: Path) -> None:
    """What repeats most goes until the data are as small as wished; files that lose much are named."""
    files = [write(tmp_path / "a.jsonl", [row(text(seed)) for seed in (*range(20), 1, 2)]),
             write(tmp_path / "b.jsonl", [row(text(3)), row(text(4)), row(text(50))])]  # fmt: skip
    run = scan(files, tmp_path / "one", plan={"target_rows": 15}, report=False)
    assert run.summary["totals"]["kept"] == 15
    run = scan(files, tmp_path / "two", plan={"target_tokens": 600}, report=False)
    assert run.summary["after"]["trained_tokens"] == 600
    for entry in run.plan.to_pylist():
        if entry["keeper_row"] is not None:
            assert run.plan["action"][entry["keeper_row"]].as_py() == "keep"
    run = scan(files, tmp_path / "three", report=False)
    assert [Path(item["file"]).name for item in run.summary["alarms"]] == ["b.jsonl"]
    assert run.summary["alarms"][0]["rows_share"] == pytest.approx(2 / 3, abs=1e-6)
    assert not scan(files, tmp_path / "four", plan={"alarm": 0.9}, report=False).summary["alarms"]


LOOPS = ["不要停地说话吧。" * 40, "say it again, " * 60, 'tab\there \\" and \U0001f600 go on ' * 30]


@pytest.mark.parametrize("style", [{}, {"ensure_ascii": True}, {"indent": 1}])
def test_loops_are_cut_short(tmp_path: Path, style: dict[str, Any]) -> None:
    """A trimmed row keeps its first repeats and every other byte; the plan says so, and it is a valid row."""
    rows = [{"conversation": [{"input": "说", "output": f"{text(9, 12)}. {loop}"}], "id": f"é{n}", "copy": loop}
            for n, loop in enumerate(LOOPS)]  # fmt: skip
    rows.append({"conversation": [{"input": "a", "output": text(3)}], "id": "é", "copy": ""})
    array = "indent" in style
    path = tmp_path / ("x.json" if array else "x.jsonl")
    lines = [json.dumps(each, **{"ensure_ascii": False, **style}) for each in rows]
    path.write_text(json.dumps(rows, **style) if array else "\r\n".join(lines) + "\r\n", "utf-8", newline="")
    run = scan(path, tmp_path / "run", plan={"trim_loops": 3}, report=False)
    assert run.plan["action"].to_pylist() == ["trim"] * 3 + ["keep"]
    assert run.summary["totals"]["trimmed"] == 3
    assert sum(run.summary["after"]["budget"]["trained_tokens"].values()) == run.summary["after"]["trained_tokens"]
    counts = clean(run, run.path)
    assert next(iter(counts.values())).conserved
    data = (run.path / "cleaned" / path.name).read_text("utf-8")
    cleaned = json.loads(data) if array else [json.loads(line) for line in data.splitlines()]
    for new, old, (_, cuts) in zip(cleaned, rows, cuts_of(run.plan), strict=False):
        said = str(old["conversation"][0]["output"])
        assert new["conversation"][0]["output"] == trimmed(["", said], cuts)[1]
        assert len(new["conversation"][0]["output"]) < len(said) / 4
        assert {**new, "conversation": 0} == {**old, "conversation": 0}
    again = scan(run.path / "cleaned" / path.name, tmp_path / "again", report=False)
    assert again.summary["totals"]["samples"] == 4
    assert again.summary["totals"]["dropped"] == 0
    undo(run, run.path)
    assert (run.path / "restored" / path.name).read_bytes() == path.read_bytes()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_undo_restores_the_bytes(
    tmp_path_factory: pytest.TempPathFactory, seed: int, end: str, last: bool, mark: bool
) -> None:
    """Cleaned and set aside files together are the file that was scanned, and the plan applied is what was cleaned."""
    folder = tmp_path_factory.mktemp("undo")
    path = folder / "x.jsonl"
    lines = made_up(seed, 60)
    path.write_bytes((b"\xef\xbb\xbf" * mark) + (end.join(lines) + end * last).encode())
    run = scan(path, folder / "run", plan={"trim_loops": seed % 3}, report=False)
    clean(run, run.path)
    found = undo(run, run.path)
    assert all(each.verified for each in found.values())
    assert (run.path / "restored" / "x.jsonl").read_bytes() == path.read_bytes()
    if not seed % 3:
        numbers = run.samples["line"].to_pylist()
        expected = list(apply(run.plan, [lines[number - 1] for number in numbers]))
        assert (run.path / "cleaned" / "x.jsonl").read_text("utf-8").splitlines() == expected
    (run.path / "cleaned" / "x.jsonl").write_text("{}\n" * 60, "utf-8")
    with pytest.raises((InputError, UsageError)):
        undo(run, run.path)


@pytest.fixture
def reviewed(tmp_path: Path) -> Run:
    """Copies, near duplicates and a lone row."""
    base, other = text(1), text(2)
    lines = [
        row(base),
        row(base),
        row(base.replace(base.split()[20], "changed", 1)),
        row(other),
        row(other),
        row(text(3)),
    ]
    return scan(write(tmp_path / "x.jsonl", lines), tmp_path / "run", report=False)


def decided(path: Path, run: Run, *entries: dict[str, Any], reviewer: str = "lin") -> Path:
    """Write a file of decisions."""
    held = {"format": 1, "audit": run.audit, "reviewer": reviewer, "decisions": list(entries)}
    path.write_text(json.dumps(held), "utf-8")
    return path


def test_decisions_go_before_the_plan(tmp_path: Path, reviewed: Run) -> None:
    """What a person decided happens, and the plan says who it was."""
    groups = {group["kind"]: group["group"] for group in reviewed.groups.to_pylist() if group["size"] == 2}
    near = next(g["group"] for g in reviewed.groups.to_pylist() if g["kind"] == "near")
    ids = reviewed.samples["content_id"].to_pylist()
    path = decided(
        tmp_path / "d.json", reviewed, {"cluster": near, "action": "keep", "keep": [ids[2]], "note": "better"},
        {"cluster": groups["copy"], "action": "keep-all"},
    )  # fmt: skip
    held = decisions.merged([decisions.read(path, reviewed)])
    found = decided_plan.applied(reviewed, held.agreed.values())
    plan = found.plan.to_pylist()
    assert not found.stale
    assert found.plan.schema == reviewed.plan.schema
    by_person = [entry["row"] for entry in plan if entry["decided_by"] == "lin"]
    assert {2} < set(by_person)
    assert plan[2]["action"] == "keep"
    assert plan[0]["action"] == "drop"
    assert plan[5]["decided_by"] == "plan"
    assert main(["clean", str(reviewed.path), "--decisions", str(path), "-o", str(tmp_path / "out")]) == 0
    left = (tmp_path / "out" / "cleaned" / "x.jsonl").read_text("utf-8").splitlines()
    lines = (tmp_path / "x.jsonl").read_text("utf-8").splitlines()
    assert left == list(apply(found.plan, lines))
    aside = [json.loads(line) for line in (tmp_path / "out" / "dropped" / "x.jsonl").read_text("utf-8").splitlines()]
    assert {told["decided_by"] for told in aside} == {"lin"}
    assert (tmp_path / "out" / "decided.parquet").is_file()


def test_reviewers_may_differ(tmp_path: Path, reviewed: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files are merged; groups about which they differ are named; "later" says nothing."""
    first, second = reviewed.groups["group"].to_pylist()[:2]
    said = [("drop-all", "accept"), ("keep-all", "later")]
    one, two = (
        decided(
            tmp_path / f"{name}.json", reviewed,
            *({"cluster": group, "action": action} for group, action in zip((first, second), actions, strict=True)),
            reviewer=name,
        )
        for name, actions in zip(("lin", "wu"), said, strict=True)
    )  # fmt: skip
    held = decisions.merged([decisions.read(path, reviewed) for path in (one, two)])
    assert list(held.conflicts) == [first]
    assert held.agreed[second].reviewer == "lin"
    arguments = ["clean", str(reviewed.path), "--decisions", str(one), "--decisions", str(two), "--dry-run"]
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert first in told
    assert "lin: drop-all, wu: keep-all" in told
    assert main([*arguments, "--conflicts", "plan"]) == 0


@pytest.mark.parametrize(("change", "word"), [
    ({"format": 2}, "no decisions"), ({"audit": "0"}, "another run"), ({"reviewer": " "}, "who decided"),
    ({"decisions": [{"cluster": "x", "action": "burn"}]}, "decision 1"),
    ({"decisions": [{"cluster": "x", "action": "keep"}]}, "which rows stay"),
    ({"decisions": [{"cluster": "x", "action": "accept", "keep": ["y"]}]}, "which rows stay"),
    ({"decisions": [{"cluster": "x", "action": "cap"}]}, "how many rows stay"),
    ({"decisions": [{"cluster": "x", "action": "cap", "most": 0}]}, "how many rows stay"),
    ({"decisions": [{"cluster": "x", "action": "cap", "most": True}]}, "how many rows stay"),
    ({"decisions": [{"cluster": "x", "action": "accept", "most": 2}]}, "how many rows stay"),
    ({"decisions": [{"cluster": "x", "sample": "y", "action": "accept"}]}, "decision 1"),
    ({"decisions": [{"sample": "y", "action": "cap", "most": 2}]}, "about a sample"),
    ({"decisions": [{"action": "accept"}]}, "decision 1"),
])  # fmt: skip
def test_bad_decisions_are_refused(tmp_path: Path, reviewed: Run, change: dict[str, Any], word: str) -> None:
    """What a file of decisions says wrong is named."""
    path = decided(tmp_path / "d.json", reviewed)
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    with pytest.raises(UsageError, match=word):
        decisions.read(path, reviewed)


def test_stale_decisions(tmp_path: Path, reviewed: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Groups and rows that are no longer there stop the command, or are skipped when asked."""
    group = reviewed.groups["group"][0].as_py()
    path = decided(tmp_path / "d.json", reviewed, {"cluster": "near-000000000000", "action": "accept"},
                   {"cluster": group, "action": "keep", "keep": ["0" * 16]})  # fmt: skip
    arguments = ["clean", str(reviewed.path), "--decisions", str(path), "--dry-run"]
    assert main(arguments) == 2
    assert "2 decisions" in capsys.readouterr().err
    assert main([*arguments, "--stale", "skip"]) == 0


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_decisions_leave_no_row_without_a_keeper(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever is decided: who decided is named, decided rows fare so, and nothing else goes for a row that goes."""
    folder = tmp_path_factory.mktemp("decide")
    run = scan(write(folder / "x.jsonl", made_up(data.draw(st.integers(0, 3)), 60)), folder / "run", report=False)
    ids = run.samples["content_id"].to_pylist()
    chosen = data.draw(st.lists(st.sampled_from(run.groups["group"].to_pylist()), unique=True, max_size=8))
    made = []
    for name in chosen:
        rows = [m["row"] for m in run.members.to_pylist() if m["group"] == name]
        action = data.draw(st.sampled_from(decisions.ACTIONS))
        keep = frozenset({ids[data.draw(st.sampled_from(rows))]}) if action == "keep" else frozenset()
        most = data.draw(st.integers(1, 4)) if action == "cap" else 0
        made.append(decisions.Decision(name, action, "lin", keep, most=most))
    for name in data.draw(st.lists(st.sampled_from(ids), unique=True, max_size=5)):
        action = data.draw(st.sampled_from(decisions.ALONE))
        made.append(decisions.Decision(name, action, "lin", alone=True))
    agreed = decisions.merged([made]).agreed
    found = decided_plan.applied(run, agreed.values())
    plan = found.plan.to_pylist()
    assert not found.stale
    for entry, before in zip(plan, run.plan.to_pylist(), strict=True):
        if entry["decided_by"] == "plan":
            assert entry == before
            if entry["keeper_row"] is not None:
                assert plan[entry["keeper_row"]]["action"] != "drop"
    dropped = np.array([entry["action"] == "drop" for entry in plan])
    for name, decision in agreed.items():
        rows = [m["row"] for m in run.members.to_pylist() if m["group"] == name]
        if decision.alone:
            rows = [row for row, own in enumerate(ids) if own == name]
        if decision.action in ("keep-all", "not-duplicates", "false-alarm"):
            assert not dropped[rows].any()
        for kept_id in decision.keep:
            assert not dropped[[row for row in rows if ids[row] == kept_id]].all()
        if decision.action == "cap" and len(agreed) == 1:
            assert 0 < (~dropped[rows]).sum() <= max(decision.most, _needed(run, rows))


def _needed(run: Run, rows: list[int]) -> int:
    """Count the rows of a group for which the plan drops rows outside of it."""
    outside = [entry["keeper_row"] for entry in run.plan.to_pylist() if entry["row"] not in rows]
    return len(set(outside) & set(rows))


def test_a_cap_and_a_sample_are_decided(tmp_path: Path) -> None:
    """A capped group keeps its most different rows; a sample is kept or dropped with every row that equals it."""
    looped = row("Say it again. " * 60)
    things = [
        f"{a} {b}" for a in ("red", "tall", "old", "new", "wet") for b in ("house", "tree", "boat", "road", "lamp")
    ]
    mould = (
        "Certainly! A {0} is something that people have known for a very long time. The {0} was first described in {1} "
        "by a traveller who liked it. I hope this helps!"
    )
    lines = [row(mould.format(thing, 1800 + at)) for at, thing in enumerate(things)]
    run = scan(write(tmp_path / "x.jsonl", [*lines, looped, looped, row(text(9))]), tmp_path / "run", report=False)
    group = max((g for g in run.groups.to_pylist() if g["kind"] == "template"), key=lambda g: g["size"])
    ids = run.samples["content_id"].to_pylist()
    assert {run.plan["action"][at].as_py() for at in (25, 26)} == {"drop"}
    path = decided(
        tmp_path / "d.json", run, {"cluster": group["group"], "action": "cap", "most": 3},
        {"sample": ids[25], "action": "keep-all"}, {"sample": ids[27], "action": "drop-all", "note": "dull"},
    )  # fmt: skip
    assert main(["clean", str(run.path), "--decisions", str(path), "-o", str(tmp_path / "out")]) == 0
    left = (tmp_path / "out" / "cleaned" / "x.jsonl").read_text("utf-8").splitlines()
    members = {m["row"] for m in run.members.to_pylist() if m["group"] == group["group"]}
    assert len([line for at, line in enumerate(lines) if at in members and line in left]) == 3
    assert left.count(looped) == 2
    assert row(text(9)) not in left


def test_of_equal_rows_that_are_chosen_one_stays(tmp_path: Path) -> None:
    """A reviewer who keeps a row of a group does not get its copies back."""
    base = text(1)
    lines = [row(base), row(base), row(base.replace(base.split()[20], "changed", 1))]
    run = scan(write(tmp_path / "x.jsonl", lines), tmp_path / "run", report=False)
    near = next(g["group"] for g in run.groups.to_pylist() if g["kind"] == "near")
    ids = run.samples["content_id"].to_pylist()
    made = [decisions.Decision(near, "keep", "lin", frozenset({ids[0], ids[2]}))]
    assert decided_plan.applied(run, made).plan["action"].to_pylist().count("keep") == 2
    made = [decisions.Decision(near, "keep", "lin", frozenset({ids[2]}))]
    assert decided_plan.applied(run, made).plan["action"].to_pylist() == ["drop", "drop", "keep"]


def test_options_of_the_plan(tmp_path: Path) -> None:
    """The command line says the same as Python, and a profile can say it, too."""
    source = write(tmp_path / "x.jsonl", [row(text(seed)) for seed in range(12)])
    profile = tmp_path / "p.yaml"
    profile.write_text("extends: default\nplan: {target_rows: 7}\n", "utf-8")
    assert main(["scan", str(source), "-o", str(tmp_path / "a"), "--no-report", "--target-rows", "7"]) == 0
    assert main(["scan", str(source), "-o", str(tmp_path / "b"), "--no-report", "--profile", str(profile)]) == 0
    for name in "ab":
        run = Run.open(tmp_path / name)
        assert run.summary["totals"]["kept"] == 7
        assert run.profile.wishes.target_rows == 7
