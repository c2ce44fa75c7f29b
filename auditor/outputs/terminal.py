"""What a person reads in the terminal: the summary of a run, of cleaning, of rules."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from auditor.outputs import packs
from auditor.outputs.cleaned import Count
from auditor.outputs.layout import grid as _table
from auditor.outputs.layout import indented as _indented
from auditor.outputs.plain import shown
from auditor.outputs.run import Run
from auditor.rule import Kind, Profile, Rule
from auditor.words import language, say

if TYPE_CHECKING:
    from auditor.xtuner.edit import Edited

LEVELS = {"act": "bold red", "look": "bold yellow", "fine": "bold green"}
SEVERITIES = {"high": "red", "medium": "yellow", "low": "dim"}
CAUSES = {
    "loop": "loops: rows like these teach a model to loop",
    "copy": "copies: they are trained again and again, and held-out loss rises",
    "near": "near duplicates: lightly edited copies, trained as often as the original",
}
MOST = 12
"""Files listed before the rest is only counted."""


def percent(share: float) -> str:
    """Return a share as people write it.

    >>> percent(0.18754), percent(0.00004), percent(0)
    ('18.8 %', '<0.1 %', '0 %')
    """
    if share == 0:
        return "0 %"
    return "<0.1 %" if share < 0.001 else f"{share:.1%}".replace("%", " %")


def number(value: int) -> str:
    """Return a count with its thousands set apart."""
    return f"{value:,}"


def warnings(run: Run) -> list[Text]:
    """Return a line for every file that was not read whole, and for every input that was skipped."""
    lost = [item["file"] for item in run.summary["files"] if item["damaged"] or (item["rejected"] and not item["rows"])]
    notes = _first_notes(run)
    told = []
    for name in lost[:MOST]:
        note = notes.get(name) or say("could not be read")
        told.append(Text(f"{say('error')}: {shown(name)}: {shown(note)}", "red"))
    if len(lost) > MOST:
        rest = say("{count} more files could not be read; findings.parquet names them", count=number(len(lost) - MOST))
        told.append(Text(f"{say('error')}: {rest}", "red"))
    skipped = [item for item in run.summary["skipped"] if item["template"] != "not a data file by its name"]
    for item in skipped:
        reason = say(item["template"], about=item["about"])
        told.append(Text(f"{say('skipped')}: {shown(item['file'])}: {shown(reason)}", "dim"))
    others = len(run.summary["skipped"]) - len(skipped)
    if others:
        told.append(
            Text(say("skipped: {count} files that are no data files by their names", count=number(others)), "dim")
        )
    return told


def _first_notes(run: Run) -> dict[str, str]:
    """Return what was wrong with the first line of each file that has a fault."""
    faults = (
        run.findings.filter(pc.starts_with(run.findings["rule"], "F1")).select(["rule", "file", "note"]).to_pylist()
    )
    notes: dict[str, str] = {}
    hint = say("name the fields with --fields prompt=…,answer=… (or text=…)")
    for fault in faults:
        note = f"{fault['note']}; {hint}" if fault["rule"] == "F109" else str(fault["note"])
        notes.setdefault(fault["file"], note)
    return notes


def notes(told: Iterable[tuple[str, int, str]]) -> list[Text]:
    """Return a line for each part of a configuration that is not read."""
    return [Text(f"{say('skipped')}: {shown(place)}:{line}: {shown(words)}", "dim") for place, line, words in told]


def overview(run: Run) -> RenderableType:
    """Return a run's verdict, its causes, its rules, and what to do next."""
    return Group(*judgement(run.summary, run.profile), Text(), _indented(_end(run)), Text())


def judgement(found: Mapping[str, Any], profile: Profile) -> list[RenderableType]:
    """Return verdict, causes, rules and files of a summary."""
    parts: list[RenderableType] = [Text(), _indented(_verdict(found)), Text(), _indented(_causes(found))]
    if not (profile.of(Kind.LOOP) or profile.of(Kind.RELATION, "copy") or profile.of(Kind.RELATION, "near")):
        blind = say("No verdict: these rules look for neither loops nor copies nor near duplicates.")
        parts = [Text(), _indented(Text(blind, "bold"))]
    met = [rule for rule in found["rules"] if rule["findings"]]
    if met:
        parts += [Text(), _indented(_rules(profile, met))]
    if "packs" in found:
        parts += [Text(), _indented(packs.told(found["packs"], found["totals"]["samples"]))]
    if found["allowed"]:
        parts += [Text(), _indented(_allowed(found["allowed"]))]
    if len(found["files"]) > 1:
        parts += [Text(), _indented(_files(found["files"]))]
    parts += [Text(), _indented(_effective(found))]
    if found["alarms"]:
        parts += [Text(), _indented(_alarms(found["alarms"]))]
    return parts


def _alarms(held: list[dict[str, Any]]) -> Text:
    """Warn of the files that would lose most."""
    told = Text("", "yellow")
    for item in held[:MOST]:
        shares = {name: percent(item[f"{name}_share"]) for name in ("rows", "trained_tokens")}
        words = say(
            "{file} would lose {rows} of its rows, {tokens} of its trained tokens",
            file=shown(item["file"]), rows=shares["rows"], tokens=shares["trained_tokens"],
        )  # fmt: skip
        told.append(f"{say('alarm')}: {words}\n")
    if len(held) > MOST:
        told.append(say("{count} more files", count=number(len(held) - MOST)))
    told.rstrip()
    return told


def _effective(found: Mapping[str, Any]) -> Text:
    """Say how much of the data is distinct, and how often an epoch trains it."""
    held = found["effective"]
    told = say(
        "{rows} distinct rows of {all}; an epoch trains a distinct token {passes} times on average",
        rows=number(held["rows"]), all=number(found["before"]["samples"]), passes=f"{held['passes']:.2f}",
    )  # fmt: skip
    most = held["most"]
    if most["passes"] > 1:
        place = f"{shown(most['file'])}:{most['line']}"
        told += "\n" + say(
            "most often {place} with its copies: {times} times", place=place, times=f"{most['passes']:g}"
        )
    return Text(told)


def _verdict(found: Mapping[str, Any]) -> Text:
    verdict = found["verdict"]
    level = {"act": say("Act before you train."), "look": say("Worth a look."), "fine": say("Looks fine.")}[
        verdict["level"]
    ]
    told = Text(level, LEVELS[verdict["level"]])
    share = percent(verdict["repeated_share"])
    told.append(" " + say("{share} of the trained tokens repeat something.", share=share), "")
    if verdict["main_cause"]:
        told.append("\n" + say("Mostly {cause}.", cause=say(CAUSES[verdict["main_cause"]])), "")
    if found["before"]["loop_rows"] and verdict["main_cause"] != "loop":
        loops = number(found["before"]["loop_rows"])
        told.append(
            "\n" + say("{count} answers fall into loops: rows like these teach a model to loop.", count=loops), ""
        )
    return told


def _causes(found: Mapping[str, Any]) -> Table:
    """Return what the trained tokens are, before and after the plan."""
    table = _table("", "rows", "trained tokens", "after the plan")
    before, after = found["before"], found["after"]
    for name, title in (("loop", "loops"), ("copy", "copies"), ("near", "near duplicates")):
        share = percent(before[f"{name}_share"])
        table.add_row(say(title), number(before[f"{name}_rows"]), share, percent(after[f"{name}_share"]))
    for name, title in (("template", "fixed text of templates"), ("phrase", "phrases"), ("unique", "everything else")):
        table.add_row(say(title), "", percent(before[f"{name}_share"]), percent(after[f"{name}_share"]))
    table.add_row(
        say("all samples"), number(before["samples"]), number(before["trained_tokens"]), number(after["trained_tokens"])
    )
    return table


def _rules(profile: Profile, met: list[dict[str, Any]]) -> Table:
    table = _table("rule", "", "findings", "rows", "dropped")
    titles = {rule.code: rule.text("title", language()) for rule in profile.rules}
    for rule in (rule for rule in met if rule["severity"] != "low"):
        table.add_row(
            Text(rule["code"], SEVERITIES[rule["severity"]]), titles[rule["code"]], number(rule["findings"]),
            number(rule["rows"]), number(rule["dropped"]) if rule["dropped"] else "",
        )  # fmt: skip
    table.columns[1].justify = "left"
    low = [rule for rule in met if rule["severity"] == "low"]
    if low:
        title = say("{count} rules of low severity, see the report", count=number(len(low)))
        findings = sum(rule["findings"] for rule in low)
        table.add_row(
            Text(", ".join(sorted({rule["code"][:2] for rule in low})), "dim"), title, number(findings), "", ""
        )
    return table


def _allowed(entries: list[dict[str, Any]]) -> Table:
    """Return what is allowed, by whom; an entry that names nothing stands out."""
    table = _table("allowed", "", "findings", "rows", "spared")
    for entry in entries[:MOST]:
        by = next(name for name in ("id", "group", "file", "pattern") if name in entry)
        name = Text(shown(f"{by} {', '.join(entry[by])}"), overflow="ellipsis", no_wrap=True)
        words = Text(shown(f"{entry['reason']} ({entry['owner']})"))
        if not entry["rows"]:
            name.stylize("yellow")
            words.append(f" · {say('names nothing here')}", "yellow")
        table.add_row(name, words, number(entry["findings"]), number(entry["rows"]), number(entry["spared"]))
    table.columns[1].justify = "left"
    if len(entries) > MOST:
        table.add_row("", say("{count} more entries", count=number(len(entries) - MOST)), "", "", "")
    return table


def _files(files: list[dict[str, Any]]) -> Table:
    table = _table("file", "rows", "dropped", "rejected")
    ranked = sorted(files, key=lambda item: (-item["dropped_tokens"], -item["rejected"], item["file"]))
    for item in ranked[:MOST]:
        name = Text(shown(item["file"]), overflow="ellipsis", no_wrap=True)
        table.add_row(name, number(item["rows"]), number(item["dropped"]), number(item["rejected"]))
    if len(ranked) > MOST:
        rest = ranked[MOST:]
        sums = [sum(item[name] for item in rest) for name in ("rows", "dropped", "rejected")]
        table.add_row(say("{count} more files", count=number(len(rest))), *map(number, sums))
    return table


def _end(run: Run) -> Text:
    totals = run.summary["totals"]
    told = Text(balance(totals["read"], totals["kept"], totals["dropped"], totals["rejected"]))
    page = run.path / "report" / "overview.html"
    if page.exists():
        told.append(f"\n{say('report')}   {shown(str(page.resolve()))}")
    told.append(f"\n{say('next')}     auditor clean {shown(str(run.path))}")
    return told


def balance(read: int, kept: int, dropped: int, rejected: int) -> str:
    """Return the sum that shows that no row was lost."""
    values = {"read": read, "kept": kept, "dropped": dropped, "rejected": rejected}
    return say(
        "read {read} = kept {kept} + dropped {dropped} + rejected {rejected}",
        **{k: number(v) for k, v in values.items()},
    )


def cleaned(counts: Mapping[str, Count], folder: str | None) -> RenderableType:
    """Return what cleaning kept of each file, and the sum."""
    table = _table("file", "read", "kept", "dropped", "rejected")
    for name, count in list(counts.items())[:MOST]:
        table.add_row(Text(shown(name), overflow="ellipsis", no_wrap=True), *map(number, _of(count)))
    total = sum(counts.values(), Count())
    if len(counts) > MOST:
        rest = sum(list(counts.values())[MOST:], Count())
        table.add_row(say("{count} more files", count=number(len(counts) - MOST)), *map(number, _of(rest)))
    end = Text(balance(*_of(total)))
    if folder is None:
        end.append("\n" + say("nothing was written (--dry-run)"))
    else:
        end.append(f"\n{say('cleaned')}  {shown(folder)}/cleaned\n{say('dropped')}  {shown(folder)}/dropped")
    return Group(Text(), _indented(table), Text(), _indented(end), Text())


def edited(done: "Edited") -> RenderableType:
    """Return how a configuration's copy differs, and what its owner must know."""
    told = Text(f"{say('configuration')}  {shown(done.path.as_posix())}\n")
    for line in done.diff.splitlines():
        told.append(f"  {shown(line)}\n", {"+": "green", "-": "red"}.get(line[:1], "dim"))
    for name in done.untouched:
        told.append(say("still reads {name}: it was not cleaned", name=shown(name)) + "\n", "yellow")
    for tag in done.tags:
        told.append(
            say("cache_tag {tag} belongs to the old files; the new paths get entries of their own", tag=shown(tag))
            + "\n",
            "yellow",
        )
    return _indented(told)


def _of(count: Count) -> tuple[int, int, int, int]:
    return count.read, count.kept, count.dropped, count.rejected


def rules(held: Iterable[Rule]) -> RenderableType:
    """Return every rule on a line."""
    table = _table("rule", "", "severity", "action")
    for rule in held:
        table.add_row(
            Text(rule.code, SEVERITIES[rule.severity.value]), rule.text("title", language()), say(rule.severity.value),
            say(rule.action.value),
        )  # fmt: skip
    for column in table.columns:
        column.justify = "left"
    return table


def profiles(held: Iterable[Profile]) -> RenderableType:
    """Return every profile on a line."""
    table = _table("profile", "", "rules")
    for profile in held:
        table.add_row(Text(profile.name), profile.title.get(language(), ""), number(len(profile.rules)))
    table.columns[1].justify = "left"
    return table


def rule(held: Rule) -> RenderableType:
    """Return one rule whole: what it does, why, from which source, with its own tests."""
    lang = language()
    told = Text(f"{held.code} {held.text('title', lang)}\n", "bold")
    told.append(f"{say(held.severity.value)} · {say(held.action.value)} · {held.name}\n\n", "dim")
    told.append(f"{held.text('what', lang)}\n\n{held.text('why', lang)}\n", "")
    if held.pattern:
        told.append(f"\n{say('pattern')}: {shown(held.pattern)}\n", "")
    if held.where:
        told.append("\n" + ", ".join(f"{key}: {value}" for key, value in held.where.items()) + "\n", "")
    if held.source:
        told.append(f"\n{say('source')}: {held.source}\n", "dim")
    for heading, cases in (("hits", held.hits), ("misses", held.misses), ("known misses", held.known_misses)):
        if cases:
            told.append(f"\n{say(heading)}\n", "dim")
            told.append("".join(f"  {case['label']}\n" for case in cases), "")
    return told
