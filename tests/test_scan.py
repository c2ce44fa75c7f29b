"""The whole way, on real files: what is planted is found, nothing is lost, and nothing depends on how it was run."""

import json
import random
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import digests, line_of, made_up, write

from auditor import Run, scan, sources
from auditor.outputs.cleaned import Count, clean
from auditor.outputs.folder import verify
from auditor.plan import apply
from auditor.shipped import DEMO
from auditor.text import jaccard, shingle_hashes, tokens

GOLD = json.loads((Path(__file__).parent / "gold" / "demo.json").read_text(encoding="utf-8"))


def test_demo(tmp_path: Path) -> None:
    """Everything planted in the demo data is found, and nothing else is dropped."""
    data = tmp_path / "demo"
    shutil.copytree(DEMO, data)
    run = scan(data, tmp_path / "run", report=False)
    samples = run.samples.to_pylist()
    at = {(Path(row["file"]).name, row["line"]): row for row in samples}
    assert run.summary["totals"]["samples"] == GOLD["rows"]
    bad = [(Path(f["file"]).name, f["line"]) for f in run.findings.to_pylist() if f["rule"] == "F101"]
    assert bad == [(item["file"], item["line"]) for item in GOLD["bad_lines"]]
    for group in GOLD["copies"]:
        names = {at[tuple(place)]["copy_group"] for place in group}
        assert len(names) == 1
        assert None not in names
        assert sum(at[tuple(place)]["action"] != "drop" for place in group) == 1
    for group in GOLD["near"]:
        names = {at[tuple(place)]["near_group"] for place in group}
        assert len(names) == 1
        assert None not in names
    looped = {
        (Path(row["file"]).name, row["line"]): row
        for row in samples
        if row["loop_kind"] in ("exact", "numbered", "near")
    }
    assert set(looped) == {(item["file"], item["line"]) for item in GOLD["loops"]}
    for item in GOLD["loops"]:
        assert abs(looped[item["file"], item["line"]]["loop_times"] - item["times"]) <= 1
    kept = [
        *GOLD["short_rows"],
        *GOLD["not_loops"],
        *((GOLD["template"]["file"], n) for n in GOLD["template"]["lines"]),
    ]
    assert not [place for place in kept if at[tuple(place)]["action"] == "drop"]
    loops = sum(row["action"] == "drop" and "L101" in row["rules"] for row in samples)
    copies = sum(len(group) - 1 for group in GOLD["copies"])
    assert run.summary["totals"]["dropped"] == copies + len(GOLD["near"]) + loops


@pytest.mark.parametrize("seed", range(3))
def test_same_bytes_however_it_is_run(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers, sizes of pieces and the order of arguments change no byte."""
    lines = made_up(seed)
    files = [write(tmp_path / f"{name}.jsonl", part) for name, part in (("b", lines[:50]), ("a", lines[50:]))]
    first = digests(scan(files, tmp_path / "0", report=False, workers=1))
    for number, (workers, size) in enumerate([(2, 4 << 20), (4, 500), (1, 97)], 1):
        monkeypatch.setattr(sources, "PIECE", size)
        order = files if number % 2 else files[::-1]
        assert digests(scan(order, tmp_path / str(number), report=False, workers=workers)) == first


def test_keepers_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    """The same rows in another order, and in other files, leave the same contents."""
    lines = [line for line in made_up(7) if line.startswith('{"c')]
    kept = []
    for number in range(3):
        random.Random(number).shuffle(lines)
        cut = 40 * number
        files = [
            write(tmp_path / f"{number}{name}.jsonl", part)
            for name, part in (("x", lines[:cut]), ("y", lines[cut:]))
            if part
        ]
        run = scan(files, tmp_path / f"r{number}", report=False)
        kept.append(sorted(run.samples.filter(pc.not_equal(run.samples["action"], "drop"))["content_id"].to_pylist()))
    assert kept[0] == kept[1] == kept[2]


def conversation(run: Run, row: int) -> set[int]:
    """A sample's shingles, by the reference."""
    turns = run.turns([row])[row]
    parts = (
        [token for turn in turns if turn.trained is trained for token in tokens(turn.text)] for trained in (False, True)
    )
    return {shingle for part in parts for shingle in shingle_hashes(part)}


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_the_plan_proves_every_deletion(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Rows dropped as duplicates have a kept keeper that they really are alike; cleaned files are the plan applied."""
    folder = tmp_path_factory.mktemp("plan")
    lines = made_up(seed, 60)
    source = write(folder / "x.jsonl", lines)
    run = scan(source, folder / "run", report=False)
    plan, actions = run.plan.to_pylist(), run.samples["action"].to_pylist()
    for entry in plan:
        assert (entry["action"] == "drop") == (actions[entry["row"]] == "drop")
        if entry["rule"] in ("D101", "D102"):
            assert plan[entry["keeper_row"]]["action"] == "keep"
            claimed = 1.0 if entry["rule"] == "D101" and entry["similarity"] == 1 else entry["similarity"]
            mine, theirs = conversation(run, entry["row"]), conversation(run, entry["keeper_row"])
            assert claimed >= 0.8
            assert not mine or jaccard(mine, theirs) == pytest.approx(claimed, abs=1e-12)
    counts = clean(run, run.path)
    total = sum(counts.values(), Count())
    assert total == Count(
        len(lines), run.summary["totals"]["kept"], run.summary["totals"]["dropped"], run.summary["totals"]["rejected"]
    )
    numbers = run.samples["line"].to_pylist()
    expected = "".join(f"{line}\n" for line in apply(run.plan, [lines[number - 1] for number in numbers]))
    assert (run.path / "cleaned" / "x.jsonl").read_text(encoding="utf-8") == expected


def test_cleaning_twice_changes_nothing_more(tmp_path: Path) -> None:
    """What a scan of cleaned data would drop, the first scan has dropped; loops in groups are no exception."""
    run = scan(write(tmp_path / "x.jsonl", made_up(3)), tmp_path / "one", report=False)
    clean(run, tmp_path / "out")
    again = scan(tmp_path / "out" / "cleaned" / "x.jsonl", tmp_path / "two", report=False)
    assert again.summary["totals"]["dropped"] == 0
    assert again.summary["totals"]["rejected"] == 0


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    """Selected rules alone are measured and applied; copies then count as near duplicates."""
    run = scan(DEMO, tmp_path / "run", select=["D102"], report=False)
    assert set(run.findings["rule"].to_pylist()) == {"D102"}
    assert "repeated_line_share" not in run.samples.column_names
    assert run.summary["totals"]["dropped"] == sum(len(group) - 1 for group in GOLD["copies"]) + len(GOLD["near"])


def test_system_texts_neither_hide_nor_make_duplicates(tmp_path: Path) -> None:
    """A shared system text makes no duplicates of different talks; different ones make none of equal short talks."""
    system = "你是一位耐心的老师。" * 40
    letters = "abcdefghijklmnopqrstuvwxyz"
    talk = [" ".join(f"{a}{b}" for a, b in zip(letters, letters[n:] + letters[:n], strict=True)) for n in range(4)]
    rows = [{"conversation": [{"system": system, "input": "问", "output": text}]} for text in talk]
    rows += [
        {"conversation": [{"system": f"{text} {text}", "input": "please answer this question now", "output": "yes"}]}
        for text in talk
    ]
    source = write(tmp_path / "x.jsonl", [json.dumps(row) for row in rows])
    run = scan(source, tmp_path / "run", report=False)
    assert run.summary["totals"]["dropped"] == 0
    rows = [{"conversation": [{"system": name, "input": "问", "output": talk[0]}]} for name in ("甲", "乙", "甲")]
    run = scan(write(tmp_path / "y.jsonl", [json.dumps(row) for row in rows]), tmp_path / "run2", report=False)
    assert run.summary["totals"]["dropped"] == 2


def test_short_rows_are_compared_exactly(tmp_path: Path) -> None:
    """Rows too short for a shingle are never tied unless they are equal; short prompts must be equal too."""
    short = [line_of(prompt, "好。") for prompt in ("咸吗", "辣吗", "甜吗", "咸吗")]
    refusal = "对不起，我没有办法回答这个问题，请您去问一问这方面的专业人士吧。"
    long = [line_of(prompt, refusal) for prompt in ("病了", "钱呢", "法律")]
    run = scan(write(tmp_path / "x.jsonl", short + long), tmp_path / "run", report=False)
    assert run.samples["action"].to_pylist().count("drop") == 1
    assert run.samples["near_group"].null_count == 7


def test_media_tell_samples_apart(tmp_path: Path) -> None:
    """The same words about different pictures are different samples."""
    talk = [
        {"from": "human", "value": "<image>\nDescribe this picture in one sentence, please."},
        {"from": "gpt", "value": "A red house stands on a green hill under a blue sky."},
    ]
    rows = [json.dumps({"id": str(n), "image": f"{n // 2}.jpg", "conversations": talk}) for n in range(4)]
    run = scan(write(tmp_path / "x.jsonl", rows), tmp_path / "run", report=False)
    assert run.summary["totals"]["dropped"] == 2


def test_one_row_and_equal_rows(tmp_path: Path) -> None:
    """The smallest inputs are audited like any other."""
    one = line_of("What is the capital of France?", "Paris is the capital of France.")
    assert scan(write(tmp_path / "a.jsonl", [one]), tmp_path / "a", report=False).summary["totals"]["dropped"] == 0
    many = scan(write(tmp_path / "b.jsonl", [one] * 3000), tmp_path / "b", report=False)
    assert many.groups.filter(pc.equal(many.groups["kind"], "copy"))["size"].to_pylist() == [3000]
    assert many.summary["totals"]["dropped"] == 2999


def test_verify_sees_every_change(tmp_path: Path) -> None:
    """A byte more, less or other in any file of a run is named."""
    run = scan(DEMO, tmp_path / "run", report=False)
    clean(run, run.path)
    assert verify(run.path) != []
    from auditor.outputs.folder import reseal

    reseal(run.path)
    assert verify(run.path) == []
    for name in [
        path for path in run.path.rglob("*") if path.is_file() and path.name not in ("manifest.json", sources.MARKER)
    ]:
        held = name.read_bytes()
        for data in (held + b"x", held[:-1], bytes([held[0] ^ 1]) + held[1:]):
            name.write_bytes(data)
            assert verify(run.path) == [f"{name.relative_to(run.path).as_posix()}: changed"]
        name.unlink()
        assert verify(run.path) == [f"{name.relative_to(run.path).as_posix()}: missing"]
        name.write_bytes(held)


def test_signatures_for_datasketch(tmp_path: Path) -> None:
    """A run's signatures work in datasketch's index."""
    from datasketch import MinHashLSH

    run = scan(DEMO, tmp_path / "run", report=False)
    near = run.groups.filter(pc.equal(run.groups["kind"], "near"))["group"].to_pylist()[:3]
    held = run.members.to_pylist()
    for name in near:
        rows = [member["row"] for member in held if member["group"] == name]
        index = MinHashLSH(threshold=0.7)
        sketches = run.to_datasketch(rows)
        for row, sketch in sketches.items():
            index.insert(row, sketch)
        assert sorted(index.query(sketches[rows[0]])) == sorted(rows)
