"""Templates, phrases, layouts, prompts and leaks over whole scans."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from auditor import scan
from auditor.outputs.run import Run

WORDS = ["".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz", k=4 + seed % 6)) for seed in range(4000)]


def words(seed: int, count: int) -> str:
    """Say something that nothing else says."""
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def written(path: Path, rows: list[tuple[str, str]]) -> Path:
    """Write rows of prompt and answer."""
    lines = (json.dumps({"conversation": [{"input": a, "output": b}]}, ensure_ascii=False) for a, b in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def recipe(seed: int) -> tuple[str, str]:
    """Pour one recipe."""
    return words(seed, 6), f"You will need the following things: {words(seed + 5000, 9)}\nNow do as follows: {words(seed + 9000, 25)}."


def review(seed: int) -> tuple[str, str]:
    """Pour one review."""
    return words(seed, 6), f"Thank you for asking me! In short, {words(seed + 5000, 20)}, and that is all there is to say."


RECIPES, REVIEWS = [recipe(seed) for seed in range(30)], [review(seed) for seed in range(100, 130)]
FREE = [(words(seed, 8), words(seed + 500, 40)) for seed in range(200, 230)]


def templates(run: Run, kind: str = "template") -> dict[str, tuple[str, int]]:
    """Return the templates of a run: name to skeleton and rows."""
    return {g["group"]: (g["text"], g["size"]) for g in run.groups.to_pylist() if g["kind"] == kind}


def scanned(folder: Path, rows: list[tuple[str, str]], **options: Any) -> Run:  # noqa: ANN401  (as scan takes them)
    """Scan rows."""
    return scan(written(folder / "x.jsonl", rows), folder / "run", report=False, select=["T", "D"], **options)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two templates and rows without any."""
    return scanned(tmp_path_factory.mktemp("two"), RECIPES + REVIEWS + FREE)


def test_skeletons_and_slots(run: Run) -> None:
    """Fixed text is found as it is written, with its slots numbered and their fillers counted."""
    found = templates(run)
    assert sorted(found.values()) == [
        ("Thank you for asking me! In short,⟦1⟧, and that is all there is to say.", 30),
        ("You will need the following things:⟦1⟧\nNow do as follows:⟦2⟧", 30),
    ]
    slots = run.slots.to_pylist()
    assert all((slot["rows"], slot["distinct"]) == (30, 30) for slot in slots)
    first = slots[0]["fillers"][0]
    turn = run.turns([first["row"]])[first["row"]][first["turn"]]
    assert turn.text[first["start"] : first["end"]] == first["text"]


def test_shares_and_groups_of_samples(run: Run) -> None:
    """Each row knows its template, and which share of it is fixed; what was written freely has none."""
    samples = run.samples.to_pylist()
    assert len({sample["template_group"] for sample in samples[:30]}) == 1
    assert all(sample["template_share"] > 0.1 for sample in samples[:60])
    assert all(sample["template_share"] == 0 and not sample["template_group"] for sample in samples[60:])


@pytest.mark.parametrize("change", ["shuffled", "split", "doubled", "grown"])
def test_templates_are_stable(run: Run, tmp_path: Path, change: str) -> None:
    """No order of rows, cut into files, copy of rows or new template changes the templates there are."""
    rows = RECIPES + REVIEWS + FREE
    if change == "shuffled":
        random.Random(3).shuffle(rows)
    elif change == "doubled":
        rows *= 2
    elif change == "grown":
        rows += [(words(s, 6), f"Dear friend, I regret to say that {words(s, 30)}. Yours, the desk.") for s in range(400, 420)]
    if change == "split":
        parts = [written(tmp_path / f"{k}.jsonl", rows[k::3]) for k in range(3)]
        other = scan(parts, tmp_path / "run", report=False, select=["T"])
    else:
        other = scanned(tmp_path, rows)
    mine, theirs = templates(run), templates(other)
    assert {name: text for name, (text, _) in mine.items()}.items() <= {n: t for n, (t, _) in theirs.items()}.items()
    assert len(theirs) == len(mine) + (change == "grown")


def test_workers_change_nothing(run: Run, tmp_path: Path) -> None:
    """More workers give the same tables."""
    other = scanned(tmp_path, RECIPES + REVIEWS + FREE, workers=4)
    assert other.slots.equals(run.slots)
    assert other.groups.equals(run.groups)


def test_shuffled_tokens_have_no_template(tmp_path: Path) -> None:
    """Words in any order are no template, however few there are."""
    draw = random.Random(5)
    rows = [(words(k, 5), " ".join(draw.choices(WORDS[:150], k=60))) for k in range(300)]
    assert not templates(scanned(tmp_path, rows))


def test_templates_are_capped_only_if_asked(run: Run, tmp_path: Path) -> None:
    """By default no row goes for its template; a cap keeps so many of each."""
    assert set(run.plan["action"].to_pylist()) == {"keep"}
    mine = tmp_path / "mine.yaml"
    mine.write_text("select: [T]\nrules:\n  T102: {action: cap, where: {keep_per_group: 5}}\n")
    capped = scanned(tmp_path, RECIPES + REVIEWS + FREE, rules=mine)
    kept = capped.samples.filter(capped.plan["action"].combine_chunks().to_numpy(zero_copy_only=False) == "keep")
    sizes = [kept["template_group"].to_pylist().count(name) for name in templates(capped)]
    assert sizes == [5, 5]
    assert kept.num_rows == 10 + len(FREE)
    assert set(capped.plan["rule"].drop_null().to_pylist()) == {"T102"}
