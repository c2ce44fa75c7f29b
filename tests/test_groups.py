"""Groups in columns are what groups one by one would be."""

import numpy as np
import pyarrow as pa
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.groups import Groups, groups_of, joined, listed
from auditor.judge import FINDINGS, MET, Findings, table

LABELS = st.lists(st.integers(-1, 4), max_size=20)


def made(labels: list[int], kind: str = "near") -> Groups:
    """Group rows by labels; the last row of each stands for it."""
    group = np.array(labels, np.int64)
    last = {label: row for row, label in enumerate(labels)}
    keeper = np.array([last[label] if label >= 0 else row for row, label in enumerate(labels)], np.int64)
    ids = pa.array([f"{row:016x}" for row in range(len(labels))], pa.string())
    return groups_of(kind, group, keeper, pa.chunked_array([ids]))


@settings(deadline=None)
@given(LABELS)
def test_groups_of(labels: list[int]) -> None:
    """Groups stand in the order of their first rows, rows in reading order; keepers give the names."""
    held = made(labels)
    wanted = [[row for row, own in enumerate(labels) if own == label] for label in dict.fromkeys(labels) if label >= 0]
    assert [rows.tolist() for rows in held.each(np.arange(len(held)))] == wanted
    assert held.keeper.tolist() == [rows[-1] for rows in wanted]
    assert held.names.to_pylist() == [f"near-{rows[-1]:016x}"[:17] for rows in wanted]
    values = np.arange(len(labels)) % 3
    assert held.different(values).tolist() == [len({row % 3 for row in rows}) for rows in wanted]
    assert held.most(values.astype(float)).tolist() == [max(row % 3 for row in rows) for rows in wanted]


@settings(deadline=None)
@given(LABELS, LABELS, st.data())
def test_joined(one: list[int], two: list[int], data: st.DataObject) -> None:
    """Lists of groups behind one another keep their rows, and some of them can be taken in any order."""
    parts = [listed([], [], [], []), made(one), made(two, "copy")]
    held = joined(parts)
    rows = [each.tolist() for part in parts for each in part.each(np.arange(len(part)))]
    assert [each.tolist() for each in held.each(np.arange(len(held)))] == rows
    assert held.of("copy").tolist() == [kind == "copy" for kind in held.kinds.to_pylist()]
    if rows:
        some = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=6))
        found, sizes = held.all(np.array(some, np.int64))
        assert found.tolist() == [row for k in some for row in rows[k]]
        assert sizes.tolist() == [len(rows[k]) for k in some]


FOUND = st.fixed_dictionaries(
    {
        "rule": st.sampled_from(["D101", "F201"]),
        "row": st.sampled_from([None, 0, 1]),
        "group": st.sampled_from([None, "copy-1"]),
        "file": st.sampled_from(["a.jsonl", "数.jsonl"]),
        "line": st.sampled_from([None, 3]),
        "turn": st.sampled_from([None, 1]),
        "start": st.sampled_from([None, 0, 7]),
    }
)


@settings(deadline=None)
@given(st.lists(FOUND, max_size=12))
def test_ids(found: list[dict[str, object]]) -> None:
    """An id hashes rule, subject and place, and counts what is equal; what stands elsewhere does not matter."""
    ids = ["0" * 16, "1" * 16]
    seen: dict[str, int] = {}
    wanted = []
    for each in found:
        row = each["row"]
        subject = each["group"] or (ids[row] if isinstance(row, int) else None) or f"{each['file']}:{each['line']}"
        key = f"{each['rule']}|{subject}|{each['turn']}|{each['start']}"
        seen[key] = seen.get(key, 0) + 1
        wanted.append(f"{each['rule']}-{xxhash.xxh3_64_hexdigest(f'{key}|{seen[key]}'.encode())[:12]}")
    held = Findings(pa.Table.from_pylist(found, MET), np.zeros(len(found), np.int64))
    made_of = table(held, pa.chunked_array([ids]))
    assert made_of.schema == FINDINGS
    assert made_of["id"].to_pylist() == wanted
