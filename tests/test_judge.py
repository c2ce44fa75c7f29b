"""Other rules, the same measurements: judging a run again equals scanning anew, and says what it cannot do."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import digests, made_up, write

from auditor import Run, scan
from auditor.api import judge
from auditor.errors import UsageError
from auditor.outputs import judged
from auditor.outputs.folder import verify
from auditor.outputs.restored import _keys
from auditor.relations.connected import Edges, components, keepers
from auditor.relations.copies import halves
from auditor.relations.neighbours import Neighbours
from auditor.relations.ties import Cut, decided
from auditor.shipped import DEMO

CASES: list[dict[str, Any]] = [
    {},
    {"limits": {"D102": 0.9}},
    {"limits": {"D102": 0.85, "D103": 0.75, "N201": 0.5}},
    {"select": ["D"]},
    {"select": ["L", "T102", "F"]},
    {"ignore": ["D101", "T"]},
    {"select": ["P", "S", "B"]},
    {"plan": {"prefer": ["id"], "trim_loops": 2, "target_rows": 90, "alarm": 0.1}},
    {"plan": {"sources": ["code.json"], "target_tokens": 3000}, "limits": {"D102": 0.85}},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The demo and rows made up."""
    return [DEMO, write(tmp_path_factory.mktemp("data") / "x.jsonl", made_up(5, 200))]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory, data: list[Path]) -> list[Run]:
    """Both scanned by the default rules."""
    folder = tmp_path_factory.mktemp("bases")
    return [scan(each, folder / str(at), report=False) for at, each in enumerate(data)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judging_equals_scanning_anew(tmp_path: Path, data: list[Path], bases: list[Run], case: dict[str, Any]) -> None:
    """The same tables, summary and manifest, byte for byte but for the seconds."""
    for at, base in enumerate(bases):
        anew, again = (tmp_path / f"{name}{at}" for name in ("scan", "judge"))
        scan(data[at], anew, report=False, **case)
        judge(base, again, **case)
        one, two = Run.open(anew), Run.open(again)
        assert digests(two) == digests(one)
        assert [{**run.manifest, "files": None} for run in (one, two)].count({**one.manifest, "files": None}) == 2
        assert verify(again) == []
        assert one.profile.rules == two.profile.rules


def test_fewer_rules_need_fewer_pairs(tmp_path: Path, data: list[Path], bases: list[Run]) -> None:
    """Without a rule for rows to be shown together a scan looks for fewer pairs, with the same verdict."""
    for at, base in enumerate(bases):
        anew, again = (tmp_path / f"{name}{at}" for name in ("scan", "judge"))
        scan(data[at], anew, report=False, select=["D102"])
        judge(base, again, select=["D102"])
        one, two = (digests(Run.open(path)) for path in (anew, again))
        differing = {name for name in one | two if one.get(name) != two.get(name)}
        assert differing <= {"pairs.parquet"}
        plans = [Run.open(path).plan.to_pylist() for path in (anew, again)]
        assert plans[0] == plans[1]


def test_judging_reads_no_data(tmp_path: Path) -> None:
    """The sources may be gone."""
    source = write(tmp_path / "x.jsonl", made_up(2))
    run = scan(source, tmp_path / "run", report=False)
    source.unlink()
    held = judge(run, limits={"D102": 0.95})
    assert held.plan.dropped.sum() < run.summary["totals"]["dropped"]
    told = judged.told(run, held)
    own = [step for step in told["thresholds"] if step["own"]]
    assert [step["dropped"] for step in own] == [told["totals"]["dropped"]]
    lost = [step["rows"] for step in told["thresholds"]]
    assert lost == sorted(lost, reverse=True)
    assert lost[0] > lost[-1]
    for pair in told["border"]:
        assert pair["over"] == (pair["similarity"] >= 0.95)
    assert told["moved"]["kept_now"] == run.summary["totals"]["dropped"] - told["totals"]["dropped"]


def test_what_was_not_measured_cannot_be_judged(tmp_path: Path, bases: list[Run]) -> None:
    """A signal left out, and thresholds below the stored pairs, are named."""
    few = scan(DEMO, tmp_path / "few", select=["D"], report=False)
    for case, word in (({"rules": "default"}, "did not measure"), ({"limits": {"D102": 0.75, "D103": 0.72}}, "0.8")):
        with pytest.raises(UsageError, match=word):
            judge(few, **case)
    with pytest.raises(UsageError, match=r"down to 0\.7"):
        judge(bases[0], limits={"D103": 0.65})
    with pytest.raises(UsageError, match="no rule D999"):
        judge(bases[0], limits={"D999": 0.5})
    with pytest.raises(UsageError, match="metadata"):
        judge(bases[0], plan={"prefer": ["metadata"]})
    only = scan(DEMO, tmp_path / "loops", select=["L101"], report=False)
    with pytest.raises(UsageError, match="near"):
        judge(only, rules="default", select=["D102"])


def test_a_judged_run_keeps_its_rules(tmp_path: Path, bases: list[Run]) -> None:
    """Changed thresholds stand in the manifest and count when the run is judged again."""
    judge(bases[0], tmp_path / "one", limits={"D102": 0.9})
    run = Run.open(tmp_path / "one")
    rule = run.profile.rule("D102")
    assert rule is not None
    assert rule.where["threshold"] == 0.9
    assert judge(run).plan.dropped.sum() == run.summary["totals"]["dropped"]
    assert judge(run, limits={"D102": 0.8}).plan.dropped.sum() == bases[0].summary["totals"]["dropped"]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 24), st.data())
def test_keepers_from_pairs(rows: int, data: st.DataObject) -> None:
    """A row goes if and only if a row before it stays that it was compared with; groups are what pairs connect."""
    ends = data.draw(st.lists(st.tuples(st.integers(0, rows - 1), st.integers(0, rows - 1)), max_size=60))
    pairs = sorted({(min(pair), max(pair)) for pair in ends if pair[0] != pair[1]})
    alike = data.draw(st.lists(st.sampled_from([0.7, 0.8, 0.9]), min_size=len(pairs), max_size=len(pairs)))
    low, high = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    found = keepers(rows, Edges(low, high, np.array(alike)))
    stays: list[bool] = []
    for row in range(rows):
        before = [(score, -a) for (a, b), score in zip(pairs, alike, strict=True) if b == row and stays[a]]
        stays.append(not before)
        assert found[row] == (-max(before)[1] if before else row)
    lowest = components(rows, np.array(pairs, np.int64).reshape(-1, 2))
    assert all(lowest[a] == lowest[b] for a, b in pairs)
    assert all(lowest[lowest[row]] == lowest[row] <= row for row in range(rows))


def test_long_chains_are_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rounds do not reach is decided row by row, with the same outcome."""
    rows = 400
    edges = Edges(np.arange(rows - 1), np.arange(1, rows), np.full(rows - 1, 0.9))
    expected = [row - row % 2 for row in range(rows)]
    assert keepers(rows, edges).tolist() == expected
    monkeypatch.setattr("auditor.relations.connected.ROUNDS", 0)
    assert keepers(rows, edges).tolist() == expected


def test_rows_that_go_may_have_to_be_contained() -> None:
    """With a least share of containment a row goes only where the keeper holds that much of it."""
    none = np.zeros(0, np.int64)
    found = Neighbours(
        none, none, np.array([[0, 1], [0, 2]]), np.array([0.85, 0.85]), np.array([[1, 0.85], [0.9, 0.97]])
    )
    rank = np.arange(3)
    assert decided(found, rank, Cut(0.7, 0.8)).keeper.tolist() == [0, 0, 0]
    assert decided(found, rank, Cut(0.7, 0.8, 0.95)).keeper.tolist() == [0, 1, 0]


def test_larger_groups_are_related_for_stricter_thresholds(tmp_path: Path) -> None:
    """Judged at 0.9, a group of many rows loses (nearly) all that a direct comparison finds.

    Every row is about 0.85 like one longest text, for which all would go at 0.8; each has a shorter twin 0.95 like it,
    which comes after all of them.
    """
    base = [f"w{n:05}" for n in range(200)]
    texts = [[*base, "z" * 50]]
    for number in range(40):
        text = [*base, "z"]
        for at in range(3):
            text[(number * 5 + at * 61) % 200] = f"v{number:03}{at:02}"
        twin = list(text)
        twin[(number * 5 + 23) % 200] = f"t{number}"
        texts += [text, twin]
    lines = [json.dumps({"conversation": [{"input": "q", "output": " ".join(each)}]}) for each in texts]
    source = write(tmp_path / "x.jsonl", lines)
    run = scan(source, tmp_path / "a", report=False, select=["D"])
    assert run.groups["size"].to_pylist() == [81]
    assert judge(run, limits={"D102": 0.9}).plan.dropped.sum() == 40


def test_restored_keys_spread_like_hashes() -> None:
    """Keys read back fill the bins by which copies are found; rising numbers would all fall into one."""
    keys = halves(_keys(np.arange(4096)))
    assert np.bincount((keys[:, 0] >> np.uint64(56)).astype(np.int64), minlength=256).max() < 64
