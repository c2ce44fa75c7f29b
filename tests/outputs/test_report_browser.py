"""The report in a real browser, opened from disk: in both languages, by keyboard, and nothing gets out or in."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor import Run, scan
from auditor.outputs.html import render
from auditor.outputs.html.pages import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
CODES = {"en": "en", "zh": "zh-CN"}


@pytest.mark.parametrize(("language", "other"), [("en", "zh"), ("zh", "en")])
def test_every_page_opens_in_every_language(view: Callable[..., Any], report: Path, language: str, other: str) -> None:
    """A page opens from disk in the language of the browser, and changes to the other one without loading again."""
    page = view(report, locale=CODES[language])
    for name in PAGES:
        page.go(f"{name}.html")
        titles = {key: page.page.locator(f"nav [data-page={name}] [lang={code}]") for key, code in CODES.items()}
        assert titles[language].is_visible()
        page.page.click("[data-do=language]")
        assert titles[other].is_visible()
        assert not titles[language].is_visible()
        assert page.page.evaluate("document.documentElement.lang") == CODES[other]
        page.page.click("[data-do=language]")
    page.page.click("[data-do=language]")
    page.go("overview.html")
    assert page.page.evaluate("document.documentElement.lang") == CODES[other]


def test_no_page_is_wider_than_a_narrow_screen(view: Callable[..., Any], report: Path) -> None:
    """At 360 pixels nothing of a page is cut off; tables scroll by themselves."""
    page = view(report, viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    for name in PAGES:
        page.go(f"{name}.html")
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 360, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_the_switch(view: Callable[..., Any], report: Path, scheme: str) -> None:
    """The page is as dark as the system, until a reader chooses."""
    page = view(report, color_scheme=scheme)
    page.go("overview.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    colours = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}
    assert page.page.evaluate(ground) == colours[scheme]
    page.page.click("[data-do=theme]")
    other = "dark" if scheme == "light" else "light"
    assert page.page.evaluate(ground) == colours[other]
    page.go("rules.html")
    assert page.page.evaluate(ground) == colours[other]


def test_the_first_page_is_read_without_scripts(browser: "Browser", report: Path) -> None:
    """Verdict, tables and charts are there where scripts are off."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((report / "overview.html").as_uri())
    assert page.locator("h1 [lang=en]").is_visible()
    assert not page.locator("h1 [lang=zh-CN]").is_visible()
    assert page.locator("svg.chart").count() == 2
    page.goto((report / "duplicates.html").as_uri())
    assert page.locator(".noscript").is_visible()
    context.close()


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_the_first_page_is_printed_on_one_sheet(view: Callable[..., Any], report: Path, language: str) -> None:
    """The overview fits on a page of paper."""
    page = view(report, locale=language, color_scheme="dark")
    page.go("overview.html")
    printed = page.page.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") + printed.count(b"/Type /Page/") == 1


def test_near_duplicates_are_walked_by_keyboard(view: Callable[..., Any], report: Path) -> None:
    """Keys lead from group to group and from member to member, and change what is marked."""
    page = view(report)
    page.go("duplicates.html", "kind=near")
    first = page.text(".view .id")
    assert page.text(".queue [aria-current]") == page.text(".queue li:first-child a")
    assert page.page.locator(".view mark.own").count() > 0
    page.press("m")
    page.page.wait_for_selector(".view mark.shared")
    assert page.page.locator(".view mark.own").count() == 0
    page.press("m", "j")
    page.until("(first) => document.querySelector('.view .id').textContent !== first", first)
    assert page.text(".view .id") in page.page.url
    page.press("k")
    page.until("(first) => document.querySelector('.view .id').textContent === first", first)
    page.go("duplicates.html", "kind=near&sort=size")
    page.page.wait_for_selector(".member")
    page.press("2")
    page.page.wait_for_selector(".member:nth-child(2)[aria-pressed=true]")


def test_keys_are_buttons_and_can_be_switched_off(view: Callable[..., Any], report: Path) -> None:
    """Every key has a button; keys are silent in fields, and off where a reader says so."""
    page = view(report)
    page.go("duplicates.html")
    first = page.text(".view .id")
    for key in ("j", "k", "/", "?"):
        button = page.page.locator(f"[data-key='{key}']")
        assert button.count() == 1
        assert button.get_attribute("aria-keyshortcuts") == key
    page.press("/")
    page.page.keyboard.type("jjj?")
    assert page.page.locator("input[type=search]").input_value() == "jjj?"
    assert not page.page.locator("#help").is_visible()
    page.page.locator("input[type=search]").fill("")
    page.page.locator("input[type=search]").blur()
    page.press("?")
    assert page.page.locator("#help").is_visible()
    page.page.uncheck("#keys")
    page.press("Escape", "j", "?")
    assert not page.page.locator("#help").is_visible()
    assert page.text(".view .id") == first
    page.page.click("[data-do=help]")
    page.page.check("#keys")


def test_the_focus_stays_where_it_was(view: Callable[..., Any], report: Path) -> None:
    """Who presses a button by keyboard can press it again."""
    page = view(report)
    page.go("duplicates.html")
    first = page.text(".view .id")
    page.page.focus(".view [data-key=j]")
    page.press("Enter")
    page.until("(first) => document.querySelector('.view .id').textContent !== first", first)
    assert page.page.evaluate("document.activeElement.dataset.key") == "j"


def test_the_queue_is_filtered_sorted_and_searched(view: Callable[..., Any], report: Path) -> None:
    """Sorting, kinds, files and words narrow the queue; the address keeps the view."""
    page = view(report)
    page.go("duplicates.html")
    queue = page.page.locator(".queue li")
    everything = queue.count()
    page.page.select_option("[data-part=kind]", "copy")
    copies = queue.count()
    assert 0 < copies < everything
    assert "kind=copy" in page.page.url
    page.page.select_option("[data-part=sort]", "size")
    page.page.select_option("[data-part=kind]", "")
    page.page.fill("[data-part=find]", "酸菜鱼")
    assert 0 < queue.count() < everything
    page.page.fill("[data-part=find]", "nothing like this")
    assert queue.count() == 0
    assert page.text(".view") == "Nothing here matches."


def test_matches_scroll_both_texts(view: Callable[..., Any], make_run: Callable[..., Run]) -> None:
    """A match is brought into view on both sides; scrolling one side scrolls the other."""
    long = " ".join(f"Sentence {n} is about the {n}th thing of many." for n in range(80))
    answers = (long, f"Well then. {long}")
    rows = [json.dumps({"conversation": [{"input": "Go on.", "output": answer}]}) for answer in answers]
    page = view(render(make_run(long=rows)).parent, viewport={"width": 1280, "height": 700})
    page.go("duplicates.html")
    panes = page.page.locator(".panes .pane")
    panes.first.evaluate("(pane) => { pane.scrollTop = pane.scrollHeight; }")
    page.until("[...document.querySelectorAll('.pane')].every((pane) => pane.scrollTop > 50)")
    page.page.locator(".matches .chip").first.click()
    page.until("document.querySelectorAll('.pane .at').length >= 2")


def test_an_item_has_an_address(view: Callable[..., Any], report: Path) -> None:
    """A link to a group or a finding opens it, whatever page of the queue it is on."""
    page = view(report)
    page.go("overview.html")
    for link in page.page.locator(".decisions a").all()[:4]:
        address = link.get_attribute("href")
        found = view(report)
        found.go(address.split("#")[0], address.split("#")[1])
        assert found.text(".view .id") == address.split("#")[1]


def test_loops_number_their_copies(view: Callable[..., Any], report: Path) -> None:
    """The copies of a loop are numbered, the rest is folded, and its place in the text is drawn."""
    page = view(report)
    page.go("loops.html")
    assert page.page.locator(".view mark .badge").all_inner_texts()[:3] == ["①", "②", "③"]
    assert "more" in page.text(".view .fold")
    assert page.page.locator(".view .track svg rect.loop").count() == 1
    for kind in ("L104", "L105", "L106", "L107"):
        page.go("loops.html", f"kind={kind}")
        assert page.page.locator(".view mark").count() > 0


def test_tables_are_sorted_by_their_headers(view: Callable[..., Any], report: Path) -> None:
    """A header sorts its column and says how."""
    page = view(report)
    page.go("rules.html")
    header = page.page.locator("th:has(button)").nth(3)
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    counts = [int(text.replace(",", "")) for text in page.page.locator(".rules td:nth-child(4)").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)


def test_places_are_copied(view: Callable[..., Any], report: Path) -> None:
    """A click on a place copies it, and says so aloud."""
    page = view(report, permissions=["clipboard-read", "clipboard-write"])
    page.go("sources.html", "bad")
    page.page.locator("#bad .place").first.click()
    page.until("document.getElementById('said').textContent !== ''")
    assert "chat.jsonl:18" in page.text("#said")


def test_a_single_file_holds_every_page(view: Callable[..., Any], run: Run) -> None:
    """One file, opened from disk: every page is there, and hashes let its scripts run."""
    path = render(run, single_file=True)
    page = view(path.parent)
    page.go("report.html")
    for name in PAGES:
        page.page.locator(f"nav [data-page={name}]").click()
        page.until("(name) => document.body.dataset.page === name", name)
        shown = page.page.locator("section.page:visible")
        assert [section.get_attribute("data-page") for section in shown.all()] == [name]
    page.page.locator("nav [data-page=overview]").click()
    page.page.locator(".decisions a").first.click()
    page.page.wait_for_selector(".view:visible .id")
    path.unlink()


HOSTILE = [
    "</script><img src=x onerror=alert(1)><svg onload=alert(2)>",
    "{{7*7}} {% raw %} ${7*7} <%= 7*7 %> javascript:alert(3)",
    '"><a href="javascript:alert(4)">click</a><style>*{display:none}</style>',
    "right\u202eleft zero\u200bwidth line\u2028para\u2029graph nul\x00 half\ud800 tag\U000e0041",
]


def test_hostile_data_is_inert_and_shown_as_it_is(view: Callable[..., Any], tmp_path: Path) -> None:
    """Whatever stands in texts and names is text: nothing runs, nothing loads, nothing is hidden."""
    body = " ".join(HOSTILE) + " and so on, until the reader has had more than enough of it. "
    rows = [
        *[json.dumps({"conversation": [{"input": HOSTILE[0], "output": body}]})] * 2,
        json.dumps({"conversation": [{"input": HOSTILE[0], "output": body + "Once more."}]}),
        json.dumps({"conversation": [{"input": HOSTILE[1], "output": f"{HOSTILE[2]} " * 30}]}),
        json.dumps({"conversation": [{"input": "long", "output": "x" * 1_000_000}]}),
        json.dumps({"messages": [{"role": HOSTILE[0], "content": "x"}, {"role": "assistant", "content": "y"}]}),
    ]
    folder = tmp_path / "<img src=x onerror=alert(5)>"
    folder.mkdir()
    (folder / "\u202e\"'><b>{{7*7}}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    run = scan(folder, tmp_path / "<i>run.audit", report=False, workers=1)
    spoiled = {part: dict.fromkeys(("en", "zh"), HOSTILE[0]) for part in ("title", "what", "why")}
    rules = tuple(replace(rule, texts=spoiled) for rule in run.profile.rules)
    run.__dict__["profile"] = replace(run.profile, rules=rules)
    page = view(render(run).parent)
    for name in PAGES:
        page.go(f"{name}.html")
        assert page.page.locator("img, iframe, object, main b:not([class]):has(b), a[href^=javascript]").count() == 0
        assert page.page.evaluate("document.querySelectorAll('main style, main script').length") == 0
    page.go("duplicates.html", "kind=copy")
    shown = page.text(".view .pane")
    assert HOSTILE[0] in shown
    assert HOSTILE[1] in shown
    assert "right⟨RLO⟩left zero⟨ZWSP⟩width line⟨LS⟩para⟨PS⟩graph nul⟨NUL⟩ half\ufffd tag⟨U+E0041⟩" in shown
    assert "⟨RLO⟩\"'><b>{{7*7}}.jsonl" in page.text(".places")
    page.go("loops.html")
    assert "x" in page.text(".view .unit")
    page.go("rules.html")
    assert HOSTILE[0] in page.text("main summary")


def test_a_run_without_sources_can_still_be_read(view: Callable[..., Any], run: Run, tmp_path: Path) -> None:
    """Pages say that texts are missing, and work otherwise."""
    held = json.loads((run.path / "manifest.json").read_text(encoding="utf-8"))
    copy = tmp_path / "copy.audit"
    shutil.copytree(run.path, copy)
    for source in held["inputs"]:
        source["path"] = str(tmp_path / "gone.jsonl")
    (copy / "manifest.json").write_text(json.dumps(held), encoding="utf-8")
    page = view(render(Run.open(copy)).parent)
    page.go("duplicates.html", "kind=near")
    assert "The text is not shown" in page.text(".view")
    page.press("j")
    page.go("loops.html")
    assert "The text is not shown" in page.text(".view")
