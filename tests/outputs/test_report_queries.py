"""The queries that pages offer: each is taken out of the rendered page and run, in DuckDB and in pandas."""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from made import WORDS

from auditor import Run
from auditor.outputs.html import render
from auditor.outputs.html.pages import PAGES
from auditor.shipped import REPORTS

pytestmark = pytest.mark.browser

TAKE = "[...document.querySelectorAll('[data-query]')].map((each) => [each.dataset.query, each.dataset.copy])"


@pytest.fixture(scope="module")
def full(make_run: Callable[..., Run], rows: list[str]) -> Run:
    """Scan a bit of everything, with rows from one mould and two files that share rows."""
    mould = "Certainly! A {0} is something that people have known for a very long time, since {1}. I hope this helps!"
    poured = [
        json.dumps({"conversation": [{"input": f"What is a {word}?", "output": mould.format(word, 1800 + at)}]})
        for at, word in enumerate(WORDS[:12])
    ]
    return make_run(chat=rows, poured=[*poured, *rows[:3]])


@pytest.mark.parametrize("single", [False, True])
def test_every_query_runs(
    view: Callable[..., Any], full: Run, monkeypatch: pytest.MonkeyPatch, single: bool
) -> None:  # fmt: skip
    """In the run's folder every copied query gives rows."""
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    path = render(full, single_file=single)
    page = view(path.parent)
    found: dict[str, set[tuple[str, str]]] = {}
    for name in PAGES:
        page.go("report.html" if single else f"{name}.html", name if single else "")
        page.page.wait_for_timeout(100)
        found[name] = {tuple(each) for each in page.page.evaluate(TAKE)}
    if single:
        path.unlink()
    assert {"sql", "pandas"} == {kind for queries in found.values() for kind, _ in queries}
    assert all(found[name] for name in PAGES if name != "search")
    monkeypatch.chdir(full.path)
    for kind, query in sorted(set().union(*found.values())):
        if kind == "sql":
            assert duckdb.sql(query).fetchall() is not None, query
        else:
            assert len(_run(query)) >= 0, query


def test_queries_of_rare_tables_run(full: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that stand only where a profile allows findings or holds other tools' rules."""
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    text = (REPORTS / "rules.html").read_text(encoding="utf-8")
    held = re.findall(r'queries\("(\w+)", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\)', text)
    assert len(held) == 3
    monkeypatch.chdir(full.path)
    for table, sql, pandas in held:
        duckdb.sql(sql.replace('\\"', '"')).fetchall()
        _run(f'import pandas as pd\npd.read_parquet("{table}.parquet")' + pandas.replace('\\"', '"'))


def _run(query: str) -> Any:
    """Run a query as someone would in a notebook: its last line has the value."""
    first, last = query.split("\n")
    ast.parse(query)
    assert first == "import pandas as pd"
    return eval(last, {"pd": pd})


def test_numbers_lead_to_their_rows(view: Callable[..., Any], full: Run) -> None:
    """Every link of the pages that are read opens something: a page, and an item or a view there."""
    folder = Path(render(full)).parent
    page, other = view(folder), view(folder)
    for name in ("overview", "rules", "sources"):
        page.go(f"{name}.html")
        links = set(
            page.page.evaluate("[...document.querySelectorAll('main a[href]')].map((a) => a.getAttribute('href'))")
        )
        assert len(links) >= 3
        for link in sorted(links):
            target, _, anchor = link.partition("#")
            other.page.goto("about:blank")
            other.go(target or f"{name}.html", anchor)
            if other.page.locator("[data-part=queue]").count():
                assert other.page.locator(".queue li").count(), link
            elif anchor:
                assert other.page.locator(f"[id='{anchor}']").count() == 1, link
