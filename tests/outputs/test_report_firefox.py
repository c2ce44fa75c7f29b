"""The report in Firefox, over its own remote protocol: every page, both languages, keys, searches, accessibility."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from auditor import Run
from auditor.cli import main
from auditor.outputs.html import render
from auditor.outputs.html.pages import PAGES
from tests.outputs import axe

if TYPE_CHECKING:
    from marionette_driver.marionette import Marionette

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

WATCH = """
window.asked = [];
Services.obs.addObserver((request) => { window.asked.push(request.QueryInterface(Ci.nsIChannel).URI.spec); }, "http-on-modify-request");
"""  # noqa: E501
TOLD = """
return Services.console.getMessageArray()
    .filter((told) => told instanceof Ci.nsIScriptError && told.sourceName.startsWith("file:"))
    .map((told) => told.errorMessage);
"""
AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"], preload: false })
    .then((found) => done(found.violations.filter((each) => ["serious", "critical"].includes(each.impact)).map((each) => each.id)));
"""  # noqa: E501


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the browser saves files."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def firefox(downloads: Path) -> "Iterator[Marionette]":
    """Start a headless Firefox; skip where there is none."""
    driver = pytest.importorskip("marionette_driver.marionette", reason="marionette_driver is not installed")
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("no Firefox on the path")
    log = str(downloads / "gecko.log")
    wishes = {"browser.download.folderList": 2, "browser.download.dir": str(downloads)}
    held = driver.Marionette(bin=path, headless=True, prefs=wishes, gecko_log=log, startup_timeout=180)
    held.start_session()
    held.timeout.script = 60
    with held.using_context("chrome"):
        held.execute_script(WATCH, sandbox="system", new_sandbox=False)
    yield held
    held.delete_session()
    held.cleanup()


@pytest.fixture
def go(firefox: "Marionette") -> Iterator[Callable[..., None]]:
    """Open pages; nothing may be refused, thrown or loaded from elsewhere."""
    with firefox.using_context("chrome"):
        firefox.execute_script("Services.console.reset();")

    def open_(path: Path, anchor: str = "") -> None:
        firefox.navigate("about:blank")
        firefox.navigate(f"{path.resolve().as_uri()}{'#' if anchor else ''}{anchor}")
        until(firefox, "document.documentElement.classList.contains('ready')")

    yield open_
    with firefox.using_context("chrome"):
        told = firefox.execute_script(TOLD)
    left = re.compile(r"Loading failed for the <script> with source “file://(.*)”")  # by who left while it came
    assert [line for line in told if not (left.match(line) and Path(unquote(left.match(line)[1])).is_file())] == []


def until(firefox: "Marionette", expression: str) -> None:
    """Wait until something holds."""
    script = f"""
        const done = arguments[0];
        let left = 200;
        const look = () => (({expression}) || !left-- ? done(left) : setTimeout(look, 50));
        look();
    """
    assert firefox.execute_async_script(script) >= 0, expression


def press(firefox: "Marionette", key: str) -> None:
    """Press a key on the page itself."""
    firefox.find_element("tag name", "body").send_keys(key)


def value(firefox: "Marionette", expression: str) -> Any:
    """Return what an expression gives in the page."""
    return firefox.execute_script(f"return {expression};", sandbox=None)


def test_every_page_opens_in_both_languages(firefox: "Marionette", go: Callable[..., None], report: Path) -> None:
    """A page opens from disk, and changes to the other language and back."""
    for name in PAGES:
        go(report / f"{name}.html")
        first = value(firefox, "document.documentElement.lang")
        button = firefox.find_element("css selector", "[data-do=language]")
        button.click()
        assert {first, value(firefox, "document.documentElement.lang")} == {"en", "zh-CN"}
        button.click()
        assert value(firefox, "document.title").strip(), name
        assert value(firefox, "document.documentElement.scrollWidth <= innerWidth"), name


def test_no_page_has_a_serious_fault(firefox: "Marionette", go: Callable[..., None], report: Path) -> None:
    """The checker finds nothing serious here either."""
    script = axe.source()
    for name in PAGES:
        go(report / f"{name}.html", "q=story" if name == "search" else "")
        firefox.execute_script(script, new_sandbox=True)
        assert firefox.execute_async_script(AXE, new_sandbox=False) == [], name


def test_searches_find_text_in_both_languages(firefox: "Marionette", go: Callable[..., None], report: Path) -> None:
    """What is looked for is found on one page, and everywhere."""
    for words in ("lighthouse", "酸菜鱼"):
        go(report / "search.html", f"q={words}")
        until(firefox, "document.querySelectorAll('.hits li').length > 0")
        go(report / "duplicates.html", f"find={words}")
        until(firefox, "document.querySelectorAll('.queue li').length > 0")


def test_findings_are_decided_by_keyboard(
    firefox: "Marionette", go: Callable[..., None], run: Run, report: Path, downloads: Path
) -> None:
    """Keys decide and lead on; the file that is saved is accepted."""
    go(report / "duplicates.html")
    for key in ("a", "x", "d"):
        here = value(firefox, "document.querySelector('.view .id').textContent")
        press(firefox, key)
        until(firefox, f"document.querySelector('.view .id').textContent !== {json.dumps(here)}")
    firefox.find_element("css selector", "nav a[data-page=loops]").click()
    until(firefox, "document.body?.dataset.page === 'loops' && document.documentElement.classList.contains('ready')")
    press(firefox, "n")
    until(firefox, "document.querySelector('.queue .done') !== null")
    press(firefox, "e")
    field = firefox.find_element("css selector", "dialog[open] input")
    field.send_keys("lin")
    firefox.find_element("css selector", "dialog[open] button[value=save]").click()
    for _ in range(100):
        found = [path for path in downloads.glob("decisions-*.json") if path.stat().st_size]
        if found:
            break
        time.sleep(0.1)
    held = json.loads(found[0].read_text(encoding="utf-8"))
    assert [item["action"] for item in held["decisions"] if "sample" in item] == ["false-alarm"]
    assert sorted(item["action"] for item in held["decisions"] if "cluster" in item) == [
        "accept",
        "drop-all",
        "keep-all",
    ]
    assert main(["clean", str(run.path), "--decisions", str(found[0]), "--dry-run"]) == 0


def test_a_single_file_holds_every_page(firefox: "Marionette", go: Callable[..., None], run: Run) -> None:
    """One file, opened from disk: every page is there, and hashes let its scripts run."""
    path = render(run, single_file=True)
    for name in PAGES:
        go(path, name)
        assert value(firefox, "document.body.dataset.page") == name
        assert (
            value(firefox, "[...document.querySelectorAll('section.page')].filter((each) => !each.hidden).length") == 1
        )
    path.unlink()


def test_nothing_was_asked_of_the_network(firefox: "Marionette", go: Callable[..., None], report: Path) -> None:
    """No page asks for anything but its own files."""
    for name in PAGES:
        go(report / f"{name}.html")
    with firefox.using_context("chrome"):
        asked = firefox.execute_script("return window.asked;", sandbox="system", new_sandbox=False)
    assert [address for address in asked if "mozilla" not in address] == []
