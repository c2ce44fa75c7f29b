"""Faults of rows as a scan reads them: plain rows in columns, all others one by one."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.faults import CLASSIC, Fault
from auditor.kernels.flat import Bytes, Ints
from auditor.loading import v1_rows
from auditor.loading.classic_rows import StopError
from auditor.loading.columns import Columns
from auditor.loading.faults import NAMES, REASONS, Faults
from auditor.loading.keeping import keeps
from auditor.loading.question import Question, asked, kind_of
from auditor.sample import Batch, Role, Sample
from auditor.views import sums

LACKS = "lacks"
"""Kind of a row without a field that its map function needs: a file's other rows tell what becomes of it."""

SPOKEN = re.compile(rb'"from"\s*:\s*"system"')
TALKS = ("messages", "sharegpt")
"""Dialects whose classic map functions pair questions with answers."""


class Rows(NamedTuple):
    """Plain rows: taken apart, where each stands in its chunk, and which of them lack a field."""

    batch: Batch
    data: Bytes
    starts: Ints
    ends: Ints
    lacking: NDArray[np.bool_]


def plain_faults(rows: Rows, question: Question | None) -> Iterator[Fault]:
    """Yield the faults of rows that hold nothing but strings: what is missing, empty, or in an odd order."""
    batch = rows.batch
    if not batch.rows:
        return
    classic = question is None or question.target != "v1"
    filled = np.diff(batch.texts.offsets) > 0
    yield from _faults(batch, ~_has(batch, batch.trained), "F308")
    yield from _faults(batch, _has(batch, batch.trained & ~filled), "F310")
    if not classic:
        return
    yield from _faults(batch, rows.lacking, "", LACKS)
    if question is not None and "intern_repo" not in question.loader:
        yield from _faults(batch, _in(batch, "bare_messages"), "F330", stops=CLASSIC)
    talks = _in(batch, *TALKS)
    if not talks.any():
        return
    for code, hit in _order(batch).items():
        yield from _faults(batch, hit & talks, code)
    spoken = np.flatnonzero(_in(batch, "sharegpt") & (_has(batch, batch.role == Role.SYSTEM)))
    marked = [at for at in spoken.tolist() if SPOKEN.search(rows.data[rows.starts[at] : rows.ends[at]].tobytes())]
    hit = np.isin(np.arange(batch.rows), marked)
    yield from _faults(batch, hit, "F315", found="system", map="wizardlm_map_fn", stops=CLASSIC)


def _in(batch: Batch, *dialects: str) -> NDArray[np.bool_]:
    """Tell which rows are of some dialects."""
    return np.asarray(pc.is_in(batch.samples["dialect"], pa.array(dialects, pa.string())).to_numpy(), np.bool_)


def _has(batch: Batch, turns: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which rows have one of some turns."""
    return np.asarray(sums(turns.astype(np.int64), batch.first) > 0, np.bool_)


def _order(batch: Batch) -> dict[str, NDArray[np.bool_]]:
    """Tell which rows begin with an answer, end with a question, or ask twice in a row; system turns aside."""
    said = np.flatnonzero(batch.role != Role.SYSTEM)
    role = batch.role[said]
    row = np.repeat(np.arange(batch.rows), np.diff(batch.first))[said]
    opens = np.diff(row, prepend=-1) != 0
    closes = np.diff(row, append=batch.rows) != 0
    asks = role == Role.USER
    doubled = np.zeros(len(role), np.bool_)
    doubled[1:] = asks[1:] & asks[:-1] & ~opens[1:]
    held = {"F324": opens & (role == Role.ASSISTANT), "F325": closes & asks, "F326": doubled}
    return {code: np.bincount(row[hit], minlength=batch.rows) > 0 for code, hit in held.items()}


def _faults(
    batch: Batch, hit: NDArray[np.bool_], code: str, kind: str = "", *, stops: int = 0, **values: str
) -> Iterator[Fault]:
    """Yield a fault for each row that is hit."""
    if not hit.any():
        return
    told = REASONS[code].format(**values) if code else ""
    held = batch.samples.filter(hit)
    for line, offset, size in zip(*(held[name].to_pylist() for name in ("line", "offset", "length")), strict=True):
        yield Fault(line, offset, size, kind or NAMES[code], told, stops)


def row_faults(row: Any, dialect: str, question: Question | None) -> list[tuple[str, str, int]]:  # noqa: ANN401
    """Return what is odd about one row: kinds, words, and which XTuner stops.

    Where no configuration says how a row is read, it is judged for each XTuner that reads its dialect.

    >>> row_faults([{"role": "user", "content": "Q", "mood": "glad"}], "bare_messages", None)
    [('unknown_key', 'a message has the key mood, which XTuner V1 forbids', 2)]
    """
    if question and question.dialects and dialect not in question.dialects and isinstance(row, dict):
        return []  # told once for the whole file
    found: dict[tuple[str, str], int] = {}
    for one in asked(dialect) if question is None else (question,):
        for fault in _judged(row, one):
            if fault.code in NAMES:
                key = NAMES[fault.code], fault.reason
                found[key] = found.get(key, 0) | one.stops * fault.fatal
    lacks = _lacks(row, dialect, question)
    return [*([(LACKS, "", 0)] if lacks else []), *((*key, stops) for key, stops in found.items())]


def untrained(sample: Sample, dialect: str) -> tuple[str, str] | None:
    """Return what is odd about a row that no map function was asked about and that trains nothing: kind and words."""
    if dialect == "rl_prompt" or any(turn.trained and turn.text for turn in sample.turns):
        return None
    code = "F310" if any(turn.trained for turn in sample.turns) else "F308"
    return NAMES[code], REASONS[code]


def _lacks(row: Any, dialect: str, question: Question | None) -> bool:  # noqa: ANN401  (any JSON value)
    needed = needs(question).get(dialect, frozenset())
    return isinstance(row, dict) and bool(needed - row.keys())


def needs(question: Question | None) -> dict[str, frozenset[str]]:
    """Return the fields that classic XTuner needs on every row, by dialect."""
    if question is None:
        return {"alpaca": frozenset({"instruction", "input", "output"})}
    return dict.fromkeys(question.dialects, question.needed) if question.target != "v1" else {}


def _judged(row: Any, question: Question) -> Sequence[Any]:  # noqa: ANN401  (any JSON value)
    faults = Faults()
    try:
        if question.target == "v1":
            kind = kind_of(question.map_fn)
            if kind != "custom":
                v1_rows.accepted(row, 0, faults, kind, question.template)
        elif isinstance(row, dict):
            columns = Columns()
            columns.keys[""] = set(question.needed)
            keeps({**dict.fromkeys(question.needed, ""), **row}, 0, question, faults, columns)
        else:
            faults.add("F330", 0, fatal=True)
    except StopError:
        pass
    return list(faults.held.values())
