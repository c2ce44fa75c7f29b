"""Templates, phrases, layouts, prompts and leaks over whole scans."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from auditor import scan
from auditor.api import _settings
from auditor.outputs.run import Run
from auditor.rule import profile

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
    return words(
        seed, 6
    ), f"You will need the following things: {words(seed + 5000, 9)}\nNow do as follows: {words(seed + 9000, 25)}."


def review(seed: int) -> tuple[str, str]:
    """Pour one review."""
    return words(
        seed, 6
    ), f"Thank you for asking me! In short, {words(seed + 5000, 20)}, and that is all there is to say."


RECIPES, REVIEWS = [recipe(seed) for seed in range(30)], [review(seed) for seed in range(100, 130)]
FREE = [(words(seed, 8), words(seed + 500, 40)) for seed in range(200, 230)]


def templates(run: Run, kind: str = "template") -> dict[str, tuple[str, int]]:
    """Return the templates of a run: name to skeleton and rows."""
    return {g["group"]: (g["text"], g["size"]) for g in run.groups.to_pylist() if g["kind"] == kind}


def scanned(folder: Path, rows: list[tuple[str, str]], **options: Any) -> Run:
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


def test_a_frame_that_repeats_has_a_number_for_each_slot(tmp_path: Path) -> None:
    """Fixed text that stands twice is told apart by what follows what; every number of the skeleton is a slot."""
    said = [[words(1000 * part + k, 8) for part in range(4)] for k in range(30)]
    rows = [
        (words(k, 6), f"Here is what I think: {a}. On the one hand {b}. On the one hand {c}. Bye for now, {d}")
        for k, (a, b, c, d) in enumerate(said)
    ]
    run = scanned(tmp_path, rows)
    ((text, size),) = templates(run).values()
    assert text == "Here is what I think:⟦1⟧. On the one hand⟦2⟧. On the one hand⟦3⟧. Bye for now,⟦4⟧"
    slots = run.slots.to_pylist()
    assert [(slot["slot"], slot["rows"], slot["distinct"]) for slot in slots] == [(k, size, size) for k in range(1, 5)]
    spoken = {filler["text"].strip() for filler in slots[2]["fillers"]}
    assert spoken <= {each[2] for each in said}


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
        rows += [
            (words(s, 6), f"Dear friend, I regret to say that {words(s, 30)}. Yours, the desk.")
            for s in range(400, 420)
        ]
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


PASSAGE = "please keep in mind that every house is different and measure twice"


def test_passages_inside_answers(tmp_path: Path) -> None:
    """What stands inside many answers is one passage, as far as all go on alike, with its rows and tokens."""
    rows = [(words(k, 6), f"{words(k + 50, 30)}, {PASSAGE}. {words(k + 90, 30)}") for k in range(20)]
    rows += [(words(k, 6), words(k + 50, 30)) for k in range(300, 310)]
    run = scan(written(tmp_path / "x.jsonl", rows), tmp_path / "run", report=False, select=["B104"])
    assert [(g["kind"], g["text"], g["size"], g["trained_tokens"]) for g in run.groups.to_pylist()] == [
        ("inside", f"{PASSAGE}.", 20, 13 * 20)
    ]
    other = scan(written(tmp_path / "y.jsonl", rows[::-1]), tmp_path / "other", report=False, select=["B104"])
    assert [g["group"] for g in other.groups.to_pylist()] == [g["group"] for g in run.groups.to_pylist()]


def test_templates_and_phrases_cover_each_character_once(tmp_path: Path) -> None:
    """What a template covers counts for no phrase; phrases that overlap count once; both fit into the answer."""
    rows = [(a, f"Well, let me see now: {b} That is all I know. I hope this helps.") for a, b in FREE[:12]]
    rows += [(a, f"{b}, I hope this helps, {a}") for a, b in FREE[12:17]] + RECIPES
    run = scan(written(tmp_path / "x.jsonl", rows), tmp_path / "run", report=False, select=["B", "T"])
    samples = run.samples.to_pylist()
    for sample in samples:
        assert sample["template_chars"] + sample["phrase_chars"] <= sample["trained_chars"]
        assert sample["template_chars"] == pytest.approx(sample["template_share"] * sample["trained_chars"], abs=1)
    for (_, answer), sample in zip(rows, samples, strict=True):
        held = len("".join(answer.split()))
        said = 0 if sample["template_group"] else len("Ihopethishelps")
        assert sample["phrase_share"] == pytest.approx(said / held, abs=1e-6)
    assert [bool(sample["template_group"]) for sample in samples] == [True] * 12 + [False] * 5 + [True] * 30
    alone = scan(written(tmp_path / "x.jsonl", rows), tmp_path / "b", report=False, select=["B"])
    assert alone.samples["phrase_chars"].to_pylist() == run.samples["phrase_chars"].to_pylist()
    assert "template_chars" not in alone.samples.column_names


def test_nearly_one_answer_to_many_prompts(tmp_path: Path) -> None:
    """Answers that differ in a few words are tied; equal ones alone, and answers to one prompt, are not."""
    long = words(7, 80)
    nearly = [(words(k, 6), f"{long} {words(k + 30, 2)}") for k in range(6)]
    equal = [(words(k, 6), words(8, 60)) for k in range(20, 26)]
    again = [(words(9, 6), f"{words(9, 80)} {words(k, 2)}") for k in range(40, 46)]
    run = scan(written(tmp_path / "x.jsonl", nearly + equal + again), tmp_path / "run", report=False, select=["P"])
    groups = [group for group in run.groups.to_pylist() if group["kind"] == "alike"]
    members = [member["row"] for member in run.members.to_pylist() if member["group"] == groups[0]["group"]]
    assert (len(groups), members) == (1, list(range(6)))
    assert [f["group"] for f in run.findings.to_pylist() if f["rule"] == "P105"] == [groups[0]["group"]]


def test_nothing_is_looked_for_that_no_rule_asks_for(tmp_path: Path) -> None:
    """Duplicates alone need no fine tokens, no layouts and no patterns."""
    assert not {"streams", "layout"} & set(_settings(profile(select=["D", "L", "N", "F"]), {}, 1 << 20).signals)
    run = scan(written(tmp_path / "x.jsonl", RECIPES), tmp_path / "run", report=False, select=["D", "L", "N", "F"])
    assert not run.groups.num_rows
    assert not {"template_chars", "phrase_share", "leak_share", "layout"} & set(run.samples.column_names)


def leaked(run: Run, name: str) -> list[float]:
    """Return what a signal of leaks says of each row."""
    found: list[float] = run.samples[name].to_pylist()
    return found


def test_leaks_against_other_data(tmp_path: Path) -> None:
    """Prompts, answers and long runs of test data are found, with their places; the way questions are put is none."""
    ask = "Please answer the following question in one short sentence and say why you think so:"
    test = [(f"{ask} {words(k, 12)}?", words(k + 70, 30)) for k in range(10)]
    inside = f"{words(700, 10)} {test[2][1]} {words(701, 5)}"
    train = [test[0], (test[1][0], words(90, 30)), (words(91, 9), inside), (f"{ask} {words(92, 12)}?", words(93, 30))]
    other = written(tmp_path / "bench.jsonl", test)
    run = scan(written(tmp_path / "x.jsonl", train), tmp_path / "run", report=False, select=["C"], against=other)
    assert leaked(run, "leak_prompt") == [1, 1, 0, 0]
    assert leaked(run, "leak_answer") == [1, 0, 0, 0]
    shares = leaked(run, "leak_share")
    assert shares[0] > 0.9
    assert 0.4 < shares[2] < 0.8
    assert shares[3] == 0
    lines = [place and place.rpartition(":")[2] for place in run.samples["leak_place"].to_pylist()]
    assert lines == ["1", "2", "3", None]
    notes = {(f["rule"], f["row"]): f["note"] for f in run.findings.to_pylist()}
    assert notes["C103", 2] == f"{other}:3"
    groups = {g["text"]: (g["kind"], g["size"]) for g in run.groups.to_pylist() if g["kind"] == "leak"}
    assert groups == {f"{other}:{line}": ("leak", 1) for line in (1, 2, 3)}


def test_leaks_between_splits(tmp_path: Path) -> None:
    """A file named as test is held out from the others of one scan."""
    held = written(tmp_path / "my_test.jsonl", FREE[:5])
    files = [written(tmp_path / "train.jsonl", FREE[4:]), held, written(tmp_path / "latest.jsonl", RECIPES)]
    run = scan(files, tmp_path / "run", report=False, select=["C"])
    hit = [sample for sample in run.samples.to_pylist() if sample["leak_prompt"]]
    assert [(Path(sample["file"]).name, sample["line"]) for sample in hit] == [("train.jsonl", 1)]
    assert hit[0]["rules"] == ["C101", "C102", "C103"]


def test_growing_dialogues(tmp_path: Path) -> None:
    """Rows that are beginnings of one dialogue are tied to it, wherever they stand."""
    rounds = [(words(k, 6), words(k + 40, 9)) for k in range(4)]
    talks = [rounds[:2], [(words(77, 6), words(78, 8))], rounds[:1], rounds]
    lines = [json.dumps({"conversation": [{"input": a, "output": b} for a, b in talk]}) for talk in talks]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines) + "\n")
    run = scan(path, tmp_path / "run", report=False, select=["P"])
    groups = [group for group in run.groups.to_pylist() if group["kind"] == "dialogue"]
    assert [(group["size"], group["keeper_row"]) for group in groups] == [(3, 3)]
    members = run.members.to_pylist()
    assert [member["row"] for member in members if member["group"] == groups[0]["group"]] == [0, 2, 3]


def test_openings_and_closings(tmp_path: Path) -> None:
    """Phrases grow as long as nearly all go on alike, and are counted with their tokens."""
    rows = [(a, f"Well, let me see now: {b} That is all I know.") for a, b in FREE[:12]]
    run = scan(written(tmp_path / "x.jsonl", rows), tmp_path / "run", report=False, select=["B"])
    found = {g["kind"]: (g["text"], g["size"], g["trained_tokens"]) for g in run.groups.to_pylist()}
    assert found["opening"] == ("Well, let me see now:", 12, 7 * 12)
    assert found["closing"] == ("That is all I know.", 12, 6 * 12)
    assert run.summary["concentration"]["openings"]["top"] == 1
