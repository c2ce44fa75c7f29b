"""One small run that holds everything a report shows, its report, and a browser to open it."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor import Run, scan
from auditor.outputs.html import render

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STORY = (
    "The lighthouse keeper climbed the narrow stairs every evening at dusk. He trimmed the wick, polished the lens and "
    "wrote the weather into a heavy book. When fog came in from the north, he rang the bell until morning and counted "
    "the ships by their answers. In forty years he lost none of them, and nobody ever asked him for his name."
)
RECIPE = (
    "先把鱼洗净切片，加盐、料酒和淀粉抓匀腌十分钟。锅里烧油，下姜蒜和酸菜炒香，加一大碗清水煮开，再把鱼片一片片滑进去，"
    "鱼片变白就关火，撒上葱花和干辣椒，浇一勺热油就可以上桌了。"
)


def row(prompt: str, answer: str, system: str = "") -> str:
    """One row of XTuner's standard form."""
    turn = {"input": prompt, "output": answer, **({"system": system} if system else {})}
    return json.dumps({"conversation": [turn]}, ensure_ascii=False)


def chat(*turns: str) -> str:
    """One row of several turns, user first."""
    roles = ("user", "assistant")
    return json.dumps({"messages": [{"role": roles[at % 2], "content": text} for at, text in enumerate(turns)]})


NEAR_LOOP = "".join(f'check("{"go" * i}", {i * 7 % 5});\n' for i in range(9, 18))[:-8]

CHAT = [
    *[row("Tell me a story.", STORY)] * 3,
    row("tell me a story.", STORY.upper()),
    row("Tell me a story.", STORY.replace("forty years", "thirty winters")),
    row("Tell me a story.", STORY.replace("polished the lens", "cleaned the glass") + " The end."),
    row("酸菜鱼怎么做？", RECIPE),
    row("酸菜鱼怎么做？", RECIPE),
    row("酸菜鱼怎么做？", RECIPE.replace("十分钟", "二十分钟"), "你是一位厨师。"),
    row("Say no.", "I would rather not, and I say no " + "no no " * 60),
    row("怎么炒菜？", "先热锅。" + "要不停地翻动，小心糊底。" * 30 + "要不停"),
    row("List it.", "Steps:" + "".join(f"\n{i}. Stir it again, then add a pinch of salt." for i in range(1, 30))),
    row("Write tests.", "Of course:\n" + NEAR_LOOP),
    row("Draw a line.", "Result:\n" + "-" * 400),
    row("Name a city.", "Paris.\n\n### Instruction:\nName the capital of Italy and tell me why."),
    row("Please write a short story about a robot.", "Please write a short story about a robot."),
    chat("What shall I cook?", "Try a bowl of noodles with greens.", "And then?", "Try a bowl of noodles with greens."),
    '{"conversation": [{"input": "broken',
    "",
    *[row(f"What is {n} times {n}?", f"{n} times {n} is {n * n}, as anyone can see.") for n in range(40)],
    row("Tell me a story.", STORY.replace("forty years", "thirty winters").replace("heavy book", "thick book")),
]
MORE = [row("Tell me a story.", STORY), row("酸菜鱼怎么做？", RECIPE), row("Where is the sea?", "Down the road.")]


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Scan files with these lines."""

    def make(**files: list[str]) -> Run:
        folder = tmp_path_factory.mktemp("data")
        for name, lines in files.items():
            (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
        return scan(folder, tmp_path_factory.mktemp("runs") / "small.audit", report=False, workers=1)

    return make


@pytest.fixture(scope="session")
def rows() -> list[str]:
    """Lines of everything that a report shows."""
    return CHAT


@pytest.fixture(scope="session")
def run(make_run: Callable[..., Run]) -> Run:
    """Scan two files with everything that a report shows."""
    return make_run(chat=CHAT, more=MORE)


@pytest.fixture(scope="session")
def report(run: Run) -> Path:
    """Write that run's report, and give its folder."""
    return render(run).parent


FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Start a headless Chromium; skip where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium on the path")
    with playwright.sync_playwright() as started:
        held = started.chromium.launch(executable_path=path, args=FLAGS)
        yield held
        held.close()


@dataclass
class View:
    """An open page, and what went wrong in it."""

    page: "Page"
    folder: Path
    faults: list[str] = field(default_factory=list)

    def go(self, name: str, anchor: str = "") -> None:
        """Open a page of the report."""
        self.page.goto(f"{(self.folder / name).as_uri()}{'#' if anchor else ''}{anchor}")
        self.page.wait_for_selector("html.ready")

    def text(self, selector: str) -> str:
        """Return what an element shows."""
        return self.page.locator(selector).first.inner_text()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def until(self, expression: str, argument: object = None) -> None:
        """Wait until something holds; the browser's own way to wait would need what the policy forbids."""
        for _ in range(100):
            if self.page.evaluate(expression, argument):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(expression)

    def clean(self) -> None:
        """Nothing was loaded from elsewhere, refused or thrown."""
        assert self.page.evaluate("window.violations") == []
        assert self.faults == []


@pytest.fixture
def view(browser: "Browser") -> Iterator[Callable[..., View]]:
    """Open pages of a folder, and watch them."""
    opened = []

    def make(folder: Path, **options: object) -> View:
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options})
        context.add_init_script(WATCH)
        found = View(context.new_page(), folder)
        inside = folder.resolve().as_uri()
        found.page.on("console", lambda told: found.faults.append(told.text))
        found.page.on("pageerror", lambda fault: found.faults.append(str(fault)))
        found.page.on("dialog", lambda dialog: found.faults.append(dialog.message))
        found.page.on(
            "request", lambda asked: asked.url.startswith((inside, "data:,")) or found.faults.append(asked.url)
        )
        opened.append((context, found))
        return found

    yield make
    for context, found in opened:
        found.clean()
        context.close()
