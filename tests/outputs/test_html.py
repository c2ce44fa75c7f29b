"""The report: same bytes, both languages, nothing unescaped, every cap told."""

import base64
import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditor import Run, scan
from auditor.evidence import CUT
from auditor.evidence.marks import pieces
from auditor.outputs.html import duplicates, groups, loops, render, sources
from auditor.outputs.html.facts import CAUSES, Facts
from auditor.outputs.html.pages import PAGES, POLICY
from auditor.outputs.html.report import contexts
from auditor.shipped import REPORTS

SCRIPTS = sorted(REPORTS.glob("*.js"))
TEMPLATES = sorted(REPORTS.glob("*.html"))


def row(prompt: str, answer: str) -> str:
    """One row of XTuner's standard form."""
    return json.dumps({"conversation": [{"input": prompt, "output": answer}]})


def opened(script: str) -> tuple[str, Any]:
    """Open a shard: its name, and what it holds."""
    name, packed = re.fullmatch(r'shard\("([\w-]+)","([\w+/=]+)"\)\n', script).groups()
    return name, json.loads(gzip.decompress(base64.b64decode(packed)))


def data(report: Path, name: str) -> Any:
    """Open one shard of a report."""
    return opened((report / "data" / f"{name}.js").read_text())[1]


def files(folder: Path) -> dict[str, bytes]:
    """Read every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Page(HTMLParser):
    """Tags with attributes, and text nodes with the language and kind of what they stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, list[tuple[str, dict[str, str]]]]] = []
        self.open: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "wbr", "br"):
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, and those within it that close themselves."""
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Take a text node."""
        if data.strip():
            self.texts.append((data.strip(), list(self.open)))


def test_the_same_run_gives_the_same_bytes(run: Run, report: Path) -> None:
    """Rendering again changes no byte."""
    before = files(report)
    render(run)
    assert files(report) == before


def test_every_page_is_there(report: Path) -> None:
    """A folder holds the pages, their style, their scripts and their data."""
    names = set(files(report))
    assert {f"{page}.html" for page in PAGES} | {"report.css", "report.js", "data/words.js"} <= names
    assert (report / "data" / "duplicates.js").exists()


def test_no_word_of_a_page_is_in_one_language_only(report: Path) -> None:
    """Every text node is in a language of its own, is data, or is a number or a name."""
    plain = re.compile(r"[\d\s.,:;%()<>–×→≡↕·▲●◆◐/?jkm…-]*|[A-Z]\d{3}|[a-z_]+: .*")
    for name in PAGES:
        for text, around in Page((report / f"{name}.html").read_text(encoding="utf-8")).texts:
            told = any(attrs.get("lang") and tag != "html" for tag, attrs in around)
            data = any(attrs.get("translate") == "no" for _, attrs in around) or around[-1][0] == "title"
            assert told or data or plain.fullmatch(text), (name, text)


def test_pages_load_nothing_from_elsewhere(report: Path) -> None:
    """Every address in a page is a file beside it; every page has the policy that forbids the rest."""
    for name in PAGES:
        page = Page((report / f"{name}.html").read_text(encoding="utf-8"))
        policy = [attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
        assert policy == [POLICY.format("'self'", "'self'")]
        for _, attrs in page.tags:
            assert not {"style", "onclick", "onload", "onerror"} & set(attrs)
            for address in (attrs.get("src"), attrs.get("href")):
                assert address is None or address == "data:," or (report / address.split("#")[0]).exists()


def test_links_of_the_first_page_lead_to_items(report: Path) -> None:
    """Every item that the first page links to is on the page it names."""
    text = (report / "overview.html").read_text(encoding="utf-8")
    there = {"duplicates": data(report, "duplicates"), "loops": data(report, "loops")}
    found = re.findall(r'href="(duplicates|loops)\.html#((?:near|copy|L\d+)-[0-9a-f]{12})"', text)
    assert found
    for page, anchor in found:
        assert anchor in [item[0] for item in there[page]["items"]]


def test_causes_add_up_to_what_the_summary_says(run: Run) -> None:
    """The parts of the sources are the parts of the verdict, and rows of each cause are as many as it counts."""
    facts, before = Facts(run), run.summary["before"]
    tokens = sources.Sources(facts).tokens.sum(axis=0)
    rows = np.bincount(facts.cause, minlength=4)
    for name, count, number in zip(CAUSES[1:], tokens[1:], rows[1:], strict=True):
        assert count == before["budget"]["trained_tokens"][name]
        assert number == before[f"{name}_rows"]
    assert tokens.sum() == before["trained_tokens"]


def test_near_duplicates_show_both_texts_with_what_they_share(run: Run, report: Path) -> None:
    """A member stands beside the row it was compared with, likeness and reason included."""
    index = data(report, "duplicates")
    listed = next(item for item in index["items"] if item[1] == "near" and "story" in item[8].lower())
    group = data(report, f"duplicates-{listed[-2]:03d}")[listed[-1]]
    member = group["members"][0]
    assert member["why"][0] in {"longer", "order"}
    assert 0.8 <= member["likeness"][0] < 1
    turns = run.turns([member_row(run, index, member["place"])])
    (held,) = turns.values()
    assert ["".join(piece.text for piece in pieces(turn[2])) for turn in member["right"]] == [
        turn.text for turn in held
    ]
    assert any(piece.kind == "own" for turn in member["left"] for piece in pieces(turn[2]))


def test_neighbours_that_stay_are_shown_beside_each_other(report: Path) -> None:
    """Rows that are alike, but not enough to be dropped, stand in their group too, and it says why they stay."""
    index = data(report, "duplicates")
    listed = next(item for item in index["items"] if item[1] == "near" and "story" in item[8].lower())
    members = data(report, f"duplicates-{listed[-2]:03d}")[listed[-1]]["members"]
    kept = [member for member in members if member["dropped"] == [False, False]]
    assert kept
    assert all(member["why"] == ["apart", "0.8"] and 0.5 <= member["likeness"][0] < 0.8 for member in kept)
    assert [member["likeness"][0] for member in members] == sorted((m["likeness"][0] for m in members), reverse=True)


def member_row(run: Run, index: dict[str, Any], place: list[int]) -> int:
    """Find the row that stands at a place."""
    file, line, _ = place
    samples = run.samples.select(["row", "file", "line"]).to_pylist()
    return next(row["row"] for row in samples if (row["file"], row["line"]) == (index["files"][file], line))


def test_copies_list_every_place(report: Path) -> None:
    """A group of copies shows one text, and where each copy stands."""
    index = data(report, "duplicates")
    listed = next(item for item in index["items"] if item[1] == "copy" and "story" in item[8].lower())
    group = data(report, f"duplicates-{listed[-2]:03d}")[listed[-1]]
    assert len(group["places"]) == listed[2] == 5
    assert group["spellings"] == 2
    assert (group["gone"] is None) == (not group["places"][0][-1])


def test_every_kind_of_loop_is_shown(report: Path) -> None:
    """Loops of each kind, debris, echoes, repeated and invented turns stand on one page."""
    index = data(report, "loops")
    kinds = {item[2] for item in index["items"]}
    assert kinds == {"exact", "numbered", "near", "debris", "marker", "echo", "again"}
    for item in index["items"]:
        held = data(report, f"loops-{item[-2]:03d}")[item[-1]]
        marks = [piece for turn in held["text"] for piece in turn[2] if piece[0] in ("1", "here")]
        assert marks, item[2]


def test_faults_say_what_the_trainer_would_do(report: Path) -> None:
    """A broken line is listed with its place, and whether XTuner would stop there."""
    text = (report / "sources.html").read_text(encoding="utf-8")
    assert "chat.jsonl:18" in text
    assert "XTuner would stop here" in text
    assert "XTuner 会在此中断" in text


def test_a_report_is_made_without_the_texts(make_run: Callable[..., Run], rows: list[str]) -> None:
    """Where a source is gone its texts are missing, and the pages say so."""
    run = make_run(here=rows, gone=[line.replace("story", "tale") for line in rows])
    Path(next(source.path for source in run.sources if "gone" in source.name)).unlink()
    page = render(run)
    assert "cannot be read again" in page.read_text(encoding="utf-8")
    index = data(page.parent, "duplicates")
    members = [
        member
        for listed in index["items"]
        for member in data(page.parent, f"duplicates-{listed[-2]:03d}")[listed[-1]].get("members", [])
    ]
    assert {"left" in member for member in members} == {True, False}


def test_a_run_without_anything_to_say_has_a_report(make_run: Callable[..., Run]) -> None:
    """Data that does not repeat gives every page, and a verdict that says so."""
    page = render(make_run(fine=['{"conversation": [{"input": "Where?", "output": "Here."}]}']))
    text = page.read_text(encoding="utf-8")
    assert "Very little in this data repeats." in text
    assert "No trained token was put down to" in text
    assert data(page.parent, "duplicates")["items"] == []


def test_every_cap_is_told(make_run: Callable[..., Run], rows: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a page shows less than there is, it says how much, and where the rest is."""
    monkeypatch.setattr(groups, "GROUPS", 2)
    monkeypatch.setattr(groups, "MEMBERS", 1)
    monkeypatch.setattr(loops, "CASES", 3)
    monkeypatch.setattr(duplicates, "PLACES", 2)
    monkeypatch.setattr(sources, "FILES", 1)
    monkeypatch.setattr(sources, "LINES", 1)
    page = render(make_run(one=rows, two=rows, three=['{"conversation": [{"input": "x", "output": "y"}]}']))
    index = data(page.parent, "duplicates")
    assert len(index["items"]) == 2
    text = page.read_text(encoding="utf-8")
    assert re.search(r"Showing 2 of \d+ groups \([\d.]+% of the affected tokens\)", text)
    assert re.search(r"Showing 3 of \d+ cases", text)
    assert re.search(r"显示 \d+ 组中的 2 组", (page.parent / "duplicates.html").read_text(encoding="utf-8"))
    listed = (page.parent / "sources.html").read_text(encoding="utf-8")
    assert "Showing 1 of 3 files" in listed
    assert re.search(r"Showing 1 of \d+ faults", listed)


def test_long_texts_are_cut_around_their_evidence(
    make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Characters of a page are limited; what is left out is counted."""
    words = " ".join(f"word{n}" for n in range(9000))
    run = make_run(long=[row("Go on.", f"{words} {end}") for end in ("left", "right")])
    page = render(run)
    (item,) = data(page.parent, "duplicates-000")
    (member,) = item["members"]
    shown = [piece for turn in member["right"] for piece in pieces(turn[2])]
    assert sum(len(piece.text) for piece in shown) <= duplicates.CHARS
    assert sum(piece.chars for piece in shown if piece.kind == CUT) > 50_000
    monkeypatch.setattr(groups, "READ", 1000)
    page = render(run)
    assert data(page.parent, "duplicates")["items"] == []
    assert "Showing 0 of 1 groups" in page.read_text(encoding="utf-8")


def test_a_single_file_runs_only_its_own_scripts(run: Run) -> None:
    """One file holds every page; the policy names the hashes of its scripts and style, and nothing else."""
    page = render(run, "zh", single_file=True)
    assert page == run.path / "report.html"
    text = page.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")
    held = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in held}
    assert set(re.findall(r"sha256-([\w+/=]+)", policy)) == hashes
    assert "'self'" not in policy
    assert 'lang="zh-CN" data-first="zh"' in text
    assert not re.search(r'(?:src|href)="(?!#|data:,)', text)
    page.unlink()


@pytest.mark.parametrize(("language", "first"), [("en", "en"), ("zh", "zh-CN"), ("auto", "en")])
def test_the_first_language_is_in_the_page(run: Run, language: str, first: str, tmp_path: Path) -> None:
    """Without a script a page is in the language that was asked for; the rest of it is the same."""
    copy = Run(tmp_path / "copy.audit")
    shutil.copytree(run.path, copy.path)
    page = Page(render(copy, language).read_text(encoding="utf-8"))
    (html,) = [attrs for tag, attrs in page.tags if tag == "html"]
    assert (html["lang"], html["data-first"]) == (first, language)


def test_hostile_names_are_inert_and_visible(tmp_path: Path, rows: list[str]) -> None:
    """File names and titles that look like markup, or hide something, are text."""
    folder = tmp_path / "<b>&{{7*7}}"
    folder.mkdir()
    names = ["a\u202eb.jsonl", '"><img src=x onerror=alert(1)>.jsonl', "zero\u200bwidth\u2028.jsonl"]
    for name in names:
        (folder / name).write_text("\n".join(rows), encoding="utf-8")
    run = scan(folder, tmp_path / "x.audit", report=False, workers=1)
    facts = Facts(run)
    assert contexts(facts)["overview"]["level"] == "act"
    page = render(run)
    for path in page.parent.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        tags = [tag for tag, _ in Page(text).tags]
        assert "img" not in tags
        assert "b" not in tags or path.name == "overview.html"
        assert not re.search("[\u202e\u200b\u2028\x00]", text)
    assert "a⟨RLO⟩b.jsonl" in page.read_text(encoding="utf-8")
    assert "{{7*7}}" in page.read_text(encoding="utf-8")


def test_why_inputs_were_skipped_is_told_in_both_languages(tmp_path: Path) -> None:
    """Reasons stand in English and in Chinese, and names within them are shown, not run."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_text(row("q", "an answer of some words") + "\n", encoding="utf-8")
    (folder / "README.md").write_text("<b>", encoding="utf-8")
    (folder / "<i>.jsonl").hardlink_to(folder / "a.jsonl")
    (folder / "b.jsonl").symlink_to(folder / "<i>.jsonl")
    scan(folder, tmp_path / "run")
    for name in ("overview", "sources"):
        page = (tmp_path / "run" / "report" / f"{name}.html").read_text(encoding="utf-8")
        assert '<span class="t" lang="en">not a data file by its name</span>' in page
        assert '<span class="t" lang="zh-CN">从文件名看不是数据文件</span>' in page
        assert "是同一个文件" in page
        assert "<i>" not in page
