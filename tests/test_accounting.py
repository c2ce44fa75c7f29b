"""Every trained token is put down to one cause, and the parts add up to the whole."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import line_of, made_up, write

from auditor import Run, scan
from auditor.accounting import CAUSES, Causes, parts
from auditor.shipped import DEMO
from auditor.xtuner.inputs import expanded


def held(run: Run) -> dict[str, dict[str, int]]:
    """The budget before the plan."""
    found: dict[str, dict[str, int]] = run.summary["before"]["budget"]
    return found


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(), st.booleans(), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**6),
            st.booleans(),
        ),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_parts_add_up(rows: list[tuple[Any, ...]]) -> None:
    """Whatever overlaps, each sample's parts are whole and not negative, and add up to what stays of it."""
    copy, near, loop, template, phrase, weight, alive = (np.array(column) for column in zip(*rows, strict=True))
    found = parts(Causes(copy, near, loop, template, phrase), weight, alive)
    assert tuple(found) == CAUSES
    assert (sum(found.values()) == np.where(alive, weight, 0)).all()
    assert all((part >= 0).all() for part in found.values())


def whole(run: Run) -> None:
    """The parts of every unit add up, before and after, and those of the files to those of the run."""
    totals = run.summary["totals"]
    for unit, part in held(run).items():
        assert sum(part.values()) == totals[unit]
    left = run.samples.filter(np.asarray(run.plan["action"].to_pylist()) != "drop")
    for unit, part in run.summary["after"]["budget"].items():
        assert sum(part.values()) == sum(left[unit].to_pylist())
    for name in CAUSES:
        assert sum(file["budget"][name] for file in run.summary["files"]) == held(run)["trained_tokens"][name]
    for file in run.summary["files"]:
        assert sum(file["budget"].values()) == file["trained_tokens"]


@pytest.mark.parametrize("seed", range(2))
def test_doubling_moves_exactly_its_tokens(tmp_path: Path, seed: int) -> None:
    """A file that is there twice adds all its trained tokens and characters to copies, and nothing elsewhere."""
    data = tmp_path / "data"
    data.mkdir()
    write(data / "a.jsonl", made_up(seed, 300))
    shutil.copy(DEMO / "recipes.jsonl", data / "b.jsonl")
    one = scan(data, tmp_path / "one", report=False)
    whole(one)
    for name, copied in (("a", "a2"), ("b", "c")):
        shutil.copy(data / f"{name}.jsonl", data / f"{copied}.jsonl")
    two = scan(data, tmp_path / "two", report=False)
    whole(two)
    for unit, part in held(one).items():
        more = {name: held(two)[unit][name] - count for name, count in part.items()}
        assert more == {name: one.summary["totals"][unit] * (name == "copy") for name in part}
    assert two.summary["effective"]["trained_tokens"] == one.summary["effective"]["trained_tokens"]
    assert two.summary["effective"]["passes"] == pytest.approx(2 * one.summary["effective"]["passes"], abs=2e-4)


def test_each_cause_has_its_tokens(tmp_path: Path) -> None:
    """Copies, near duplicates, loops and templates planted by hand are counted token by token."""
    words = [f"{a}{b}" for a in "zyxwvu" for b in "qwertasdfg"]
    text = " ".join(words)
    other = " ".join([*words[:30], "other", *words[31:]])
    lines = [line_of("q", text), line_of("q", text), line_of("q", other)]
    lines.append(line_of("say", "before it " + "again and again " * 20 + "after it"))
    run = scan(write(tmp_path / "x.jsonl", lines), tmp_path / "run", report=False, workers=1)
    found = held(run)["trained_tokens"]
    assert (found["copy"], found["near"]) == (60, 60)
    assert 55 <= found["loop"] <= 61
    assert sum(found.values()) == 60 * 3 + 64


def test_the_demo_adds_up(tmp_path: Path) -> None:
    """Template text is a part of its own."""
    run = scan(DEMO, tmp_path / "run", report=False)
    whole(run)
    assert held(run)["trained_tokens"]["template"] > 0


def test_epochs_of_a_configuration(tmp_path: Path) -> None:
    """A data set listed twice, or drawn more often, is trained more often than its file is long."""
    text = [" ".join(f"{name}{n}" for n in "qwertyuiopasdfghjklzxcvbnm") for name in "abcd"]
    one, two = (write(tmp_path / f"{name}.jsonl", [line_of("q", each) for each in part])
                for name, part in (("one", text[:2]), ("two", text[2:])))  # fmt: skip
    listing = {
        "first": {"annotation": str(one), "sample_ratio": 2.5},
        "again": {"annotation": str(one), "sample_ratio": 1.0},
        "other": {"annotation": str(two), "sample_ratio": 1.0},
    }
    path = tmp_path / "meta.json"
    path.write_text(json.dumps(listing), encoding="utf-8")
    inputs = expanded([str(path)])
    run = scan(inputs.data, tmp_path / "run", report=False, times=inputs.times)
    assert [file["times"] for file in run.summary["files"]] == [3.5, 1.0]
    about = run.summary["effective"]
    assert (about["rows"], about["trained_tokens"]) == (4, 104)
    assert (about["epoch_rows"], about["epoch_tokens"], about["passes"]) == (9.0, 234.0, 2.25)
    assert about["most"]["passes"] == 3.5
    assert Run.open(run.path).sources[0].times == 3.5
