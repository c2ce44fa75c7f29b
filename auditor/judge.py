"""Rules applied once: measurements to findings."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.faults import BY_KIND, CLASSIC, KINDS, V1
from auditor.kernels.flat import Ints
from auditor.patterns import Patterns
from auditor.relations.copies import Copies
from auditor.relations.neighbours import Neighbours
from auditor.rule import Kind, Profile, Rule

FINDINGS = pa.schema(
    [
        ("id", pa.string()),
        ("rule", pa.string()),
        ("severity", pa.string()),
        ("row", pa.int64()),
        ("group", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("offset", pa.int64()),
        ("score", pa.float64()),
        ("turn", pa.int32()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("note", pa.string()),
        ("allowed", pa.string()),
    ]
)


@dataclass(frozen=True)
class Relations:
    """What ties the samples of a corpus together."""

    rank: Ints
    copy: Copies
    prompt: Copies
    answer: Copies
    near: Neighbours | None
    patterns: Patterns = field(default_factory=Patterns)


class Finding(NamedTuple):
    """One rule met by one sample, group or line; the fields of ``findings.parquet`` but the id."""

    rule: str
    severity: str
    row: int | None
    group: str | None
    file: str
    line: int | None
    offset: int | None
    score: float | None
    turn: int | None = None
    start: int | None = None
    end: int | None = None
    note: str = ""
    allowed: str | None = None
    """Why, and whose, if it is meant to be so."""


class Group(NamedTuple):
    """Samples that one relation ties together, in reading order, and the one that stands for them.

    ``nearest`` is the similarity of the two that are most alike; ``text`` what all of them have.
    """

    name: str
    kind: str
    rows: Ints
    keeper: int
    nearest: float = 1.0
    text: str = ""
    tokens: int = -1
    """Trained tokens at stake; -1: those of all rows but the keeper."""
    variety: int = 0
    """Different answers to one prompt, or different prompts with one answer."""


def groups_of(kind: str, group: Ints, keeper: Ints, ids: pa.ChunkedArray) -> list[Group]:
    """List groups by the place of their first row; their names come from their keepers' content."""
    held = np.flatnonzero(group >= 0)
    if not len(held):
        return []
    order = held[np.argsort(group[held], kind="stable")]
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    firsts = order[starts]
    best = np.where(group[keeper[firsts]] == group[firsts], keeper[firsts], firsts)
    names = ids.take(pa.array(best)).to_pylist()
    parts = np.split(order, starts[1:])
    by_place = np.argsort(firsts, kind="stable").tolist()
    return [Group(f"{kind}-{names[at][:12]}", kind, parts[at], int(best[at])) for at in by_place]


def _joined(groups: Sequence[Group]) -> tuple[Ints, Ints]:
    """Put the rows of groups one after the other; return them, and where each group begins."""
    rows = np.concatenate([np.zeros(0, np.int64), *(group.rows for group in groups)])
    return rows, np.cumsum([0, *(len(group.rows) for group in groups)])[:-1]


def most(groups: Sequence[Group], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the highest value of a row of each group."""
    rows, starts = _joined(groups)
    return np.maximum.reduceat(values[rows], starts) if groups else np.zeros(0)


def variety(groups: Sequence[Group], values: Ints) -> Ints:
    """Return how many different values the rows of each group have.

    >>> variety([Group("a", "prompt", np.array([0, 1, 2]), 0), Group("b", "prompt", np.array([3, 4]), 3)],
    ...         np.array([7, 8, 7, 9, 9])).tolist()
    [2, 1]
    """
    rows, starts = _joined(groups)
    number = np.repeat(np.arange(len(groups)), np.diff(starts, append=len(rows)))
    order = np.lexsort((values[rows], number))
    fresh = (np.diff(number[order], prepend=-1) != 0) | (np.diff(values[rows][order], prepend=-1) != 0)
    return np.bincount(number[order][fresh], minlength=len(groups))


def met(profile: Profile, corpus: Corpus, groups: Sequence[Group]) -> Iterator[Finding]:
    """Yield every finding, rule by rule in order of their codes."""
    by_kind: dict[str, list[Group]] = {}
    for group in groups:
        by_kind.setdefault(group.kind, []).append(group)
    for rule in profile.rules:
        if rule.kind is Kind.SIGNAL:
            yield from _signal(rule, corpus)
        elif rule.kind is Kind.LOOP:
            yield from _loop(rule, corpus)
        elif rule.kind is Kind.FAULT:
            yield from _fault(rule, corpus)
        else:
            levels = [other.where.get("threshold", 0) for other in profile.of(rule.kind, rule.target)]
            yield from _relation(rule, corpus, by_kind.get(rule.target, ()), levels)


def passes(rule: Rule, samples: pa.Table) -> NDArray[np.bool_]:
    """Tell which samples a signal rule meets: over (or under) its threshold, with enough trained tokens."""
    score = _numbers(samples[rule.target])
    hit = score < rule.where["below"] if "below" in rule.where else score > rule.where.get("above", 0)
    return np.asarray(hit & (_numbers(samples["trained_tokens"]) >= rule.where.get("min_tokens", 0)), np.bool_)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def _signal(rule: Rule, corpus: Corpus) -> Iterator[Finding]:
    if rule.target not in corpus.samples.column_names:
        return
    score = _numbers(corpus.samples[rule.target])
    marked = {"role_markers": "marker"}.get(rule.target, rule.target if rule.pattern else "")
    rows = np.flatnonzero(passes(rule, corpus.samples))
    severity = rule.severity.value
    for row, at, value in zip(rows.tolist(), _places(corpus, rows), score[rows].tolist(), strict=True):
        place: dict[str, Any] = {}
        if marked:
            turn, start = (corpus.samples[f"{marked}_{name}"][row].as_py() for name in ("turn", "start"))
            end = corpus.samples[f"{marked}_end"][row].as_py() if rule.pattern else start
            place = {"turn": turn, "start": start, "end": end}
        elif rule.target.startswith("leak_"):
            place = {"note": corpus.samples["leak_place"][row].as_py() or ""}
        yield Finding(rule.code, severity, row, None, *at, value, **place)


def _places(corpus: Corpus, rows: Ints) -> Iterator[tuple[str, int, int]]:
    """Yield file, line and offset of rows."""
    names = [source.name for source in corpus.sources]
    sources, lines, offsets = (part[rows].tolist() for part in (corpus.source, corpus.lines, corpus.offsets))
    return zip(map(names.__getitem__, sources), lines, offsets, strict=True)


def _place(corpus: Corpus, row: int) -> tuple[str, int, int]:
    source = corpus.sources[int(corpus.source[row])]
    return source.name, int(corpus.lines[row]), int(corpus.offsets[row])


def loop_hits(rule: Rule, loops: pa.Table) -> NDArray[np.bool_]:
    """Tell which loops a rule meets, by kind and severity."""
    kinds, severities = rule.where.get("kinds", ()), rule.where.get("severities")
    hit = pc.is_in(loops["kind"], pa.array(list(kinds), pa.string()))
    if severities is not None:
        hit = pc.and_(hit, pc.is_in(loops["severity"], pa.array(list(severities), pa.string())))
    return np.asarray(hit.to_numpy(), np.bool_)


def _loop(rule: Rule, corpus: Corpus) -> Iterator[Finding]:
    for loop in corpus.loops.filter(pa.array(loop_hits(rule, corpus.loops))).to_pylist():
        row = loop["row"]
        trained = corpus.samples["trained_chars"][row].as_py()
        score = min(1.0, (loop["end"] - loop["start"]) / trained) if trained else 0.0
        yield Finding(
            rule.code, rule.severity.value, row, None, *_place(corpus, row), score,
            loop["turn"], loop["start"], loop["end"], f"{loop['kind']}, {loop['times']} times",
        )  # fmt: skip


def _fault(rule: Rule, corpus: Corpus) -> Iterator[Finding]:
    held = corpus.faults.filter(pc.equal(corpus.faults["kind"], rule.target)).to_pylist()
    for number, faults in _by_source(held):
        everything = number >= 0 and rule.target == "unknown" and len(faults) == corpus.read[number]
        for fault in faults[:1] if everything else faults:
            note = fault["message"] + (f" ({len(faults)} rows, the whole file)" if everything else "")
            stops = _stops(rule.target, fault["stops"])
            line = fault["line"] or None
            name = fault["file"] or corpus.sources[number].name
            row = None if number < 0 or KINDS[rule.target].rejects else corpus.row_at(number, fault["line"])
            yield Finding(
                rule.code, rule.severity.value, row, None, name, line, fault["offset"], None, note=f"{note}; {stops}"
            )


def _by_source(faults: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    held: dict[int, list[Mapping[str, Any]]] = {}
    for fault in faults:
        held.setdefault(fault["source"], []).append(fault)
    yield from sorted(held.items())


def _stops(kind: str, stops: int) -> str:
    """Say what XTuner would do at such a line."""
    return STOPS[KINDS[kind].stops if stops == BY_KIND else stops]


STOPS = {
    bits: f"XTuner would stop here: {which}"
    for bits, which in ((0, "no"), (CLASSIC, "classic only"), (V1, "V1 only"), (CLASSIC | V1, "yes"))
}
"""What is told of a fault, by the bits of which XTuner stops."""


def _relation(rule: Rule, corpus: Corpus, groups: Sequence[Group], levels: Sequence[float]) -> Iterator[Finding]:
    """Yield groups; of rules with thresholds on one relation the highest that a group reaches has it."""
    own = rule.where.get("threshold", 0)
    above = min((level for level in levels if level > own), default=2)
    met = [group for group in groups if group.nearest < above and reaches(rule, group, corpus.rows)]
    severity = rule.severity.value
    keepers = np.array([group.keeper for group in met], np.int64)
    for group, place in zip(met, _places(corpus, keepers), strict=True):
        size = len(group.rows)
        yield Finding(rule.code, severity, None, group.name, *place, float(size), note=f"{size} rows")


def reaches(rule: Rule, group: Group, rows: int) -> bool:
    """Tell whether a group is of the kind that a rule looks at, and past its limits."""
    where = rule.where
    least = max(where.get("min_rows", 0), where.get("min_share", 0) * rows)
    alike = group.kind == rule.target and group.nearest >= where.get("threshold", 0)
    return bool(alike and len(group.rows) >= least and group.variety >= where.get("min_variety", 0))


def table(findings: Iterable[Finding], ids: pa.ChunkedArray) -> pa.Table:
    """Lay findings out in columns, each with an id that stays the same while its content and rule do."""
    seen: Counter[str] = Counter()
    held = list(findings)
    rows = []
    named = ids.take(pa.array([finding.row for finding in held], pa.int64())).to_pylist()
    for finding, name in zip(held, named, strict=True):
        subject = finding.group or name or f"{finding.file}:{finding.line}"
        key = f"{finding.rule}|{subject}|{finding.turn}|{finding.start}"
        seen[key] += 1
        digest = xxhash.xxh3_64_hexdigest(f"{key}|{seen[key]}".encode("utf-8", "surrogatepass"))
        rows.append((f"{finding.rule}-{digest[:12]}", *finding))
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(FINDINGS)
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, FINDINGS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=FINDINGS)
