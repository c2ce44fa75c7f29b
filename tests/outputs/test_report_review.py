"""Decisions in a real browser: one key each, undone, kept, exported, taken in again, several at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made import WORDS

from auditor import Run
from auditor.cli import main
from auditor.outputs.decided import applied
from auditor.outputs.decisions import read
from auditor.outputs.html import render
from auditor.outputs.html.pages import site

pytestmark = pytest.mark.browser


def lines() -> list[str]:
    """Twenty-four groups: copies and near duplicates of answers that have nothing in common."""
    found = []
    for group in range(24):
        body = " ".join(f"{word}{part}{group}" for part in "xyz" for word in WORDS)
        for copy in range(3):
            answer = body if group % 2 else body.replace(f"lampx{group}", f"light{copy}")
            found.append(json.dumps({"conversation": [{"input": f"Tell me about number {group}.", "output": answer}]}))
    return found


@pytest.fixture(scope="module")
def many(make_run: Callable[..., Run]) -> Run:
    """Scan those groups."""
    run = make_run(many=lines())
    render(run)
    return run


def exported(page: Any, key: str = "e") -> Any:
    """Export by keyboard alone; return what the file holds."""
    page.press(key)
    page.page.wait_for_selector("dialog[open]")
    page.page.keyboard.type("lin")
    with page.page.expect_download() as held:
        page.press("Enter")
    assert held.value.suggested_filename.startswith("decisions-")
    return json.loads(Path(held.value.path()).read_text(encoding="utf-8"))


def test_twenty_groups_are_reviewed_by_keyboard(view: Callable[..., Any], many: Run, tmp_path: Path) -> None:
    """Every key decides and leads on; the file names groups and content ids that are in the run."""
    page = view(many.path / "report", accept_downloads=True)
    page.go("duplicates.html")
    keys = ["a", "x", "n", "l", "d"] * 4
    met, want = [], {"a": "accept", "x": "keep-all", "n": "not-duplicates", "l": "later", "d": "drop-all"}
    for key in keys:
        here = page.text(".view .id")
        met.append(here)
        page.press(key)
        page.until("(here) => document.querySelector('.view .id').textContent !== here", here)
    assert len(set(met)) == 20
    assert "20 of" in page.text(".decisionbar output")
    held = exported(page)
    assert (held["format"], held["audit"], held["reviewer"]) == (1, site(many, "auto", single=False).audit, "lin")
    assert {item["cluster"]: item["action"] for item in held["decisions"]} == {
        group: want[key] for group, key in zip(met, keys, strict=True)
    }
    assert set(met) <= set(many.groups["group"].to_pylist())
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps(held), encoding="utf-8")
    opened = Run.open(many.path)
    made = applied(opened, read(file, opened))
    assert made.stale == []
    actions = made.plan["action"].to_pylist()
    rows = {row["group"]: [] for row in many.members.to_pylist()}
    for row in many.members.to_pylist():
        rows[row["group"]].append(row["row"])
    for group, key in zip(met, keys, strict=True):
        fates = {actions[row] for row in rows[group]}
        assert fates == {"x": {"keep"}, "n": {"keep"}, "d": {"drop"}}.get(key, fates)
    assert main(["clean", str(many.path), "--decisions", str(file), "--dry-run"]) == 0


def test_a_choice_of_rows_names_their_content(view: Callable[..., Any], many: Run) -> None:
    """Another keeper, or both rows, are named by content ids of the group's members; undo takes it back."""
    page = view(many.path / "report", accept_downloads=True)
    page.go("duplicates.html", "kind=near")
    first = page.text(".view .id")
    page.press("Enter")
    page.until("(first) => document.querySelector('.view .id').textContent !== first", first)
    second = page.text(".view .id")
    page.press("b")
    page.until("(second) => document.querySelector('.view .id').textContent !== second", second)
    held = {item["cluster"]: item for item in exported(page)["decisions"]}
    ids = dict(zip(many.samples["row"].to_pylist(), many.samples["content_id"].to_pylist(), strict=True))
    for group, size in ((first, 1), (second, 2)):
        members = [row["row"] for row in many.members.to_pylist() if row["group"] == group]
        assert held[group]["action"] == "keep"
        assert len(held[group]["keep"]) == size
        assert set(held[group]["keep"]) <= {ids[row] for row in members}
    page.page.locator(".view .id").first.focus()
    page.press("u")
    page.until("document.querySelector('.decisionbar output').textContent.startsWith('1 of')")
    page.until("(second) => document.querySelector('.view .id').textContent === second", second)
    assert page.text(".view .id") == second


def test_enter_presses_the_button_that_has_the_focus(view: Callable[..., Any], many: Run) -> None:
    """The key that chooses another keeper does nothing where it already means something: a button is pressed."""
    page = view(many.path / "report", accept_downloads=True)
    page.go("duplicates.html", "kind=near")
    first = page.text(".view .id")
    page.page.focus(".deciding [data-key=x]")
    page.press("Enter")
    page.until("(first) => document.querySelector('.view .id').textContent !== first", first)
    (held,) = exported(page)["decisions"]
    assert (held["cluster"], held["action"]) == (first, "keep-all")


def test_totals_follow_decisions_and_outlast_the_page(view: Callable[..., Any], many: Run) -> None:
    """Keeping a group lowers what goes by its dropped rows; the decision is there when the page is opened again."""
    page = view(many.path / "report")
    page.go("duplicates.html", "kind=copy")
    dropped = many.plan["action"].to_pylist().count("drop")
    assert f"About {dropped} rows" in page.text(".decisionbar output")
    group = page.text(".view .id")
    page.press("x")
    page.until("document.querySelector('.decisionbar output').textContent.startsWith('1 of')")
    assert f"About {dropped - 2} rows" in page.text(".decisionbar output")
    page.go("overview.html")
    page.go("duplicates.html", group)
    assert "1 of" in page.text(".decisionbar output")
    assert page.text(".deciding [aria-pressed=true]").startswith("Keep all")
    stored = page.page.evaluate("JSON.stringify(localStorage)")
    assert "river" not in stored
    page.page.select_option("[data-part=state]", "done")
    assert page.page.locator(".queue li").count() == 1


def test_a_file_is_taken_in_and_conflicts_are_named(view: Callable[..., Any], many: Run, tmp_path: Path) -> None:
    """Decisions of another reader are added; where they differ one's own stay and the page says so."""
    page = view(many.path / "report")
    page.go("duplicates.html")
    mine = page.text(".view .id")
    page.press("a")
    page.until("(mine) => document.querySelector('.view .id').textContent !== mine", mine)
    other = page.text(".view .id")
    audit = page.page.evaluate("document.documentElement.dataset.audit")
    listed = [{"cluster": mine, "action": "keep-all"}, {"cluster": other, "action": "drop-all", "note": "<b>why</b>"}]
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps({"format": 1, "audit": audit, "reviewer": "wu", "decisions": listed}), encoding="utf-8")
    page.page.set_input_files("input[type=file]", file)
    page.until("document.getElementById('said').textContent !== ''")
    assert "1 decision taken in" in page.text("#said")
    assert mine in page.text("#said")
    page.until("document.querySelector('.deciding input').value === '<b>why</b>'")
    for broken in ({"format": 2}, {"format": 1, "audit": "other", "decisions": []}):
        file.write_text(json.dumps(broken), encoding="utf-8")
        page.page.set_input_files("input[type=file]", file)
        page.page.wait_for_timeout(100)
    assert "another audit" in page.text("#said")


def test_many_are_decided_after_a_sample_was_shown(view: Callable[..., Any], many: Run) -> None:
    """What fits is counted, ten of it are drawn at random, and one key takes all of it back."""
    page = view(many.path / "report")
    page.go("duplicates.html")
    page.page.get_by_role("button", name="Several at once").click()
    dialog = page.page.locator("dialog[open]")
    dialog.locator("select").first.select_option("copy")
    assert dialog.locator(".sample li").count() == 10
    dialog.get_by_role("button", name="Decide 12").click()
    page.until("document.querySelector('.decisionbar output').textContent.startsWith('12 of')")
    page.press("u")
    page.until("document.querySelector('.decisionbar output').textContent.startsWith('0 of')")


@pytest.fixture(scope="module")
def mixed(make_run: Callable[..., Run], rows: list[str]) -> Run:
    """Scan a bit of everything, and rows from one mould."""
    mould = (
        "Certainly! A {0} is something that people have known for a very long time. The {0} was first described in {1} "
        "by a traveller who liked it. I hope this helps!"
    )
    poured = [
        json.dumps({"conversation": [{"input": f"What is a {word}?", "output": mould.format(word, 1800 + at)}]})
        for at, word in enumerate(WORDS)
    ]
    run = make_run(chat=rows, poured=poured)
    render(run)
    return run


def test_other_findings_are_decided_too(view: Callable[..., Any], mixed: Run, tmp_path: Path) -> None:
    """Loops, templates, prompts and samples have the same keys; one file holds all, and cleaning obeys it."""
    run = mixed
    page = view(run.path / "report", accept_downloads=True)
    page.go("loops.html")
    looped = page.text(".view .id")
    page.press("d")
    page.until("(looped) => document.querySelector('.view .id').textContent !== looped", looped)
    page.press("n")
    page.until("document.querySelector('.decisionbar output').textContent.startsWith('2 of')")
    page.go("templates.html")
    mould = page.text(".view .id")
    page.page.locator(".thin input[type=number]").fill("5")
    page.page.locator(".thin input[type=number]").blur()
    page.press("c")
    page.until("document.querySelector('.decisionbar output').textContent.includes('2 more')")
    page.go("prompts.html", "kind=prompt")
    asked = page.text(".view .id")
    page.press("2")
    page.until("document.querySelector('.choose[aria-pressed=true]') !== null")
    page.press("Enter")
    page.until("document.querySelector('.decisionbar output').textContent.includes('3 more')")
    page.go("samples.html")
    sample = page.text(".view .id")
    page.press("x")
    page.until("(sample) => document.querySelector('.view .id').textContent !== sample", sample)
    held = exported(page)
    made = {item.get("cluster") or item["sample"]: item for item in held["decisions"]}
    assert made[mould] == {"cluster": mould, "action": "cap", "most": 5}
    assert made[asked]["action"] == "keep"
    assert len(made[asked]["keep"]) == 1
    assert made[sample] == {"sample": sample, "action": "keep-all"}
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps(held), encoding="utf-8")
    opened = Run.open(run.path)
    plan = applied(opened, read(file, opened))
    assert plan.stale == []
    actions, ids = plan.plan["action"].to_pylist(), run.samples["content_id"].to_pylist()
    for name, item in made.items():
        if "sample" in item:
            fates = {action for action, own in zip(actions, ids, strict=True) if own == name}
            assert fates == ({"drop"} if item["action"] == "drop-all" else {"keep"})
    rows = [member["row"] for member in run.members.to_pylist() if member["group"] == mould]
    assert sum(actions[row] != "drop" for row in rows) == 5
    assert main(["clean", str(run.path), "--decisions", str(file), "--dry-run"]) == 0


def test_many_loops_are_decided_at_once(view: Callable[..., Any], report: Path) -> None:
    """What many loops of a rule come to is shown before, and the totals follow."""
    page = view(report)
    page.go("loops.html")
    before = page.text(".decisionbar output")
    page.page.get_by_role("button", name="Several at once").click()
    dialog = page.page.locator("dialog[open]")
    dialog.locator("select").nth(1).select_option("keep-all")
    count = int(dialog.locator("p[aria-live]").inner_text().split()[0])
    assert count > 0
    dialog.get_by_role("button", name="Decide").click()
    page.until("document.querySelector('.view .done, .queue .done') !== null")
    assert page.text(".decisionbar output") != before
    page.press("u")
    page.until("document.querySelector('.decisionbar output').textContent.startsWith('0 of')")


def test_two_tabs_do_not_undo_each_other(view: Callable[..., Any], many: Run) -> None:
    """What is decided in one tab stands in the other, and neither forgets the other's when it saves its own."""
    page = view(many.path / "report")
    page.go("duplicates.html")
    other = page.page.context.new_page()
    other.goto(page.page.url)
    other.wait_for_selector("html.ready")
    page.press("a")
    other.wait_for_selector(".queue .done")
    second = other.locator(".queue li:nth-child(2) a")
    second.click()
    other.wait_for_selector(".queue li:nth-child(2) [aria-current]")
    other.keyboard.press("x")
    page.until("document.querySelector('.decisionbar output').textContent.startsWith('2 of')")
    page.press("u")
    page.until("document.querySelector('.decisionbar output').textContent.startsWith('1 of')")
    page.go("duplicates.html")
    assert "1 of" in page.text(".decisionbar output")
    other.close()
