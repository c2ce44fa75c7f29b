"""Three hundred hostile strings in texts, roles, file names and titles: inert, and shown as they are."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made import WORDS

from auditor import scan
from auditor.outputs.html import render
from auditor.outputs.html.pages import PAGES
from auditor.outputs.html.shown import visible

pytestmark = pytest.mark.browser

SINK = "window.broken = true"
SCRIPTS = [
    f"<script>{SINK}</script>",
    f"</script><script>{SINK}</script>",
    f"<img src=x onerror='{SINK}'>",
    f"<svg onload='{SINK}'>",
    f"<svg><script>{SINK}</script></svg>",
    f"<body onload='{SINK}'>",
    "<iframe srcdoc='<script>parent.broken = true</script>'>",
    f"<a href='javascript:{SINK}'>x</a>",
    f"<math><mi xlink:href='javascript:{SINK}'>",
    f"<details open ontoggle='{SINK}'>",
    f"<input autofocus onfocus='{SINK}'>",
    f"<video><source onerror='{SINK}'>",
    f"<object data='javascript:{SINK}'>",
    "<base href='http://127.0.0.1:9/'>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    f"<template><script>{SINK}</script></template>",
    "<style>@import 'http://127.0.0.1:9/'</style>",
    "<style>body{display:none}</style>",
    "--></title><plaintext>",
    "<!--",
    "]]>",
    "<![CDATA[",
    f'" onmouseover="{SINK}" x="',
    f"' onclick='{SINK}' y='",
    "`;alert(1);//",
    f"${{{SINK}}}",
    f"{{{{constructor.constructor('{SINK}')()}}}}",
    "{{ 7*7 }}",
    "{% include '/etc/passwd' %}",
    "{# comment #}",
    "#{7*7}",
    "<%= 7*7 %>",
    "<?php echo 1 ?>",
    "&lt;b&gt;",
    "&#x3c;script&#x3e;",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "data:text/html,<script>1</script>",
    "vbscript:msgbox(1)",
    "=cmd|'/C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "../../etc/passwd",
    "%00",
    "%3Cscript%3E",
    "\\u003cscript\\u003e",
    "'; DROP TABLE x;--",
]  # fmt: skip
UNSEEN = [
    *(chr(code) for code in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070))),
    "\ufeff", "\u00ad", "\u061c", "\u180e", "\u3164", "\ufffc", "\U000e0001", "\U000e0041", "\ufdd0", "\ufdef",
    "\x00", "\x07", "\x08", "\x1b[31m", "\x7f", "\x85", "\r", "\x0c", "\ud800", "\udfff", "\ud83d",
]  # fmt: skip
HOSTILE = [
    *SCRIPTS,
    *(f"odd {char} end" for char in UNSEEN),
    *(f"{char}{script}" for char in ("\u202e", "\u2066", "\u2028") for script in SCRIPTS),
    *(f"{script}{'na ' * 9}" for script in SCRIPTS),
    "x" * 1_000_000,
    "\u0301" * 3000,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\n" * 500,
    " " * 5000,
]


TITLE, ASKED, OPENED = SCRIPTS[2], SCRIPTS[:30], SCRIPTS[1:3]
LOOPED = SCRIPTS[:20]
POURED = ["<b onclick=alert(1)>bold words that stay</b>", "{{ 7*7 }} is what the template says to all"]
MOULD = (
    "Certainly! A {0} is something that people have known for a very long time, and {2} was first written down in {1} "
    "by a traveller who liked it. I hope this helps!"
)
WALK = """async (name) => {
    const index = await load(name);
    const seen = [];
    const missing = [];
    const flat = (string) => string.replace(/\\s+/g, " ").trim();
    const strings = (held) => typeof held === "string" ? [held] : Array.isArray(held) ? held.flatMap(strings) : [];
    for (const item of index.items) {
        location.hash = item[0];
        for (let at = 0; at < 200 && document.querySelector(".view .id")?.textContent !== item[0]; at++) await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const view = document.querySelector(".view");
        const shown = [flat(view.textContent)];
        for (const chip of view.querySelectorAll(".member")) {
            document.querySelectorAll(".member")[shown.length - 1]?.click();
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            shown.push(flat(document.querySelector(".view").textContent));
        }
        const whole = shown.join("\\n");
        seen.push(whole);
        const held = (await load(shardName(name, item.at(-2))))[item.at(-1)];
        const texts = [held.unit, held.phrase, ...(held.sides ?? []).map((side) => side[0]), ...(held.lines ?? []).flatMap((line) => line.slice(0, 3)),
            ...(held.text && typeof held.text !== "string" ? held.text.flatMap(([, , turn]) => pieces(turn).map((piece) => piece[1])) : [held.text])];
        for (const text of texts.filter((each) => typeof each === "string")) if (!whole.includes(flat(text))) missing.push([item[0], text.slice(0, 80)]);
    }
    return [seen, missing];
}"""  # noqa: E501


def row(prompt: str, answer: str) -> str:
    """One row of XTuner's standard form; surrogates stay escapes."""
    return json.dumps({"conversation": [{"input": prompt, "output": answer}]})


def shown(text: str) -> str:
    """What a page shows of a text."""
    return " ".join(visible(text.translate(dict.fromkeys(range(0xFDD0, 0xFDF0), "\ufffd"))).split())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A report full of hostile strings: as copies, loops, prompts, openings, moulds, roles, file names and titles."""
    assert len(HOSTILE) >= 300
    lines = [row(f"Number {n}: {text[:200]}", f"{text} {n}") for n, text in enumerate(HOSTILE) for _ in range(2)]
    lines += [json.dumps({"messages": [{"role": text[:60], "content": "x"}]}) for text in HOSTILE[:40]]
    lines += [
        row(f"{text} now?", f"{word} is what I think about it, {text}") for text in ASKED for word in ("This", "That")
    ]
    lines += [
        row(f"Go {n} {text[:9]}.", f"{text} {n * 7919} and {WORDS[n % 12]} {n}") for text in OPENED for n in range(60)
    ]
    lines += [row(f"What is {n}?", MOULD.format(WORDS[n % 12], n * 31, text)) for text in POURED for n in range(60)]
    folder = tmp_path_factory.mktemp("data")
    names = []
    for at, text in enumerate(SCRIPTS[:12]):
        names.append(f"{at}{text}".replace("/", "\u2215").replace("\x00", "")[:80] + ".jsonl")
        (folder / names[-1]).write_text("\n".join(lines[at::12]) + "\n", encoding="utf-8")
    run = scan(folder, tmp_path_factory.mktemp("run") / "x.audit", report=False, workers=1)
    spoiled = {part: dict.fromkeys(("en", "zh"), TITLE) for part in ("title", "what", "why")}
    run.__dict__["profile"] = replace(run.profile, rules=tuple(replace(r, texts=spoiled) for r in run.profile.rules))
    return render(run).parent, names


def test_nothing_hostile_runs(view: Callable[..., Any], hostile: tuple[Path, list[str]]) -> None:
    """Nothing runs, loads, hides or breaks, on any page."""
    page = view(hostile[0])
    tags = "script, style, iframe, object, base, meta, link, plaintext, template, math, video, img, [onload], [onerror]"
    for name in PAGES:
        page.go(f"{name}.html", "q=script" if name == "search" else "")
        assert page.page.locator(f"main :is({tags})").count() == 0, name
        assert page.page.evaluate("window.broken") is None, name
        assert page.page.evaluate("Object.prototype.broken") is None


def test_every_page_shows_hostile_strings_as_they_are(
    view: Callable[..., Any], hostile: tuple[Path, list[str]]
) -> None:  # fmt: skip
    """Item by item: all that a page holds of the data is in what it shows, and what was planted there is found."""
    page = view(hostile[0])
    planted = {
        "duplicates": [text for text in HOSTILE if len(text) < 300], "loops": LOOPED, "samples": LOOPED,
        "prompts": [], "phrases": OPENED, "templates": [], "structure": [],
    }  # fmt: skip
    for name, texts in planted.items():
        page.go(f"{name}.html")
        seen, missing = page.page.evaluate(WALK, name)
        assert seen or name == "structure", name
        assert missing == [], name
        whole = "\n".join(seen)
        assert [text for text in texts if shown(text) not in whole] == [], name
        assert page.page.evaluate("window.broken") is None, name
        if name == "prompts":  # of prompts with several answers a page shows forty, others among them
            assert sum(shown(text) in whole for text in ASKED) >= 20
    page.go("search.html", "q=onerror")
    page.page.wait_for_selector(".hits li")
    assert TITLE in page.text("main") or "onerror" in page.text(".hits")


def test_hostile_names_are_shown_where_files_and_rules_are(
    view: Callable[..., Any], hostile: tuple[Path, list[str]]
) -> None:  # fmt: skip
    """File names and titles of rules are text on the pages that list them."""
    folder, names = hostile
    page = view(folder)
    page.go("sources.html")
    whole = " ".join(page.page.evaluate("document.querySelector('main').textContent").split())
    assert [name for name in names if shown(name) not in whole] == []
    roles = [text for text in HOSTILE[:40] if len(text) < 60 and shown(text) not in whole]
    assert len(roles) < 40
    for name in ("overview", "rules"):
        page.go(f"{name}.html")
        assert TITLE in page.page.evaluate("document.querySelector('main').textContent"), name
    for name in ("loops", "samples"):
        page.go(f"{name}.html")
        assert TITLE in page.page.evaluate("document.querySelector('[data-part=kind]').textContent"), name
    for name in ("duplicates", "loops", "samples", "prompts"):
        page.go(f"{name}.html")
        options = page.page.evaluate("document.querySelector('[data-part=file]').textContent")
        assert any(shown(each) in " ".join(options.split()) for each in names), name
