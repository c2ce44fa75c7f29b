"""The tables of a run folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from auditor import judge, plan
from auditor.audit import Audit
from auditor.groups import Groups
from auditor.kernels.flat import Ints
from auditor.relations.neighbours import Likeness
from auditor.rule import Action
from auditor.store import whole
from auditor.views import sums

ROW_GROUP = 50_000

SAMPLES = (
    "row", "file", "line", "offset", "length", "dialect", "content_id", "turns", "chars", "trained_chars", "tokens",
    "trained_tokens", "loop_kind", "loop_unit", "loop_period", "loop_times", "loop_turn", "loop_start", "loop_end",
    "loop_cut", "loop_severity", "loop_share", "repeated_line_share", "repeated_ngram_share", "template_share",
)  # fmt: skip
"""The columns that stand first in ``samples.parquet``; further signals follow, then groups, rules and action."""

NAMED = {
    "file", "dialect", "loop_kind", "loop_unit", "loop_severity", "rule", "severity", "kind", "action", "reason",
    "note", "decided_by", "view", "group", "rules", *(f"{kind}_group" for kind in ("copy", "near", "prompt", "answer")),
}  # fmt: skip
"""Columns of few different values, written once each."""

INNER = {"source", "media", "marker_turn", "marker_start"}


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table; the same table gives the same bytes."""
    named = [name for name in table.column_names if name in NAMED]
    with whole(path) as out:
        pq.write_table(
            table, out, compression="zstd", row_group_size=ROW_GROUP, use_dictionary=named, write_statistics=True
        )


def tables(audit: Audit) -> Iterator[tuple[str, pa.Table]]:
    """Yield the tables of a run by name, one at a time: together they may be large."""
    yield "samples", samples(audit)
    yield "findings", findings(audit)
    yield "groups", groups(audit)
    yield "members", members(audit)
    yield "pairs", pairs(audit)
    yield "slots", slots(audit)
    yield "phrases", phrases(audit)
    yield "plan", fates(audit)


def findings(audit: Audit) -> pa.Table:
    """Return one row for each rule met by a sample, a group or a line."""
    return judge.table(audit.findings, audit.corpus.samples["content_id"])


def fates(audit: Audit) -> pa.Table:
    """Return one row for each sample: what becomes of it, and why."""
    return plan.table(audit.plan, {rule.code: rule.text("title") for rule in audit.profile.rules})


def samples(audit: Audit) -> pa.Table:
    """Return one row for each sample: place, sizes, signals, groups, rules and action."""
    held = audit.corpus.samples
    rows = audit.corpus.rows
    names = pa.array([source.name for source in audit.corpus.sources], pa.string())
    columns: dict[str, pa.ChunkedArray | pa.Array] = {
        "row": pa.array(np.arange(rows)),
        "file": names.take(pa.array(audit.corpus.source)),
        "template_share": pa.array(np.zeros(rows)),
    }
    columns |= {name: held[name] for name in held.column_names if name not in INNER}
    ordered = [name for name in SAMPLES if name in columns] + [name for name in columns if name not in SAMPLES]
    final = {name: columns[name] for name in ordered}
    for kind, name in GROUPS.items():
        final[name] = _group_column(audit.groups, kind, rows)
    codes = rules_of(audit)
    final["rules"] = codes
    if audit.allowance.entries:
        final["allowed"] = rules_of(audit, allowed=True)
    final["action"] = _actions(audit, codes)
    return pa.table(final)


ALIKE = {"copy", "near", "prompt", "answer"}
"""Kinds of groups whose members are compared with their keeper."""

FILLERS = pa.struct(
    [("text", pa.string()), ("count", pa.int64()), ("row", pa.int64()), ("turn", pa.int32()), ("start", pa.int64()),
     ("end", pa.int64())]
)  # fmt: skip
SLOTS = pa.schema(
    [("group", pa.string()), ("slot", pa.int32()), ("rows", pa.int64()), ("distinct", pa.int64()),
     ("entropy", pa.float64()), ("fillers", pa.list_(FILLERS))]
)  # fmt: skip

PHRASES = pa.schema(
    [("group", pa.string()), ("pack", pa.string()), ("heading", pa.string()), ("times", pa.int64()),
     ("opening", pa.int64()), ("closing", pa.int64())]
)  # fmt: skip

GROUPS = {
    "copy": "copy_group",
    "near": "near_group",
    "template": "template_group",
    "prompt_template": "prompt_template_group",
    "prompt": "prompt_group",
    "answer": "answer_group",
}
"""Which column names a sample's group of each kind."""


def _group_column(groups: Groups, kind: str, rows: int) -> pa.Array:
    """Return each sample's group of one kind, or null."""
    place = np.full(rows, -1, np.int64)
    chosen = groups.of(kind)[groups.owners]
    place[groups.rows[chosen]] = groups.owners[chosen]
    return groups.names.take(pa.array(place, mask=place < 0))


def rules_of(audit: Audit, *, allowed: bool = False) -> pa.ListArray:
    """Return the codes of the rules that each sample meets, by itself or through a group, in order.

    Where an allow-list says that it may, they are given only if asked for.
    """
    codes = [rule.code for rule in audit.profile.rules]
    number = {code: index for index, code in enumerate(codes)}
    held = audit.findings.table
    met = held["rule"].combine_chunks().dictionary_encode()
    code = np.array([number[name] for name in met.dictionary.to_pylist()], np.int64)[met.indices.to_numpy()]
    row = pc.fill_null(held["row"], -1).to_numpy()
    single, grouped = np.flatnonzero(row >= 0), np.flatnonzero(audit.findings.group >= 0)
    members, sizes = audit.groups.all(audit.findings.group[grouped])
    rows = np.concatenate([row[single], members])
    keys = np.sort(rows * len(codes) + np.concatenate([code[single], np.repeat(code[grouped], sizes)]))
    keys = keys[np.diff(keys, prepend=-1) != 0]
    meant = np.zeros(len(keys), np.bool_)
    for index, code in enumerate(codes if audit.allowance.entries else ()):
        own = keys % len(codes) == index
        meant[own] = audit.allowance.covered(code)[keys[own] // len(codes)]
    keys = keys[meant == allowed]
    ends = np.searchsorted(keys, np.arange(audit.corpus.rows + 1) * len(codes))
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.array(codes, pa.string()).take(pa.array(keys % len(codes)))
    )


def _actions(audit: Audit, codes: pa.ListArray) -> pa.Array:
    flagging = [rule.code for rule in audit.profile.rules if rule.action is Action.FLAG]
    hit = pc.is_in(codes.values, pa.array(flagging, pa.string())).to_numpy(zero_copy_only=False)
    flagged = sums(hit.astype(np.int64), codes.offsets.to_numpy().astype(np.int64)) > 0
    fate = np.where(audit.plan.dropped, 2, np.where(flagged, 1, 0))
    fate[list(audit.plan.cuts)] = 3
    return pa.array(["keep", "flag", "drop", "trim"]).take(pa.array(fate))


def groups(audit: Audit) -> pa.Table:
    """Return one row for each group; ``trained_tokens`` is what all its members but the keeper hold."""
    tokens = audit.corpus.samples["trained_tokens"].to_numpy()
    held = audit.groups
    return pa.table(
        {
            "group": held.names,
            "kind": held.kinds,
            "size": held.sizes,
            "keeper_row": held.keeper,
            "text": held.texts,
            "trained_tokens": _stakes(held, tokens),
        }
    )


def _stakes(groups: Groups, tokens: Ints) -> Ints:
    """Return the trained tokens at stake in each group."""
    spare = sums(tokens[groups.rows], groups.starts) - tokens[groups.keeper]
    return np.where(groups.tokens >= 0, groups.tokens, spare)


def slots(audit: Audit) -> pa.Table:
    """Return one row for each slot of each template that is spelled out, with its most frequent fillers."""
    return pa.Table.from_pylist([slot._asdict() for slot in audit.relations.patterns.slots], SLOTS)


def phrases(audit: Audit) -> pa.Table:
    """Return one row for each stock phrase met: its pack and heading, and how often it stands where."""
    return pa.Table.from_pylist([each._asdict() for each in audit.relations.patterns.stock], PHRASES)


def members(audit: Audit) -> pa.Table:
    """Return one row for each sample of each group, with its likeness to the keeper it was verified against."""
    held = audit.groups
    rows, best = held.rows, held.keeper[held.owners]
    near, alike = (held.of(*kinds)[held.owners] for kinds in (["near"], sorted(ALIKE)))
    other = np.where(near, _verified(audit, rows), best)
    found = _likeness(audit, rows, other, near, alike)
    return pa.table(
        {
            "group": held.names.take(pa.array(held.owners)),
            "row": rows,
            "keeper": rows == best,
            "similarity": pa.array(found.jaccard, mask=np.isnan(found.jaccard)),
            "contained": pa.array(found.contained, mask=np.isnan(found.contained)),
            "covers": pa.array(found.covers, mask=np.isnan(found.covers)),
        }
    )


def _verified(audit: Audit, rows: Ints) -> Ints:
    """Return the keeper that each row was verified against (itself where there is none)."""
    near, copy = audit.relations.near, audit.relations.copy
    return rows if near is None else near.keeper[copy.keeper[rows]]


def _likeness(
    audit: Audit, rows: Ints, other: Ints, near: NDArray[np.bool_], alike: NDArray[np.bool_]
) -> Likeness:  # fmt: skip
    """Return how alike rows are to others: copies entirely, near duplicates as verified, else NaN."""
    mine, theirs = audit.relations.copy.keeper[rows], audit.relations.copy.keeper[other]
    found = Likeness(*(np.where((near & (mine != theirs)) | ~alike, np.nan, 1.0) for _ in Likeness._fields))
    if audit.relations.near is not None:
        hit = np.flatnonzero(near & (mine != theirs))
        for column, values in zip(found, audit.relations.near.likeness(mine[hit], theirs[hit]), strict=True):
            column[hit] = values
    alone = near & (rows == other)
    for column in found:
        column[alone] = np.nan
    return found


def pairs(audit: Audit) -> pa.Table:
    """Return every pair of near duplicates that was verified, those under the threshold too."""
    near = audit.relations.near
    ends = near.pairs if near else np.zeros((0, 2), np.int64)
    jaccard = near.jaccard if near else np.zeros(0)
    contained = near.contained if near else np.zeros((0, 2))
    return pa.table(
        {
            "row_a": ends[:, 0],
            "row_b": ends[:, 1],
            "view": pa.repeat("sample", len(ends)),
            "jaccard": jaccard,
            "contained_a": contained[:, 0],
            "contained_b": contained[:, 1],
            "accepted": jaccard >= audit.corpus.settings.threshold,
        }
    )
