"""A run's report: facts are gathered, texts read once, every page built, and the folder or file written."""

import base64
import shutil
from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import log10
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
from markupsafe import Markup

from auditor.outputs import charts
from auditor.outputs.html import rules, texts
from auditor.outputs.html.duplicates import Duplicates
from auditor.outputs.html.facts import Facts
from auditor.outputs.html.loops import Loops
from auditor.outputs.html.overview import Overview
from auditor.outputs.html.pages import PAGES, POLICY, environment, rendered, site
from auditor.outputs.html.patterns import VIEWS, Patterns
from auditor.outputs.html.samples import Samples
from auditor.outputs.html.shards import shard
from auditor.outputs.html.sources import Sources
from auditor.outputs.html.strings import strings
from auditor.outputs.run import Run
from auditor.shipped import REPORTS
from auditor.store import write_bytes

HEAD = ("kept.js", "report.js")
"""Scripts that every page needs before anything is shown."""

SCRIPTS = {
    **{name: ("queue.js", "decisions.js", f"{name}.js") for name in ("duplicates", "loops", "samples")},
    **dict.fromkeys(VIEWS, ("queue.js", "decisions.js", "list.js")),
}
"""Scripts of those pages that have more than one, or another than their own."""


class Body(NamedTuple):
    """One page, without its frame."""

    name: str
    markup: Markup


def write(run: Run, language: str, *, single_file: bool) -> Path:
    """Write the report of a run; return the page to open."""
    built = contexts(Facts(run))
    about = site(run, language, single=single_file)
    surroundings = environment(about)
    surroundings.globals |= {key: run.summary["settings"][key] for key in ("shingle", "threshold")}
    bodies = [Body(name, _markup(surroundings, name, built[name])) for name in PAGES]
    shards = {"words": shard("words", strings())}
    for name in PAGES:
        shards |= built[name]["scripts"]
    if single_file:
        return _one(run.path / "report.html", surroundings, bodies, shards)
    return _folder(run.path / "report", surroundings, bodies, shards)


def _markup(surroundings: jinja2.Environment, name: str, context: Mapping[str, Any]) -> Markup:
    template = "list.html" if name in VIEWS else f"{name}.html"
    return Markup(rendered(surroundings, template, {"name": name, **context}))  # noqa: S704  (rendered with autoescape)


def contexts(facts: Facts) -> dict[str, dict[str, Any]]:
    """Build what every page's template needs; the first page comes last, since it tells what the others leave out."""
    duplicates, loops, sources = Duplicates(facts), Loops(facts), Sources(facts)
    patterns, samples = Patterns(facts), Samples(facts)
    read = texts.read(facts, np.concatenate([page.rows() for page in (duplicates, loops, patterns, samples)]))
    built = {"duplicates": duplicates.build(read), "loops": loops.build(read), "sources": sources.build()}
    built |= {"rules": rules.build(facts), "samples": samples.build(read), **patterns.build(read)}
    built["rules"] |= {"listed": frozenset(built["samples"]["codes"]), "gone": built["samples"]["gone"]}
    built["samples"]["rules"] = _named(facts, built["samples"]["codes"])
    families = ["duplicates", "loops", *VIEWS, "samples"]
    built["search"] = {"scripts": {"search": shard("search", {"families": families})}}
    built["loops"] |= {"rules": _named(facts, built["loops"]["kinds"]), "chart": _counts(built["loops"]["times"])}
    return built | {"overview": Overview(facts, duplicates, loops, sources, built).build()}


def _named(facts: Facts, codes: Iterable[str]) -> list[dict[str, Any]]:
    return [{"code": code, "title": rules.title(facts, code)} for code in codes]


def _counts(times: list[tuple[str, int]]) -> list[tuple[str, Markup, int]]:
    """Draw a bar for each class, on a logarithmic scale; nothing where all are empty."""
    most = log10(max((count for _, count in times), default=0) + 1)
    if not most:
        return []
    return [(name, charts.bar([charts.Part("loop", log10(count + 1))], most), count) for name, count in times]


def _folder(folder: Path, surroundings: jinja2.Environment, bodies: list[Body], shards: Mapping[str, str]) -> Path:
    """Write one file for each page, and what they load."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("report.css", *HEAD, *{name: None for body in bodies for name in _scripts(body)}):
        write_bytes(folder / name, (REPORTS / name).read_bytes(), lasting=False)
    for name, script in shards.items():
        write_bytes(folder / "data" / f"{name}.js", script.encode(), lasting=False)
    policy = POLICY.format("'self'", "'self'")
    for body in bodies:
        own = _scripts(body)
        data = [f"data/{name}.js" for name in ("words", body.name) if name in shards]
        page = rendered(surroundings, "frame.html", {
            "bodies": [body], "policy": policy, "title": f"page.{body.name}", "scripts": [*own, *data],
        })  # fmt: skip
        write_bytes(folder / f"{body.name}.html", page.encode("utf-8", "replace"), lasting=False)
    return folder / f"{bodies[0].name}.html"


def _scripts(body: Body) -> list[str]:
    """Return the names of the scripts that a page needs."""
    return [name for name in SCRIPTS.get(body.name, (f"{body.name}.js",)) if (REPORTS / name).exists()]


def _one(path: Path, surroundings: jinja2.Environment, bodies: list[Body], shards: Mapping[str, str]) -> Path:
    """Write every page into one file; only scripts and styles with these hashes run in it."""
    style = Markup((REPORTS / "report.css").read_text(encoding="utf-8"))  # noqa: S704  (shipped with the auditor)
    names = [*HEAD, *(name for body in bodies for name in _scripts(body))]
    scripts = [(REPORTS / name).read_text(encoding="utf-8") for name in dict.fromkeys(names)]
    scripts.append("".join(shards.values()))
    policy = POLICY.format(" ".join(map(_hash, scripts)), _hash(style))
    page = rendered(surroundings, "frame.html", {
        "bodies": bodies, "policy": policy, "title": "frame.brand", "style": style,
        "scripts": [Markup(script) for script in scripts],  # noqa: S704  (shipped, or base64)
    })  # fmt: skip
    write_bytes(path, page.encode("utf-8", "replace"), lasting=False)
    return path


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
