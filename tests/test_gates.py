"""Gates, baselines, allow-lists, and what other machines are told."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from auditor import scan
from auditor.cli import main
from auditor.errors import UsageError
from auditor.outputs import alerts, github, sarif
from auditor.outputs.gates import gate, judged
from auditor.outputs.run import Run
from auditor.words import choose

SCHEMA = json.loads((Path(__file__).parent / "sarif" / "sarif-2.1.0.json").read_bytes())
WHO = "I am Bluebird, an assistant made by the Bluebird team to help people with their daily questions."
LOOP = "And then the river ran on. " * 30


def tale(number: int) -> str:
    """An answer of its own."""
    return " ".join(f"{letter}{number}{other}" for letter in "abcdef" for other in "uvwxyz")


def write(path: Path, *answers: str) -> Path:
    """Rows with these answers, each to a question of its own but for equal answers."""
    rows = [{"conversation": [{"input": f"What about {hash_of(answer)}?", "output": answer}]} for answer in answers]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def hash_of(answer: str) -> str:
    """A word that stays the same for the same answer."""
    return f"{sum(map(ord, answer)):x}"


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs in a folder of its own, in English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITOR_LANG", "en")
    choose("auto")


def audit(name: str, *answers: str, **more: Any) -> Run:
    """Scan such rows."""
    return scan(write(Path(f"{name}.jsonl"), *answers), name, report=False, **more)


@pytest.mark.parametrize(
    ("text", "value", "failed"),
    [
        ("D101.findings>1", 1, False),
        ("D101.findings>=1", 1, True),
        ("D.rows>2", 3, True),
        ("D101.share>0.3", 0.3, False),
        ("D101.share>29.9%", 0.3, True),
        ("D101.dropped>1", 2, True),
        ("L101.rows>0", 1, True),
        ("F1.rows>0", 0, False),
        ("C.rows>0", 0, False),
        ("repeated_share>0.99", None, False),
        ("samples<100", 10, True),
        ("high", 2, True),
    ],
)
def test_gates(text: str, value: float | None, failed: bool) -> None:
    """A gate measures what it names, and fails past its limit only."""
    run = audit("run", *[tale(n) for n in range(6)], WHO, WHO, WHO, LOOP)
    (verdict,) = judged([gate(text)], run)
    assert verdict.failed is failed
    assert value is None or verdict.value == pytest.approx(value)


@pytest.mark.parametrize("text", ["D101", "D101.wat>1", "x>", "D101.share>1.2.3", "D101.share=>1", "", "HIGH", "a b>1"])
def test_bad_gates(text: str) -> None:
    """A condition that makes no sense is refused before anything is read."""
    write(Path("x.jsonl"), WHO)
    assert main(["scan", "x.jsonl", "--fail-on", text]) == 2
    assert not Path("x.audit").exists()


def test_gates_on_what_is_not_there() -> None:
    """A gate on a rule that the profile does not apply, or on no number, would hold forever: it is refused."""
    run = audit("run", WHO, select=["L"])
    for text in ("D101.rows>0", "nothing_of_the_sort>1"):
        with pytest.raises(UsageError):
            judged([gate(text)], run)


def test_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """A gate that fails ends with 1, after the run is written; --json tells value and limit; 3 goes before 1."""
    write(Path("x.jsonl"), WHO, WHO, tale(1))
    scan_ = ["scan", "x.jsonl", "-o", "run", "--no-report", "--overwrite"]
    assert main([*scan_, "--fail-on", "D101.rows>2"]) == 0
    assert "gate D101.rows>2: 2, holds" in capsys.readouterr().out
    assert main([*scan_, "--fail-on", "D101.rows>1", "--fail-on", "L.rows>0", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["gates"] == [
        {"gate": "D101.rows>1", "value": 2.0, "failed": True},
        {"gate": "L.rows>0", "value": 0.0, "failed": False},
    ]
    assert main(["verify", "run"]) == 0
    Path("x.jsonl").write_text(Path("x.jsonl").read_text() + "{broken\n")
    assert main([*scan_, "--strict", "--fail-on", "high"]) == 3


def test_a_baseline_lets_the_old_pass() -> None:
    """What was there is not new, wherever it stands now; one more copy is, and so is a loop of its own."""
    old = audit("old", WHO, WHO, tale(1), LOOP)
    same = audit("same", tale(2), LOOP, WHO, tale(1), WHO)
    texts = ["D101.rows>0", "L101.rows>0", "high", "D101.findings>0"]
    assert not any(verdict.failed for verdict in judged([gate(text) for text in texts], same, old))
    more = audit("more", WHO, WHO, WHO, tale(1), LOOP, LOOP.replace("river", "road"))
    values = [verdict.value for verdict in judged([gate(text) for text in texts], more, old)]
    assert values == [1, 1, 2, 1]
    assert main(["scan", "same.jsonl", "-o", "a", "--no-report", "--baseline", "old"]) == 0
    assert main(["scan", "more.jsonl", "-o", "b", "--no-report", "--baseline", "old"]) == 1
    assert main(["scan", "more.jsonl", "-o", "c", "--no-report", "--baseline", "nowhere"]) == 2


def test_a_baseline_of_other_rules_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What the baseline did not look for is new, and that is said."""
    audit("old", WHO, WHO, select=["L"])
    assert main(["scan", "old.jsonl", "-o", "a", "--no-report", "--baseline", "old"]) == 1
    assert "judged by other rules" in capsys.readouterr().err
    assert main(["scan", "old.jsonl", "-o", "b", "--no-report", "--baseline", "a"]) == 0
    assert "judged by other rules" not in capsys.readouterr().err


def test_ids_are_stable() -> None:
    """A finding keeps its id when rows are added before it, and files get other names."""
    first, second = audit("a", WHO, WHO, LOOP), audit("b", tale(1), LOOP, tale(2), WHO, WHO)
    assert set(first.findings["id"].to_pylist()) <= set(second.findings["id"].to_pylist())
    assert first.groups["group"].to_pylist() == second.groups["group"].to_pylist()


ALLOW = """
allow:
  - file: 'who*.jsonl'
    reason: identity set, repeated on purpose
    owner: data team
"""


def identity(allow: str, **more: Any) -> Run:
    """Scan an identity set of 20 equal rows beside other data, with an allow-list."""
    Path("allow.yaml").write_text(allow)
    write(Path("who.jsonl"), *[WHO] * 20)
    write(Path("x.jsonl"), *[tale(n) for n in range(5)], LOOP)
    return scan(["who.jsonl", "x.jsonl"], "run", report=False, allow="allow.yaml", overwrite=True, **more)


def test_what_is_meant_is_told_and_kept() -> None:
    """An identity set on an allow-list is neither dropped nor flagged nor counted by gates, and is told of."""
    run = identity(ALLOW)
    assert run.plan["action"].to_pylist() == ["keep"] * 25 + ["drop"]
    assert run.samples["rules"].to_pylist()[:20] == [[]] * 20
    assert all("D101" in codes for codes in run.samples["allowed"].to_pylist()[:20])
    assert set(run.samples["action"].to_pylist()[:20]) == {"keep"}
    told = {finding["rule"]: finding["allowed"] for finding in run.findings.to_pylist()}
    assert told["D101"] == "identity set, repeated on purpose (data team)"
    assert told["L101"] is None
    (entry,) = run.summary["allowed"]
    assert (entry["file"], entry["rows"], entry["spared"], entry["owner"]) == (["who*.jsonl"], 20, 19, "data team")
    assert entry["findings"] >= 1
    assert run.summary["before"]["copy_rows"] == 0
    rules = {rule["code"]: rule for rule in run.summary["rules"]}
    assert (rules["D101"]["findings"], rules["D101"]["allowed"], rules["D101"]["dropped"]) == (0, 1, 0)
    assert not judged([gate("D.rows>0")], run)[0].failed
    assert judged([gate("high")], run)[0].value == 1
    again = Run.open("run")
    assert again.profile.allowed[0].reason == "identity set, repeated on purpose"


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ("{pattern: '(?i)bluebird team', reason: r, owner: o}", 25),
        ("{pattern: 'greenbird', reason: r, owner: o}", 6),
        ("{file: '*', rules: [D], reason: r, owner: o}", 25),
        ("{file: '*', rules: [D102], reason: r, owner: o}", 6),
        ("{file: '*', reason: r, owner: o}", 26),
        ("{group: nothing, reason: r, owner: o}", 6),
        ("{id: '0123456789abcdef', reason: r, owner: o}", 6),
    ],
)
def test_entries_name_what_they_say(entry: str, kept: int) -> None:
    """By pattern, file, group or id, and only for the rules that are named."""
    run = identity(f"allow: [{entry}]")
    assert run.plan["action"].to_pylist().count("keep") == kept
    assert (run.summary["allowed"][0]["rows"] == 0) == (kept == 6 and "file" not in entry)


def test_entries_by_id_and_group() -> None:
    """The ids that a run shows are those that an allow-list takes; a group that is allowed in part is not."""
    plain = identity("allow: []")
    (group,) = (name for name in plain.groups["group"].to_pylist() if name.startswith("copy-"))
    name = plain.samples["content_id"][0].as_py()
    assert "allowed" not in plain.samples.column_names
    for entry in (f"group: {group}", f"id: ['{name}']"):
        run = identity(f"allow: [{{{entry}, reason: r, owner: o}}]")
        assert run.plan["action"].to_pylist().count("keep") == 25
    write(Path("more.jsonl"), WHO)
    run = scan(["who.jsonl", "more.jsonl"], "part", report=False, allow=write_allow("who.jsonl"))
    copies = [finding for finding in run.findings.to_pylist() if finding["rule"] == "D101"]
    assert [finding["allowed"] for finding in copies] == [None]
    assert run.plan["action"].to_pylist()[:20] == ["keep"] * 20
    assert judged([gate("D101.rows>0")], run)[0].value == 1


def write_allow(name: str) -> Path:
    """An allow-list for one file."""
    Path("allow.yaml").write_text(ALLOW.replace("who*.jsonl", name))
    return Path("allow.yaml")


def test_allow_lists_hold_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """A profile given as an allow-list would be half ignored: it is refused, with the place."""
    write(Path("x.jsonl"), WHO)
    Path("allow.yaml").write_text(ALLOW + "select: [D]\n")
    assert main(["scan", "x.jsonl", "--allow", "allow.yaml"]) == 2
    assert "allow.yaml:6:1: an allow-list says nothing but allow, not select" in capsys.readouterr().err


def test_the_terminal_tells_what_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    """Reason and owner are shown, and an entry that names nothing."""
    write(Path("who.jsonl"), WHO, WHO)
    Path("allow.yaml").write_text(ALLOW + "  - {file: gone.jsonl, reason: old, owner: nobody}\n")
    assert main(["scan", "who.jsonl", "--allow", "allow.yaml", "--no-report"]) == 0
    told = capsys.readouterr().out
    assert "identity set, repeated on purpose (data team)" in told
    assert "old (nobody) · names nothing here" in told
    assert "kept 2 + dropped 0" in told


def test_sarif_is_valid_and_points_at_lines() -> None:
    """The log passes the standard's schema; results have level, place, related places, fingerprints, suppressions."""
    old = audit("old", LOOP)
    run = identity(ALLOW)
    told = sarif.sarif(alerts.alerts(run, old, sarif.MOST))
    jsonschema.validate(told, SCHEMA)
    results = {result["ruleId"]: result for result in told["runs"][0]["results"]}
    copy, loop = results["D101"], results["L101"]
    assert copy["level"] == loop["level"] == "error"
    assert copy["suppressions"][0]["justification"].endswith("(data team)")
    assert "suppressions" not in loop
    assert len(copy["relatedLocations"]) == 8
    place = loop["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "x.jsonl", "uriBaseId": "SRCROOT"}
    assert place["region"]["startLine"] == 6
    assert (copy["baselineState"], loop["baselineState"]) == ("new", "unchanged")
    assert loop["partialFingerprints"]["auditorFinding/v1"].startswith("L101-")
    rules = told["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in told["runs"][0]["results"])


def test_sarif_knows_the_lines_of_arrays_and_odd_names() -> None:
    """In an array a row is no line of the file; names are escaped as addresses are."""
    rows = [{"conversation": [{"input": "?", "output": LOOP}]}] * 2
    name = "a b#中%.json"
    Path(name).write_text(json.dumps(rows, indent=2))
    run = scan(name, "run", report=False)
    told = sarif.sarif(alerts.alerts(run, None, sarif.MOST))
    jsonschema.validate(told, SCHEMA)
    lines = {r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in told["runs"][0]["results"]}
    starts = {n for n, line in enumerate(Path(name).read_text().split("\n"), 1) if line == "  {"}
    assert lines == starts
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in told["runs"][0]["results"]}
    assert uris == {"a%20b%23%E4%B8%AD%25.json"}


def test_few_results_of_many() -> None:
    """Where there are more findings than a code host shows, the worst are written, and their number is told."""
    run = audit("run", WHO, WHO, LOOP, *[LOOP.replace("river", f"road{n}") for n in range(5)])
    held = alerts.alerts(run, None, 3)
    assert len(held.shown) == 3
    assert held.all == run.findings.num_rows
    assert {alert.severity for alert in held.shown} == {"high"}
    assert sarif.sarif(held)["runs"][0]["properties"] == {"findings": held.all, "written": 3}


def test_github_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    """Annotations name file and line, cannot be broken out of, leave out what is allowed, and end where GitHub does."""
    name = "a,b:c\n::error::x%.jsonl"
    write(Path(name), WHO, *[LOOP.replace("river", f"road{n}") for n in range(15)])
    run = scan(name, "run", report=False)
    told = list(github.annotations(alerts.alerts(run, None, 5000)))
    errors = [line for line in told if line.startswith("::error ")]
    assert len(errors) == 10
    assert errors[0].startswith("::error file=a%2Cb%3Ac%0A%3A%3Aerror%3A%3Ax%25.jsonl,line=2,title=L101::")
    assert all("\n" not in line for line in told)
    assert told[-1].startswith("::notice::")
    assert not list(github.annotations(alerts.alerts(scan(name, "meant", report=False, allow=all_allowed()), None, 99)))
    assert main(["scan", name, "-o", "b", "--no-report", "--github", "--json", "--sarif", "out.sarif"]) == 0
    heard = capsys.readouterr()
    json.loads(heard.out)
    assert "::error file=" in heard.err
    jsonschema.validate(json.loads(Path("out.sarif").read_bytes()), SCHEMA)


def all_allowed() -> Path:
    """An allow-list for everything."""
    return write_allow("*")


def test_judging_anew_has_the_same_gates(capsys: pytest.CaptureFixture[str]) -> None:
    """What-if takes gates, baselines, allow-lists and SARIF as a scan does, and writes no run for it."""
    audit("run", WHO, WHO, tale(1), LOOP)
    assert main(["judge", "run", "--fail-on", "D101.rows>1", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["gates"] == [{"gate": "D101.rows>1", "value": 2.0, "failed": True}]
    assert main(["judge", "run", "--baseline", "run", "--sarif", "out.sarif", "--github"]) == 0
    assert "\ngate medium: 0, holds\n" in capsys.readouterr().out
    held = json.loads(Path("out.sarif").read_bytes())
    jsonschema.validate(held, SCHEMA)
    assert {result["baselineState"] for result in held["runs"][0]["results"]} == {"unchanged"}
    assert main(["judge", "run", "--allow", str(all_allowed()), "--fail-on", "low"]) == 0
    assert "the assistant" not in capsys.readouterr().out
    Path("allow.yaml").write_text("allow: [{pattern: Bluebird, reason: r, owner: o}]")
    assert main(["judge", "run", "--allow", "allow.yaml"]) == 2
    assert "this run did not look for the pattern Bluebird" in capsys.readouterr().err


def test_judging_with_an_allow_list_equals_scanning_with_it() -> None:
    """The verdict over stored measurements is that of a new scan, byte for byte."""
    fresh = identity(ALLOW)
    scan(["who.jsonl", "x.jsonl"], "plain", report=False)
    assert main(["judge", "plain", "-o", "again", "--allow", "allow.yaml"]) == 0
    for name in ("samples", "findings", "groups", "members", "plan"):
        assert Path(f"again/{name}.parquet").read_bytes() == (fresh.path / f"{name}.parquet").read_bytes(), name
    assert Path("again/rules.json").read_bytes() == (fresh.path / "rules.json").read_bytes()


def test_the_report_tells_what_is_allowed() -> None:
    """Reason and owner stand on the page of rules, and no text of theirs is obeyed there."""
    Path("allow.yaml").write_text(ALLOW.replace("data team", "<script>alert(1)</script>"))
    scan(write(Path("who.jsonl"), WHO, WHO), "run", allow="allow.yaml")
    page = Path("run/report/rules.html").read_text(encoding="utf-8")
    assert "identity set, repeated on purpose" in page
    assert "<script>alert" not in page
    assert 'id="allowed"' in page


EXAMPLE = Path(__file__).parents[1] / "docs" / "ci" / "example"


@pytest.mark.parametrize(("changed", "code"), [(False, 0), (True, 1)])
def test_the_example_of_a_gate(changed: bool, code: int, tmp_path: Path) -> None:
    """The job of the example repository passes on its data, and fails on the change that it should not take."""
    import os
    import shutil
    import subprocess
    import sys

    from auditor import yaml

    shutil.copytree(EXAMPLE, tmp_path / "repo")
    if changed:
        shutil.copy(tmp_path / "repo" / "change" / "more.jsonl", tmp_path / "repo" / "data")
    job = yaml.load(EXAMPLE / ".github" / "workflows" / "data.yml")["jobs"]["audit"]["steps"]
    (command,) = (step["run"] for step in job if step.get("name") == "gate")
    paths = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path / "repo", capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": paths},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert ("fails" in done.stdout) is changed
    assert "the assistant must know its name" in done.stdout
    jsonschema.validate(json.loads((tmp_path / "repo" / "run.sarif").read_bytes()), SCHEMA)
    assert ("::error file=data/more.jsonl,line=2,title=L101::" in done.stdout) is changed
