"""Rules applied once: measurements to findings."""

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
from auditor.groups import Groups
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


class Findings(NamedTuple):
    """Rules met by samples, groups and lines: the columns of ``findings.parquet`` but the id, rule by rule.

    ``group`` numbers the group of each (-1: none); ``allowed`` in the table says why, and whose, it is meant to be so.
    """

    table: pa.Table
    group: Ints


MET = pa.schema([field for field in FINDINGS if field.name != "id"])


def met(profile: Profile, corpus: Corpus, groups: Groups) -> Findings:
    """Find what meets rules, rule by rule in order of their codes."""
    parts = [Findings(MET.empty_table(), np.zeros(0, np.int64))]
    for rule in profile.rules:
        if rule.kind is Kind.SIGNAL:
            parts.append(_signal(rule, corpus))
        elif rule.kind is Kind.LOOP:
            parts.append(_loop(rule, corpus))
        elif rule.kind is Kind.FAULT:
            parts.append(_fault(rule, corpus))
        else:
            levels = [other.where.get("threshold", 0) for other in profile.of(rule.kind, rule.target)]
            parts.append(_relation(rule, corpus, groups, levels))
    return Findings(pa.concat_tables(part.table for part in parts), np.concatenate([part.group for part in parts]))


def _of(rule: Rule, number: int, columns: Mapping[str, Any], group: Ints | None = None) -> Findings:
    """Lay what a rule meets out in columns; those that are not given are null."""
    held = {"rule": pa.repeat(rule.code, number), "severity": pa.repeat(rule.severity.value, number), **columns}
    held.setdefault("note", pa.repeat("", number))
    arrays = []
    for part in MET:
        column = held[part.name] if part.name in held else pa.nulls(number, part.type)
        column = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column)
        arrays.append(column.cast(part.type))
    return Findings(pa.Table.from_arrays(arrays, schema=MET), np.full(number, -1, np.int64) if group is None else group)


def passes(rule: Rule, samples: pa.Table) -> NDArray[np.bool_]:
    """Tell which samples a signal rule meets: over (or under) its threshold, with enough trained tokens."""
    score = _numbers(samples[rule.target])
    hit = score < rule.where["below"] if "below" in rule.where else score > rule.where.get("above", 0)
    return np.asarray(hit & (_numbers(samples["trained_tokens"]) >= rule.where.get("min_tokens", 0)), np.bool_)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def _signal(rule: Rule, corpus: Corpus) -> Findings:
    if rule.target not in corpus.samples.column_names:
        return _of(rule, 0, {})
    score = _numbers(corpus.samples[rule.target])
    marked = {"role_markers": "marker"}.get(rule.target, rule.target if rule.pattern else "")
    rows = np.flatnonzero(passes(rule, corpus.samples))
    columns: dict[str, Any] = {"row": rows, **_places(corpus, rows), "score": score[rows]}
    if marked:
        end = "end" if rule.pattern else "start"
        names = {"turn": "turn", "start": "start", "end": end}
        columns |= {name: corpus.samples[f"{marked}_{held}"].take(rows) for name, held in names.items()}
    elif rule.target.startswith("leak_"):
        columns["note"] = pc.fill_null(corpus.samples["leak_place"].take(rows), "")
    return _of(rule, len(rows), columns)


def _places(corpus: Corpus, rows: Ints) -> dict[str, Any]:
    """Return file, line and offset of rows."""
    names = pa.array([source.name for source in corpus.sources], pa.string())
    files = names.take(pa.array(corpus.source[rows]))
    return {"file": files, "line": corpus.lines[rows], "offset": corpus.offsets[rows]}


def loop_hits(rule: Rule, loops: pa.Table) -> NDArray[np.bool_]:
    """Tell which loops a rule meets, by kind and severity."""
    kinds, severities = rule.where.get("kinds", ()), rule.where.get("severities")
    hit = pc.is_in(loops["kind"], pa.array(list(kinds), pa.string()))
    if severities is not None:
        hit = pc.and_(hit, pc.is_in(loops["severity"], pa.array(list(severities), pa.string())))
    return np.asarray(hit.to_numpy(), np.bool_)


def _loop(rule: Rule, corpus: Corpus) -> Findings:
    loops = corpus.loops.filter(pa.array(loop_hits(rule, corpus.loops)))
    rows, start, end = (np.asarray(loops[name].to_numpy(), np.int64) for name in ("row", "start", "end"))
    trained = corpus.samples["trained_chars"].to_numpy()[rows]
    score = np.minimum(1.0, np.divide(end - start, trained, out=np.zeros(len(rows)), where=trained > 0))
    times = pc.binary_join_element_wise(loops["times"].cast(pa.string()), "times", " ")
    note = pc.binary_join_element_wise(loops["kind"], times, ", ")
    columns = {"row": rows, **_places(corpus, rows), "score": score, "turn": loops["turn"], "start": start, "end": end}
    return _of(rule, len(rows), {**columns, "note": note})


def _fault(rule: Rule, corpus: Corpus) -> Findings:
    held = corpus.faults.filter(pc.equal(corpus.faults["kind"], rule.target)).to_pylist()
    found = list(_faults(rule, corpus, held))
    names = ("row", "file", "line", "offset", "note")
    parts = zip(*found, strict=True) if found else [()] * len(names)
    return _of(
        rule, len(found), {name: pa.array(part, MET.field(name).type) for name, part in zip(names, parts, strict=True)}
    )


def _faults(
    rule: Rule, corpus: Corpus, held: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[int | None, str, int | None, int, str]]:  # fmt: skip
    """Yield row, file, line, offset and note of faults of one kind; one that all rows of a file have is told once."""
    for number, faults in _by_source(held):
        everything = number >= 0 and rule.target == "unknown" and len(faults) == corpus.read[number]
        for fault in faults[:1] if everything else faults:
            note = fault["message"] + (f" ({len(faults)} rows, the whole file)" if everything else "")
            stops = _stops(rule.target, fault["stops"])
            name = fault["file"] or corpus.sources[number].name
            row = None if number < 0 or KINDS[rule.target].rejects else corpus.row_at(number, fault["line"])
            yield row, name, fault["line"] or None, fault["offset"], f"{note}; {stops}"


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


def _relation(rule: Rule, corpus: Corpus, groups: Groups, levels: Sequence[float]) -> Findings:
    """Find groups; of rules with thresholds on one relation the highest that a group reaches has it."""
    own = rule.where.get("threshold", 0)
    above = min((level for level in levels if level > own), default=2)
    found = np.flatnonzero((groups.nearest < above) & reaches(rule, groups, corpus.rows))
    sizes = groups.sizes[found]
    note = pc.binary_join_element_wise(pa.array(sizes).cast(pa.string()), "rows", " ")
    columns = {"group": groups.names.take(found), **_places(corpus, groups.keeper[found]), "score": sizes, "note": note}
    return _of(rule, len(found), columns, found)


def reaches(rule: Rule, groups: Groups, rows: int) -> NDArray[np.bool_]:
    """Tell which groups are of the kind that a rule looks at, and past its limits."""
    where = rule.where
    least = max(where.get("min_rows", 0), where.get("min_share", 0) * rows)
    alike = groups.of(rule.target) & (groups.nearest >= where.get("threshold", 0))
    return np.asarray(alike & (groups.sizes >= least) & (groups.variety >= where.get("min_variety", 0)), np.bool_)


def table(findings: Findings, ids: pa.ChunkedArray) -> pa.Table:
    """Give each finding an id that stays the same while its content and rule do."""
    held = findings.table.combine_chunks()
    place = pc.binary_join_element_wise(held["file"], _written(held["line"]), ":")
    subject = pc.coalesce(held["group"], ids.take(held["row"]), place)
    keys = pc.binary_join_element_wise(
        held["rule"], subject, _written(held["turn"]), _written(held["start"]), "|"
    ).combine_chunks()
    times = pa.array(_times(keys) + 1).cast(pa.string())
    keys = pc.binary_join_element_wise(keys, times, "|").cast(pa.binary()).to_pylist()
    digests = pa.array([xxhash.xxh3_64_hexdigest(key)[:12] for key in keys], pa.string())
    names = pc.binary_join_element_wise(held["rule"], digests, "-")
    return pa.Table.from_arrays([names, *held.columns], schema=FINDINGS)


def _written(numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(numbers.cast(pa.string()), "None")


def _times(keys: pa.Array) -> Ints:
    """Count how often each key stands before.

    >>> _times(pa.array(["a", "b", "a", "a"])).tolist()
    [0, 0, 1, 2]
    """
    number = np.asarray(keys.dictionary_encode().indices.to_numpy(), np.int64)
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    times = np.empty(len(number), np.int64)
    times[order] = np.arange(len(number)) - np.repeat(starts, np.diff(starts, append=len(number)))
    return times
