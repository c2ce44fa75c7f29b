"""The report for everyone: axe-core finds nothing serious on any page, in any language, light or dark."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.outputs.html.pages import PAGES
from tests.outputs import axe

pytestmark = pytest.mark.browser

RUN = "() => axe.run(document, {resultTypes: ['violations'], preload: false}).then((found) => found.violations)"


@pytest.fixture(scope="module")
def checker() -> str:
    """The checker's script."""
    return axe.source()


@pytest.mark.parametrize(("locale", "scheme"), [("en-GB", "light"), ("zh-CN", "dark")])
def test_no_page_has_a_serious_fault(
    view: Callable[..., Any], report: Path, checker: str, locale: str, scheme: str
) -> None:
    """Names, roles, contrast, headings and focus are as WCAG 2.2 asks, as far as a program can tell."""
    page = view(report, locale=locale, color_scheme=scheme)
    found = []
    for name in PAGES:
        page.go(f"{name}.html", "q=story" if name == "search" else "")
        page.page.wait_for_timeout(50)
        page.page.evaluate(checker)
        for fault in page.page.evaluate(RUN):
            where = [" ".join(map(str, node["target"])) for node in fault["nodes"]][:3]
            if fault["impact"] in {"serious", "critical"}:
                found.append((name, fault["id"], where))
    assert found == []
