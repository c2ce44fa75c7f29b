"""Pages that are worked through, in a real browser: templates, phrases, prompts, samples, search, and redaction."""

import base64
import gzip
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor import Run
from auditor.outputs.html import render
from auditor.outputs.html.pages import PAGES
from auditor.outputs.html.redact import redacted, said

pytestmark = pytest.mark.browser


def told(prompt: str, answer: str) -> str:
    """One row of XTuner's standard form."""
    return json.dumps({"conversation": [{"input": prompt, "output": answer}]}, ensure_ascii=False)


@pytest.fixture(scope="module")
def poured(make_run: Callable[..., Run]) -> Path:
    """A report of rows from a mould, rows that begin alike, and one prompt with several answers."""
    things = [
        f"{a}{b}"
        for a in ("red", "tall", "old", "new", "wet")
        for b in ("house", "tree", "boat", "road", "lamp", "bell")
    ]
    rows = [
        told(f"What is a {thing}?", f"Certainly! A {thing} is something that people have known for a very long time. "
             f"The {thing} was first described in {1800 + at} by a traveller who liked it. I hope this helps!")
        for at, thing in enumerate(things)
    ]  # fmt: skip
    rows += [
        told("Give me a number.", f"My favourite number of all is {word}.") for word in ("one", "ten", "six", "two")
    ]
    rows += [
        told(f"第{n}个问题是什么？", f"好的，很高兴为您解答。这里是第{n}个回答，内容各不相同：{n * 7919}。")
        for n in range(30)
    ]
    return render(make_run(poured=rows)).parent


def test_templates_show_slots_and_what_fills_them(view: Callable[..., Any], poured: Path) -> None:
    """Slots are numbered boxes, their fillers a table, and the slider says what a cap would do."""
    page = view(poured)
    page.go("templates.html", "kind=template")
    assert page.page.locator(".mould .slot").count() > 0
    assert page.page.locator(".view tbody tr").count() > 0
    before = page.text(".thin output")
    page.page.locator(".thin input[type=number]").fill("3")
    assert page.text(".thin output") != before
    assert page.text(".deciding [data-key=c]").startswith("Keep at most 3")


def test_phrases_stand_in_their_context(view: Callable[..., Any], poured: Path) -> None:
    """A phrase is centred among the words around it, row by row, with its place."""
    page = view(poured)
    page.go("phrases.html", "kind=opening")
    assert page.page.locator(".context tr").count() >= 2
    phrase = page.text(".quote").lower()[:4]
    assert all(text.lower().startswith(phrase) for text in page.page.locator(".context mark").all_inner_texts())
    assert page.page.locator(".context .place").count() >= 2


def test_prompts_stand_with_their_answers(view: Callable[..., Any], poured: Path) -> None:
    """One prompt, and its different answers side by side."""
    page = view(poured)
    page.go("prompts.html", "kind=prompt")
    assert "Give me a number." in page.text(".asked")
    assert page.page.locator(".sides .pane").count() == 4


def test_flagged_samples_are_chats_with_all_spans(view: Callable[..., Any], report: Path) -> None:
    """A looping answer is marked by the rules that it meets; rules link there, and back."""
    page = view(report)
    page.go("rules.html")
    link = page.page.locator("a[href^='samples.html#kind=L']").first
    code = link.get_attribute("href").partition("=")[2]
    link.click()
    page.page.wait_for_selector("body[data-page=samples] .view mark.rule")
    assert code in page.text(".view .met")
    assert page.page.locator("[data-part=kind]").input_value() == code


@pytest.mark.parametrize("words", ["lighthouse", "酸菜鱼"])
def test_one_search_looks_through_everything(view: Callable[..., Any], report: Path, words: str) -> None:
    """Words in either language are found wherever they are shown; the address keeps the search; hits lead there."""
    page = view(report)
    page.go("search.html")
    page.page.fill("[data-part=find]", words)
    page.page.wait_for_selector(".hits li")
    assert all(words in text.lower() for text in page.page.locator(".hits mark").all_inner_texts())
    again = view(report)
    again.page.goto(page.page.url)
    again.page.wait_for_selector(".hits li")
    assert again.page.locator("[data-part=find]").input_value() == words
    first = again.page.locator(".hits a").first
    anchor = first.get_attribute("href").partition("#")[2]
    first.click()
    again.page.wait_for_selector(".view .id")
    assert again.text(".view .id") == anchor


def test_a_queue_is_searched_in_whole_texts(view: Callable[..., Any], report: Path) -> None:
    """Words that no line of the queue shows are found in the texts behind it."""
    page = view(report)
    page.go("duplicates.html", "find=forty%20years")
    page.page.wait_for_selector(".queue li")
    assert page.page.locator("[data-part=find]").input_value() == "forty years"
    assert (
        0
        < page.page.locator(".queue li").count()
        < page.page.evaluate("load('duplicates').then((held) => held.items.length)")
    )


def test_a_link_survives_a_new_scan(view: Callable[..., Any], make_run: Callable[..., Run], rows: list[str]) -> None:
    """The address of a group still opens it in the report of a later scan of more data."""
    page = view(render(make_run(first=rows)).parent)
    page.go("duplicates.html", "kind=copy")
    address = page.text(".view .id")
    later = view(render(make_run(aaa=[told("Something new?", "Nothing at all, I am afraid.")], first=rows)).parent)
    later.go("duplicates.html", address)
    assert later.text(".view .id") == address


def test_queries_are_copied(view: Callable[..., Any], report: Path) -> None:
    """DuckDB and pandas get the same rows by a query that names a table beside the report."""
    page = view(report, permissions=["clipboard-read", "clipboard-write"])
    page.go("duplicates.html")
    group = page.text(".view .id")
    for name, begin in (("DuckDB", "SELECT * FROM 'members.parquet'"), ("pandas", "import pandas as pd")):
        page.page.locator(".view").get_by_role("button", name=name).click()
        found = page.page.evaluate("navigator.clipboard.readText()")
        assert found.startswith(begin)
        assert group in found


def test_another_threshold_is_tried_out(view: Callable[..., Any], report: Path) -> None:
    """A lower threshold drops more; the page writes the profile that does so."""
    page = view(report)
    page.go("rules.html")
    slider = page.page.locator(".whatif input")
    slider.fill("0")
    low = int(re.search(r"about ([\d,]+) rows", page.text(".whatif output"))[1].replace(",", ""))
    assert "threshold: 0.50" in page.text(".whatif pre")
    slider.fill("50")
    high = int(re.search(r"about ([\d,]+) rows", page.text(".whatif output"))[1].replace(",", ""))
    assert low > high


@pytest.mark.parametrize("way", ["mask", "hash"])
def test_a_redacted_report_gives_no_text_away(view: Callable[..., Any], run: Run, tmp_path: Path, way: str) -> None:
    """No word of the data is in any file of the report; marks, counts and places stay; every page says so."""
    copy = Run(tmp_path / "copy.audit")
    shutil.copytree(run.path, copy.path, ignore=shutil.ignore_patterns("report"))
    folder = render(copy, redact=way).parent
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.html"))
    for path in folder.glob("data/*.js"):
        text += gzip.decompress(base64.b64decode(path.read_text().split('"')[3])).decode()
    for secret in ("lighthouse", "keeper climbed", "酸菜鱼", "Stir it again", "Paris"):
        assert secret not in text
    page = view(folder)
    for name in PAGES:
        page.go(f"{name}.html")
        assert page.page.locator(f".secret.{way}").is_visible()
    page.go("duplicates.html", "kind=near")
    assert page.page.locator(".view mark.own").count() > 0


def test_words_are_redacted_alike() -> None:
    """Hashing keeps equal words equal and different ones different; what is no word stays."""
    with redacted("hash"):
        one, two, three = said("Salt, salt 盐").replace(",", "").split()
        assert one == two != three
        assert said("a\ufdd0b") != "a\ufdd0b"
        assert "\ufdd0" in said("a\ufdd0b")
    with redacted("mask"):
        assert said("⟦12⟧ Aé9中\ufdde120") == "⟦12⟧ Xx0〇\ufdde120"
