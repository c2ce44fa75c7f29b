"""One case of a run in the terminal: a group, a finding, or a row."""

from typing import Any

import pyarrow.compute as pc
from rich.console import Group, RenderableType
from rich.text import Text

from auditor.errors import UsageError
from auditor.outputs.plain import shown
from auditor.outputs.run import Run
from auditor.outputs.terminal import number, percent
from auditor.words import language, say

MEMBERS = 8
"""Members of a group that are listed; the rest is counted."""


def case(run: Run, name: str, chars: int) -> RenderableType:
    """Return a case by a group's or finding's id, or by FILE:LINE."""
    groups = run.groups.filter(pc.equal(run.groups["group"], name)).to_pylist()
    if groups:
        return group(run, groups[0], chars)
    findings = run.findings.filter(pc.equal(run.findings["id"], name)).to_pylist()
    if findings:
        return finding(run, findings[0], chars)
    file, _, line = name.rpartition(":")
    if file and line.isdigit():
        return row(run, row_at(run, file, int(line)), chars)
    raise UsageError("no group, finding or row {name}", hint="give an id of the report, or FILE:LINE", name=name)


def row_at(run: Run, file: str, line: int) -> int:
    """Return the sample at a line of a file; the end of the file's name is enough where it is the only one."""
    names = {source.name for source in run.sources}
    fitting = [name for name in names if name == file] or [name for name in names if name.endswith(f"/{file}")]
    if len(fitting) != 1:
        raise UsageError("{count} files of this run are called {name}", count=len(fitting), name=file)
    held = run.samples.filter(pc.and_(pc.equal(run.samples["file"], fitting[0]), pc.equal(run.samples["line"], line)))
    if not held.num_rows:
        raise UsageError(
            "line {line} of {name} is no sample", hint="it was rejected, or is not there", line=line, name=file
        )
    return int(held["row"][0].as_py())


def group(run: Run, held: dict[str, Any], chars: int) -> RenderableType:
    """Return a group: its keeper's text, and where its members stand."""
    members = run.members.filter(pc.equal(run.members["group"], held["group"])).to_pylist()
    head = Text(f"{held['group']}\n", "bold")
    head.append(
        say(
            "{size} rows, {tokens} trained tokens at stake",
            size=number(held["size"]),
            tokens=number(held["trained_tokens"]),
        )
    )
    parts: list[RenderableType] = [head]
    for member in members[:MEMBERS]:
        told = Text(f"\n{place(run, member['row'])}", "cyan")
        if member["keeper"]:
            told.append(f"  {say('keeper')}", "green")
        elif member["similarity"] is not None:
            told.append(f"  {say('similarity')} {percent(member['similarity'])}", "")
        parts.append(told)
    if len(members) > MEMBERS:
        parts.append(Text(say("… and {count} more", count=number(len(members) - MEMBERS)), "dim"))
    others = [member["row"] for member in members if not member["keeper"]][:1]
    shown_rows = [held["keeper_row"], *(others if held["kind"] == "near" else [])]
    return Group(*parts, *(row(run, number_, chars) for number_ in shown_rows))


def place(run: Run, number_: int) -> str:
    """Return where a sample stands."""
    held = run.samples.slice(number_, 1).to_pylist()[0]
    return f"{shown(held['file'])}:{held['line']}"


def finding(run: Run, held: dict[str, Any], chars: int) -> RenderableType:
    """Return a finding: its rule, its place, and the text."""
    rule = run.profile.rule(held["rule"])
    head = Text(f"{held['id']}  {rule.text('title', language()) if rule else ''}\n", "bold")
    head.append(f"{shown(held['file'])}:{held['line']}  {shown(held['note'] or '')}\n")
    if rule:
        head.append(f"{rule.text('why', language())}\n", "dim")
    if held["group"]:
        groups = run.groups.filter(pc.equal(run.groups["group"], held["group"])).to_pylist()
        return Group(head, group(run, groups[0], chars))
    if held["row"] is None:
        return head
    return Group(head, row(run, held["row"], chars, (held["turn"], held["start"], held["end"])))


def row(
    run: Run, number_: int, chars: int, span: tuple[int | None, int | None, int | None] = (None, None, None)
) -> RenderableType:
    """Return a sample as chat turns, with its place, rules and fate; a span of one turn is marked."""
    held = run.samples.slice(number_, 1).to_pylist()[0]
    plan = run.plan.slice(number_, 1).to_pylist()[0]
    told = Text(f"\n{shown(held['file'])}:{held['line']}", "bold cyan")
    told.append(f"  {say(held['action'])}  {' '.join(held['rules'])}", "")
    if plan["keeper_row"] is not None:
        similarity = percent(plan["similarity"])
        told.append(
            "  " + say("for {place}, similarity {share}", place=place(run, plan["keeper_row"]), share=similarity)
        )
    for index, turn in enumerate(run.turns([number_])[number_]):
        told.append(f"\n{say(turn.role.label)}{'' if turn.trained else ' · ' + say('not trained')}\n", "dim")
        start, end = (span[1] or 0, span[2] or 0) if span[0] == index else (0, 0)
        told.append_text(excerpt(turn.text, chars, start, end))
    return told


def excerpt(text: str, chars: int, start: int, end: int) -> Text:
    """Return at most so many characters of a text around a span, which is marked; line ends stay."""
    begin = max(0, min(start - chars // 4, len(text) - chars))
    stop = min(len(text), begin + chars)
    told = Text("…" if begin else "")
    for piece, style in (
        (text[begin : max(begin, start)], ""),
        (text[max(begin, start) : min(end, stop)], "reverse"),
        (text[max(min(end, stop), begin, start) : stop], ""),
    ):
        told.append("\n".join(shown(line) for line in piece.split("\n")), style)
    if stop < len(text):
        told.append(say("… {count} more characters", count=number(len(text) - stop)), "dim")
    return told
