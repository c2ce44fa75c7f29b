"""Three hundred hostile strings in texts, roles, file names and titles: inert, and shown as they are."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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


def row(prompt: str, answer: str) -> str:
    """One row of XTuner's standard form; surrogates stay escapes."""
    return json.dumps({"conversation": [{"input": prompt, "output": answer}]})


def shown(text: str) -> str:
    """What a page shows of a text."""
    return " ".join(visible(text.translate(dict.fromkeys(range(0xFDD0, 0xFDF0), "\ufffd"))).split())


def test_hostile_strings_are_inert_and_shown(view: Callable[..., Any], tmp_path: Path) -> None:
    """Nothing runs, loads, hides or breaks, on any page; every string is found in what the page shows."""
    assert len(HOSTILE) >= 300
    lines = [row(f"Number {n}: {text[:200]}", f"{text} {n}") for n, text in enumerate(HOSTILE) for _ in range(2)]
    lines += [json.dumps({"messages": [{"role": text[:60], "content": "x"}]}) for text in HOSTILE[:40]]
    folder = tmp_path / "data"
    folder.mkdir()
    for at, text in enumerate(SCRIPTS[:12]):
        name = f"{at}{text}".replace("/", "\u2215").replace("\x00", "")[:80]
        (folder / f"{name}.jsonl").write_text("\n".join(lines[at::12]) + "\n", encoding="utf-8")
    run = scan(folder, tmp_path / "x.audit", report=False, workers=1)
    spoiled = {part: dict.fromkeys(("en", "zh"), SCRIPTS[2]) for part in ("title", "what", "why")}
    run.__dict__["profile"] = replace(run.profile, rules=tuple(replace(r, texts=spoiled) for r in run.profile.rules))
    page = view(render(run).parent)
    tags = "script, style, iframe, object, base, meta, link, plaintext, template, math, video, img, [onload], [onerror]"
    bad = f"main :is({tags})"
    for name in PAGES:
        page.go(f"{name}.html", "q=script" if name == "search" else "")
        assert page.page.locator(bad).count() == 0, name
        assert page.page.evaluate("window.broken") is None, name
        assert page.page.evaluate("Object.prototype.broken") is None
    page.go("duplicates.html")
    seen = page.page.evaluate("""async () => {
        const items = (await load("duplicates")).items;
        const found = [];
        for (const [id, , , , , , , , , , shardAt, at] of items) {
            const held = (await load(`duplicates-${String(shardAt).padStart(3, "0")}`))[at];
            const texts = held.text ? [held.text] : held.members.flatMap((each) => [each.left, each.right]);
            for (const text of texts.filter(Boolean)) {
                const box = make("div", {}, turns(text, () => null));
                document.body.append(box);
                found.push(box.textContent);
                box.remove();
            }
        }
        return found;
    }""")
    whole = "\n".join(" ".join(text.split()) for text in seen)
    lost = [text[:80] for text in HOSTILE if len(text) < 300 and shown(text) not in whole]
    assert lost == []
    assert page.page.evaluate("window.broken") is None
