"""Evaluation outputs shown: a chart in the terminal, JSON, Parquet, and a page that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Environment, select_autoescape
from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.text import Text

from auditor.outputs import folder, html
from auditor.outputs.charts import Part, bar
from auditor.outputs.html.pages import EVALUATION
from auditor.outputs.html.shown import visible
from auditor.outputs.plain import clipped, shown
from auditor.outputs.run import Run
from auditor.outputs.tables import write_parquet
from auditor.outputs.terminal import number, percent
from auditor.shipped import REPORTS
from auditor.store import write_bytes
from auditor.words import follow, language, say
from auditor.xtuner.advice import Advice
from auditor.xtuner.cause import Link
from auditor.xtuner.evaluation import Evaluation, question
from auditor.xtuner.trend import Point, onset

BAR = 20
"""Columns of a full bar."""

TYPES = {"copy": "copy", "near": "near", "template": "template", "answer": "answer"}
"""Kinds of groups."""

MOST = 8
"""Loops and links told in the terminal before the rest is only counted."""


def as_json(
    found: Sequence[Evaluation], trend: Sequence[Point], links: Sequence[Link], advice: Advice | None
) -> dict[str, Any]:
    """Return everything as JSON can hold it."""
    return {
        "evaluations": [_evaluation(item) for item in found],
        "onset": onset(trend),
        "trend": [{**vars(point), "share": point.share} for point in trend],
        "sources": sorted({item.source for item in found}),
        "causes": [
            {
                **{name: value for name, value in vars(link).items() if name not in {"groups", "examples"}},
                "holds": link.holds,
                "groups": [dict(zip(("kind", "group", "rows"), group, strict=True)) for group in link.groups],
                "examples": [{"file": file, "line": line} for file, line in link.examples],
            }
            for link in links
        ],
        "suggestions": None if advice is None else {"generation_kwargs": advice.settings, "edit": advice.diff},
    }


def _evaluation(item: Evaluation) -> dict[str, Any]:
    loop = item.measured.loop
    told = loop and {
        "kind": loop.kind.value, "unit": loop.unit, "times": loop.times, "period": loop.period,
        "share": item.measured.share, "severity": loop.severity, "start": loop.start, "end": loop.end,
    }  # fmt: skip
    return {
        "source": item.source, "run": item.run, "iteration": item.iteration, "at_least": item.at_least,
        "phase": item.phase, "config": item.config, "input": item.input, "question": question(item.prompt),
        "loop": told, "ended": item.ended, "chars": len(item.answer), "rep_2": item.measured.rep_2,
        "rep_4": item.measured.rep_4, "distinct_1": item.measured.distinct_1, "distinct_2": item.measured.distinct_2,
    }  # fmt: skip


def told(
    found: Sequence[Evaluation], trend: Sequence[Point], links: Sequence[Link], advice: Advice | None
) -> RenderableType:
    """Return everything for the terminal."""
    parts: list[RenderableType] = [Text(), _verdict(found, trend), Text(), _chart(trend)]
    looped = [item for item in found if item.looping]
    if looped:
        parts += [Text(), _loops(looped)]
    if links:
        parts += [Text(), _links(links)]
    if advice is not None:
        parts += [Text(), _advice(advice)]
    return Group(*parts, Text())


def _verdict(found: Sequence[Evaluation], trend: Sequence[Point]) -> Text:
    looping = sum(item.looping for item in found)
    first = onset(trend)
    if not looping:
        return Text("  " + say("No answer loops ({count} read).", count=number(len(found))), "bold green")
    told = say("{looping} of {count} answers loop.", looping=number(looping), count=number(len(found)))
    text = Text("  " + told, "bold red")
    if first is not None:
        text.append(follow(say("The first in training at iteration {iteration}.", iteration=number(first))), "")
    if any(point.looping and point.iteration == 0 for point in trend):
        text.append(follow(say("Answers looped before training, too: that is the base model's part.")), "")
    return text


def _chart(trend: Sequence[Point]) -> Text:
    """Draw a bar for each evaluation: the share of its answers that loop."""
    text, before = Text(), None
    for point in trend:
        if (point.run, point.config) != before:
            before = (point.run, point.config)
            text.append(
                ("\n" if len(text) else "") + f"  {shown(point.run)} {shown(point.config)}".rstrip() + "\n", "dim"
            )
        full = round(BAR * point.share)
        when = say("undated") if point.iteration is None else number(point.iteration)
        text.append(f"  {when:>9}  ")
        text.append("█" * full, "red" if point.share >= 0.5 else "yellow")
        text.append("·" * (BAR - full), "dim")
        counts = say(
            "{looping} of {answers} loop, rep-4 {rep}, distinct-2 {distinct}",
            looping=point.looping, answers=point.answers, rep=f"{point.rep_4:.2f}", distinct=f"{point.distinct_2:.2f}",
        )  # fmt: skip
        text.append(f"  {counts}\n", "dim")
    text.rstrip()
    return text


def _loops(looped: Sequence[Evaluation]) -> Text:
    text = Text()
    for item in looped[:MOST]:
        loop = item.measured.loop
        assert loop is not None
        when = say("undated") if item.iteration is None else number(item.iteration)
        text.append(f"  {when:>9}  ")
        text.append(clipped(shown(loop.unit), 44), "bold")
        share = percent(item.measured.share)
        end = say(", cut off") if item.ended is False else say(", ended") if item.ended else ""
        about = say("× {times}, {share} of the answer{end}", times=number(loop.times), share=share, end=end)
        asked = clipped(shown(question(item.prompt)), 30)
        text.append(f" {about}  {asked}\n", "dim")
    if len(looped) > MOST:
        text.append("  " + say("{count} more", count=number(len(looped) - MOST)) + "\n", "dim")
    text.rstrip()
    return text


def _links(links: Sequence[Link]) -> Text:
    """Tell each loop's tie to the training data, or that there is none."""
    text = Text("  " + say("Where the loops come from") + "\n", "bold")
    for link in links[:MOST]:
        text.append("  " + clipped(shown(link.unit), 40), "bold")
        text.append(" " + link_words(link) + "\n", "" if link.holds else "dim")
        for kind, group, many in link.groups[:2] if link.holds else ():
            text.append(
                "      "
                + say(
                    "{kind} group {group}: {count} of these rows",
                    kind=say(TYPES[kind]),
                    group=group,
                    count=number(many),
                )
                + "\n",
                "dim",
            )
        if link.holds and link.examples:
            file, line = link.examples[0]
            text.append("      " + say("for instance {place}", place=f"{shown(file)}:{line}") + "\n", "dim")
    text.rstrip()
    return text


def link_words(link: Link) -> str:
    """Say what ties a loop to the training data."""
    if not link.rows:
        return say("stands in no training row")
    rows, of, chance = number(link.rows), number(link.of), percent(link.chance)
    if not link.holds:
        return say(
            "stands in {rows} of {of} rows as “{phrase}”, but so do {chance} of random phrases of that length: no link",
            rows=rows, of=of, phrase=link.phrase, chance=chance,
        )  # fmt: skip
    if link.whole:
        where = say("stands whole in {rows} of {of} training rows", rows=rows, of=of)
    else:
        where = say("stands in part (“{phrase}”) in {rows} of {of} training rows", phrase=link.phrase, rows=rows, of=of)
    return where + say("; of random phrases of that length {chance} are found", chance=chance)


def _advice(advice: Advice) -> Text:
    text = Text("  " + say("To try in the evaluation (it hides the symptom; the cause is in the data)") + "\n", "bold")
    settings = ", ".join(f"{key}={value}" for key, value in advice.settings.items())
    text.append(f"  generation_kwargs=dict({settings})\n")
    note = say("for structured text such as recipes users report a repetition_penalty from 1.2 to 1.5")
    text.append(f"  {note}\n", "dim")
    if advice.inert:
        text.append(
            "  " + say("max_new_tokens in generation_kwargs has no effect; set the hook's own") + "\n", "yellow"
        )
    if advice.diff:
        text.append("\n" + "".join(f"  {shown(line)}\n" for line in advice.diff.splitlines()), "dim")
    text.rstrip()
    return text


def _bar(parts: list[tuple[str, float]], whole: float) -> Markup:
    """Draw a bar for the page."""
    return bar((Part(kind, size) for kind, size in parts), whole)


TABLE = pa.schema(
    [
        ("source", pa.string()), ("run", pa.string()), ("config", pa.string()), ("iteration", pa.int64()),
        ("at_least", pa.bool_()), ("phase", pa.string()), ("input", pa.int32()), ("prompt", pa.string()),
        ("answer", pa.string()), ("ended", pa.bool_()), ("loop_kind", pa.string()), ("loop_unit", pa.string()),
        ("loop_period", pa.int32()), ("loop_times", pa.int32()), ("loop_share", pa.float64()),
        ("rep_2", pa.float64()), ("rep_4", pa.float64()), ("distinct_1", pa.float64()), ("distinct_2", pa.float64()),
    ]
)  # fmt: skip


def table(found: Sequence[Evaluation]) -> pa.Table:
    """Return the evaluations in columns."""
    rows = []
    for item in found:
        loop, held = item.measured.loop, item.measured
        rows.append(
            {
                **{name: getattr(item, name) for name in TABLE.names[:10]},
                "loop_kind": loop and loop.kind.value, "loop_unit": loop and loop.unit,
                "loop_period": loop and loop.period, "loop_times": loop and loop.times, "loop_share": held.share,
                "rep_2": held.rep_2, "rep_4": held.rep_4, "distinct_1": held.distinct_1, "distinct_2": held.distinct_2,
            }
        )  # fmt: skip
    return pa.Table.from_pylist([{key: _clean(value) for key, value in row.items()} for row in rows], TABLE)


def _clean(value: Any) -> Any:  # noqa: ANN401
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


@dataclass(frozen=True)
class Told:
    """What a page of evaluations tells."""

    found: Sequence[Evaluation]
    trend: Sequence[Point]
    links: Sequence[Link]
    advice: Advice | None


def write(place: Path, told: Told, name: str = "evals.html", *, report: bool = False) -> Path:
    """Write the table and the page; return the page. ``report``: a report stands beside it, and it links there."""
    place.mkdir(parents=True, exist_ok=True)
    write_parquet(place / "evaluations.parquet", table(told.found))
    environment = Environment(autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((REPORTS / "evals" / "page.html").read_text(encoding="utf-8"))
    page = template.render(
        say=say, lang=language(), points=told.trend, found=told.found, links=told.links, words=link_words,
        advice=told.advice, question=question, onset=onset(told.trend), bar=_bar, kinds=TYPES, number=number,
        looping=sum(item.looping for item in told.found), visible=visible, pages=GROUP_PAGES if report else {},
    )  # fmt: skip
    path = place / name
    write_bytes(path, page.encode("utf-8", "backslashreplace"))
    return path


def into_run(run: Run, told: Told) -> Path:
    """Put the page and the table into a run, beside its report, and show the way there on the report's pages."""
    shown_too = (run.path / "report").is_dir()
    page = write(run.path, told, EVALUATION, report=shown_too)
    if shown_too:
        html.render(run)
    folder.reseal(run.path)
    return page


GROUP_PAGES = {"copy": "duplicates", "near": "duplicates", "template": "templates", "answer": "prompts"}
"""The page of the report on which the groups of a kind stand."""
