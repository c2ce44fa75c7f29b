"""Time a run's report in Chromium, opened from disk: ``python benchmarks/report.py RUN``.

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
FIND = """async () => {
    const field = document.querySelector("[data-part=find]");
    const began = performance.now();
    field.value = "the";
    field.dispatchEvent(new Event("input"));
    if (field.form.nextElementSibling.textContent.match(/Nothing|没有/)) return 0;
    const count = () => document.querySelector("[data-part=count]").textContent;
    const before = count();
    for (let at = 0; at < 300 && count() === before; at++) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""


def main() -> None:
    """Render, measure, print."""
    without_pandas()
    from auditor.outputs.html import render  # noqa: PLC0415
    from auditor.outputs.html.pages import PAGES  # noqa: PLC0415
    from auditor.outputs.run import Run  # noqa: PLC0415

    run = Run.open(sys.argv[1])
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

        for name in PAGES:
            print(f"{name:12} opens in {_median(lambda name=name: opened(name)):5.0f} ms", end="")
            if name in WORK:
                print(f", next item in {_median(lambda: page.evaluate(STEP)):4.0f} ms", end="")
            if name in {*WORK, "search"}:
                print(f", first search in {page.evaluate(FIND):4.0f} ms", end="")
            print()
        browser.close()


def _median(act: Callable[[], float]) -> float:
    return statistics.median(act() for _ in range(TIMES))


if __name__ == "__main__":
    main()
