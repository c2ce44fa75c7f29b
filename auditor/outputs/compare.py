"""Two runs side by side: totals, groups, and what became of every row; rows are known by their content."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditor.kernels.flat import Ints
from auditor.outputs.plain import clipped, shown
from auditor.outputs.run import Run
from auditor.outputs.terminal import MOST, number, percent
from auditor.words import say

ACTIONS = ("keep", "flag", "trim", "drop")
RELATIONS = {
    "same": "Both hold the same rows.",
    "cleaned": "The second is the first, cleaned: what its plan drops is gone, and nothing else.",
    "part": "The second is a part of the first.",
    "more": "The second holds all of the first, and more.",
    "other": "Each holds rows that the other has not.",
}
"""How the second run's rows are to the first one's."""


class Rows(NamedTuple):
    """Which rows of two runs are the same one: equal content, paired in order of action, as often as both have it."""

    same_a: Ints
    same_b: Ints
    gone: Ints
    new: Ints


def compared(a: Run, b: Run) -> dict[str, Any]:
    """Compare two runs, as --json prints it."""
    rows = paired(a, b)
    return {
        "runs": [str(a.path), str(b.path)],
        "totals": _totals(a, b),
        "groups": _groups(a, b),
        "rows": {
            "kind": _kind(a, rows),
            "same": len(rows.same_a),
            "gone": len(rows.gone),
            "new": len(rows.new),
            "gone_by_rule": _by_rule(a, rows.gone),
            "moved": _moved(a, b, rows),
        },
        "rules": _rules(a, b),
        "settings_differ": a.manifest["settings"] != b.manifest["settings"],
    }


def paired(a: Run, b: Run) -> Rows:
    """Pair the rows of two runs."""
    held = [run.columns("samples", ["content_id"])["content_id"] for run in (a, b)]
    sizes = [len(ids) for ids in held]
    both = pa.chunked_array([chunk for ids in held for chunk in ids.chunks]).combine_chunks()
    which = pc.dictionary_encode(both).indices.to_numpy().astype(np.int64)
    one, two = _ranked(which[: sizes[0]], _action(a)), _ranked(which[sizes[0] :], _action(b))
    span = 1 + max(int(one.max(initial=0)), int(two.max(initial=0)))
    keys = which[: sizes[0]] * span + one, which[sizes[0] :] * span + two
    _, same_a, same_b = np.intersect1d(*keys, assume_unique=True, return_indices=True)
    order = np.argsort(same_a)
    return Rows(
        same_a[order], same_b[order],
        np.setdiff1d(np.arange(sizes[0]), same_a), np.setdiff1d(np.arange(sizes[1]), same_b),
    )  # fmt: skip


def _action(run: Run) -> Ints:
    return np.asarray(pc.index_in(run.columns("samples", ["action"])["action"], pa.array(ACTIONS)).to_numpy(), np.int64)


def _ranked(ids: Ints, action: Ints) -> Ints:
    """Number the rows of each id, those that are kept first."""
    order = np.lexsort((action, ids))
    rank = np.empty(len(ids), np.int64)
    rank[order] = np.arange(len(ids)) - np.searchsorted(ids[order], ids[order])
    return rank


def _kind(a: Run, rows: Rows) -> str:
    if not len(rows.gone) and not len(rows.new):
        return "same"
    if len(rows.gone) and len(rows.new):
        return "other"
    if len(rows.new):
        return "more"
    dropped = np.flatnonzero(_action(a) == ACTIONS.index("drop"))
    return "cleaned" if np.array_equal(dropped, rows.gone) else "part"


def _by_rule(run: Run, rows: Ints) -> dict[str, int]:
    """Count rows by the rule that drops them; those that the plan keeps under an empty name."""
    codes = run.columns("plan", ["rule"])["rule"].take(pa.array(rows)).fill_null("")
    return {item["values"]: item["counts"] for item in sorted(pc.value_counts(codes).to_pylist(), key=_by_value)}


def _by_value(item: dict[str, Any]) -> str:
    return str(item["values"])


def _moved(a: Run, b: Run, rows: Rows) -> list[dict[str, Any]]:
    """Count the rows whose action is another, with their trained tokens."""
    before, after = _action(a)[rows.same_a], _action(b)[rows.same_b]
    tokens = b.columns("samples", ["trained_tokens"])["trained_tokens"].to_numpy()[rows.same_b]
    found = []
    for pair in np.unique((before * len(ACTIONS) + after)[before != after]).tolist():
        hit = before * len(ACTIONS) + after == pair
        names = {"from": ACTIONS[pair // len(ACTIONS)], "to": ACTIONS[pair % len(ACTIONS)]}
        found.append({**names, "rows": int(hit.sum()), "trained_tokens": int(tokens[hit].sum())})
    return found


def _totals(a: Run, b: Run) -> dict[str, dict[str, Any]]:
    """Return every number that both summaries have, of what was read and of the data as they are."""
    sides = [{**run.summary["totals"], **run.summary["before"]} for run in (a, b)]
    return {
        name: {"a": sides[0][name], "b": sides[1][name]}
        for name in sides[0]
        if name in sides[1] and isinstance(sides[0][name], int | float)
    }


def _rules(a: Run, b: Run) -> list[dict[str, Any]]:
    """Return findings and rows of every rule that either run applied; null where one did not."""
    sides = [{rule["code"]: rule for rule in run.summary["rules"]} for run in (a, b)]
    return [
        {
            "code": code,
            **{
                name: {side: held[code][name] if code in held else None for side, held in zip("ab", sides, strict=True)}
                for name in ("findings", "rows", "dropped")
            },
        }
        for code in sorted({*sides[0], *sides[1]})
    ]


def _groups(a: Run, b: Run) -> dict[str, list[dict[str, Any]]]:
    """Return the groups that are new, gone, grown and shrunk, the largest change first."""
    old, fresh = _sizes(a), _sizes(b)
    called = {name: name for name in fresh if name in old} | _renamed(a, b, old, fresh)
    found: dict[str, list[dict[str, Any]]] = {"new": [], "gone": [], "grown": [], "shrunk": []}
    for name, (kind, size) in fresh.items():
        before = old[called[name]][1] if name in called else 0
        if size != before:
            part = "new" if not before else "grown" if size > before else "shrunk"
            found[part].append({"group": name, "kind": kind, "a": before, "b": size})
    kept = set(called.values())
    found["gone"] = [{"group": n, "kind": k, "a": size, "b": 0} for n, (k, size) in old.items() if n not in kept]
    for listed in found.values():
        listed.sort(key=lambda item: (-abs(item["b"] - item["a"]), item["group"]))
    return found


def _sizes(run: Run) -> dict[str, tuple[str, int]]:
    held = run.columns("groups", ["group", "kind", "size"]).to_pydict()
    return {name: (kind, size) for name, kind, size in zip(*held.values(), strict=True)}


def _renamed(a: Run, b: Run, old: dict[str, Any], fresh: dict[str, Any]) -> dict[str, str]:
    """Find groups that go by another name, because another row stands for them: those that share most contents."""
    sides = [_contents(a, set(old) - set(fresh)), _contents(b, set(fresh) - set(old))]
    if not sides[0].num_rows or not sides[1].num_rows:
        return {}
    both = sides[0].join(sides[1], ["kind", "content"], join_type="inner", left_suffix="_a", right_suffix="_b")
    counts = both.group_by(["group_a", "group_b"]).aggregate([([], "count_all")]).to_pylist()
    found: dict[str, str] = {}
    for item in sorted(counts, key=lambda item: (-item["count_all"], item["group_a"], item["group_b"])):
        if item["group_b"] not in found and item["group_a"] not in found.values():
            found[item["group_b"]] = item["group_a"]
    return found


def _contents(run: Run, names: set[str]) -> pa.Table:
    """Return kind, group and content of the members of some groups, each once."""
    members, groups = run.columns("members", ["group", "row"]), run.columns("groups", ["group", "kind"])
    held = members.filter(pc.is_in(members["group"], pa.array(sorted(names), pa.string())))
    kinds = groups["kind"].take(pc.index_in(held["group"], groups["group"].combine_chunks()))
    contents = run.columns("samples", ["content_id"])["content_id"].take(held["row"])
    table = pa.table({"group": held["group"], "kind": kinds, "content": contents})
    return table.group_by(["group", "kind", "content"]).aggregate([])


def told(found: dict[str, Any]) -> RenderableType:
    """Return a comparison as a person reads it."""
    rows = found["rows"]
    head = Text(say(RELATIONS[rows["kind"]]), "bold")
    line = say("{same} rows in both, {gone} only in the first, {new} only in the second",
               **{name: number(rows[name]) for name in ("same", "gone", "new")})  # fmt: skip
    head.append(f"\n{line}", "not bold")
    if found["settings_differ"]:
        head.append(f"\n{say('They were judged by other rules or settings.')}", "yellow not bold")
    parts = [_totals_table(found["totals"]), _groups_table(found["groups"]), _moves(rows)]
    shown_parts = [Padding(part, (0, 2), expand=False) for part in (head, *parts) if part]
    return Group(*(each for part in shown_parts for each in (Text(), part)), Text())


def _ruled(*headings: str) -> Table:
    """Return a table without lines: the first column to the left, numbers to the right."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left")
    return table


def _totals_table(totals: dict[str, dict[str, Any]]) -> RenderableType:
    table = _ruled("", say("first"), say("second"))
    for name, title in (("samples", "all samples"), ("trained_tokens", "trained tokens")):
        table.add_row(say(title), number(totals[name]["a"]), number(totals[name]["b"]))
    for name, title in (("loop", "loops"), ("copy", "copies"), ("near", "near duplicates")):
        share = totals[f"{name}_share"]
        table.add_row(say(title), percent(share["a"]), percent(share["b"]))
    return table


def _groups_table(groups: dict[str, list[dict[str, Any]]]) -> RenderableType | None:
    if not any(groups.values()):
        return None
    table = _ruled(say("groups"), "", say("first"), say("second"))
    titles = {"new": say("new"), "gone": say("gone"), "grown": say("grown"), "shrunk": say("shrunk")}
    for part, listed in groups.items():
        for item in listed[:MOST]:
            table.add_row(titles[part], clipped(shown(item["group"]), 40), number(item["a"]), number(item["b"]))
        if len(listed) > MOST:
            table.add_row(titles[part], say("… and {count} more", count=number(len(listed) - MOST)), "", "")
    table.columns[1].justify = "left"
    return table


def _moves(rows: dict[str, Any]) -> RenderableType | None:
    if not rows["moved"] and not rows["gone_by_rule"]:
        return None
    table = _ruled(say("rows"), "")
    for item in rows["moved"]:
        table.add_row(f"{say(item['from'])} → {say(item['to'])}", number(item["rows"]))
    for code, count in rows["gone_by_rule"].items():
        name = say("gone, dropped by {code}", code=code) if code else say("gone, though the plan keeps them")
        table.add_row(name, number(count))
    return table
