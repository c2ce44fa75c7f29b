"""Time a run's report in Chromium, opened from disk: ``python benchmarks/report.py RUN [WORDS]``.

Renders the report, says how large it is, and how long each page and each kind of view takes, as medians of five.
"""

import shutil
import statistics
import sys
import time
from collections.abc import Callable

from auditor.cli.quick import without_pandas

TIMES = 5
WORK = ("duplicates", "loops", "templates", "phrases", "prompts", "structure", "samples")
STEP = """async () => {
    const began = performance.now();
    const before = document.querySelector(".view .id")?.textContent;
    const next = document.querySelector("[data-key=j]:not(:disabled)");
    if (!next) return 0;
    next.click();
    for (let at = 0; at < 200 && document.querySelector(".view .id")?.textContent === before; at++) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""  # noqa: E501
FIND = """async (words) => {
    const field = document.querySelector("[data-part=find]");
    const list = document.querySelector("[data-part=queue], [data-part=hits]");
    const count = document.querySelector("[data-part=count]");
    const before = count.textContent;
    const began = performance.now();
    let first = 0;
    field.value = words;
    field.dispatchEvent(new Event("input"));
    for (let at = 0; at < 900; at++) {
        await new Promise(requestAnimationFrame);
        if (!first && list.children.length && count.textContent !== before) first = performance.now() - began;
        if (at && !list.hasAttribute("aria-busy")) break;
    }
    await new Promise(requestAnimationFrame);
    return [first || performance.now() - began, performance.now() - began];
}"""
"""Search, and say when the first lines that fit stood there, and when everything had been read."""


def main() -> None:
    """Render, measure, print."""
    without_pandas()
    from auditor.outputs.html import render  # noqa: PLC0415
    from auditor.outputs.html.pages import PAGES  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415

    run, words = Run.open(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "the"
    began = time.perf_counter()
    folder = render(run).parent
    took = time.perf_counter() - began
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{run.brief.num_rows:,} rows, {run.groups.num_rows:,} groups: rendered in {took:.2f} s, {size / 1e6:.1f} MB")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"])
        page = browser.new_page()

        def opened(name: str) -> float:
            page.goto("about:blank")
            began = time.perf_counter()
            page.goto((folder / f"{name}.html").as_uri())
            page.wait_for_selector("html.ready")
            return 1000 * (time.perf_counter() - began)

        def searched(name: str) -> list[float]:
            found = [(opened(name), page.evaluate(FIND, words))[1] for _ in range(TIMES)]
            return [statistics.median(times) for times in zip(*found, strict=True)]

        for name in PAGES:
            print(f"{name:12} opens in {_median(lambda name=name: opened(name)):5.0f} ms", end="")
            if name in WORK:
                print(f", next item in {_median(lambda: page.evaluate(STEP)):4.0f} ms", end="")
            if name in {*WORK, "search"}:
                print(", searched in {:4.0f} ms, to the end in {:4.0f} ms".format(*searched(name)), end="")
            print()
        browser.close()


def _median(act: Callable[[], float]) -> float:
    return statistics.median(act() for _ in range(TIMES))


if __name__ == "__main__":
    main()
