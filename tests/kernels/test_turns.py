"""What the kernel takes apart, the dialects take apart alike; what it leaves, they read."""

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.dialects import NAMES, Dialects
from auditor.kernels import turns as kernel
from auditor.kernels.flat import flat
from auditor.parse import BadLineError, careful
from auditor.sample import Turn

TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "### Human: a### Assistant: b", " ###", "\n", '"\\/', "\u2028", "\x00", "中文。", "🙂", "a" * 40]
    ),
)
ODDITY = st.sampled_from([None, 1, 2.5, True, [], {}, "x", ["x"], {"a": 1}])
ROLES = st.sampled_from(["user", "assistant", "system", "tool", "human", "gpt", "observation"])


def with_extras(fields: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Rows with these fields and some of those that stand beside them, in any order."""
    beside = st.sampled_from(["id", "system", "tools", "history", "image", "images", "text", "input", "source", "chat"])
    extra = st.dictionaries(beside, st.one_of(TEXT, ODDITY), max_size=2)
    rows = st.tuples(st.fixed_dictionaries(fields), extra).map(lambda both: {**both[1], **both[0]})
    return rows.flatmap(lambda row: st.permutations(list(row.items())).map(dict))


def some(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what belongs there, sometimes anything."""
    return st.one_of(of, of, of, ODDITY)


MESSAGE = st.one_of(
    st.fixed_dictionaries({"role": ROLES, "content": some(TEXT)}),
    st.fixed_dictionaries({"content": TEXT, "role": ROLES}),
    st.fixed_dictionaries({"role": ROLES, "content": TEXT, "loss": st.booleans()}),
)
SAID = st.fixed_dictionaries({"from": ROLES, "value": some(TEXT)})
ROUND = st.dictionaries(st.sampled_from(["input", "output", "system", "output_with_loss"]), some(TEXT), max_size=4)
ROW = st.one_of(
    with_extras({"messages": some(st.lists(MESSAGE, max_size=4))}),
    with_extras({"dialogs": st.lists(MESSAGE, max_size=3)}),
    st.lists(MESSAGE, max_size=3),
    with_extras({"conversations": some(st.lists(SAID, max_size=4))}),
    with_extras({"conversation": some(st.lists(ROUND, max_size=3))}),
    with_extras({"instruction": some(TEXT), "input": some(TEXT), "output": some(TEXT)}),
    with_extras({"instruction": TEXT, "output": TEXT}),
    with_extras({"prompt": some(TEXT), "completion": some(TEXT)}),
    with_extras({"context": TEXT, "question": TEXT, "answer": some(TEXT)}),
    with_extras({"text": some(TEXT)}),
    with_extras({"content": TEXT}),
)


def taken(lines: list[bytes]) -> tuple[kernel.Turns, list[list[Turn]]]:
    """What the kernel makes of lines."""
    sizes = np.array([len(line) for line in lines])
    ends = np.cumsum(sizes)
    found = kernel.turns(np.frombuffer(b"".join(lines) or b" ", np.uint8), ends - sizes, ends, Dialects().layout)
    texts = list(found.texts.strings())
    turns = [Turn(*turn) for turn in zip(found.role.tolist(), texts, found.trained.tolist(), strict=True)]
    cuts = np.cumsum([0, *found.counts]).tolist()
    return found, [turns[start:end] for start, end in itertools.pairwise(cuts)]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.tuples(ROW, st.booleans(), st.sampled_from([None, 1])), min_size=1, max_size=3))
def test_plain_rows_are_read_as_the_dialects_read_them(rows: list[tuple[Any, bool, int | None]]) -> None:
    """Every row that is taken apart has the dialect, turns and training that its dialect gives it."""
    lines = [json.dumps(row, ensure_ascii=ascii_only, indent=indent).encode() for row, ascii_only, indent in rows]
    found, turns = taken(lines)
    for index, (row, _, _) in enumerate(rows):
        if found.state[index] == kernel.READ:
            name, sample = Dialects().read(row)
            assert NAMES[found.dialect[index]] == name
            assert [tuple(turn) for turn in turns[index]] == [tuple(turn) for turn in sample.turns]
            assert sample.media == ""


@pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
@pytest.mark.parametrize(
    "row",
    [
        {
            "messages": [{"role": "user", "content": "Q \u00e9 \U0001f642"}, {"role": "assistant", "content": ""}],
            "id": 3,
        },
        [{"content": "Q", "role": "user"}],
        {"conversation": [{"system": "S", "input": "Q", "output": "A"}, {"input": "", "output": "B"}]},
        {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}], "system": "S"},
        {"instruction": "I", "input": "", "output": "O", "history": []},
        {"text": "plain"},
        {"prompt": "P", "completion": "C", "meta": {"a": [1, 2.5e3, None, {"b": False}]}},
    ],
    ids=str,
)
def test_usual_rows_are_plain(row: object) -> None:
    """What most files hold takes the quick way."""
    assert taken([json.dumps(row).encode()])[0].state.tolist() == [kernel.READ]


@settings(max_examples=1500, deadline=None)
@given(ROW, st.data())
def test_what_is_no_json_is_never_taken(row: object, data: st.DataObject) -> None:
    """A damaged line is taken apart only where a careful parser finds nothing odd in it either, and the same turns."""
    line = bytearray(json.dumps(row, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(line) - 1)))
        line[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.one_of(
                st.binary(max_size=2), st.sampled_from([b'"', b"\\", b"\\ud800", b"{", b"]", b",", b"1" * 16, b"NaN"])
            )
        )
    if not line:
        return
    found, turns = taken([bytes(line)])
    if found.state[0] == kernel.READ:
        parsed, odd = careful(bytes(line))
        assert odd == []
        assert [tuple(turn) for turn in turns[0]] == [tuple(turn) for turn in Dialects().read(parsed)[1].turns]
    elif found.state[0] == kernel.BLANK:
        with pytest.raises(BadLineError):
            careful(bytes(line))


@pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
@pytest.mark.parametrize("before", range(7))
@pytest.mark.parametrize(
    "damage",
    [b"\xe4\xb8", b"\xb8\xad", b"\xed\xa0\x80", b"\xed\x9f\xbf", b"\xe0\x80\x80", b"\xef\xbf\xbf", b"\xf0\x80\x80\x80"],
)
def test_damage_between_long_runs_is_seen(damage: bytes, before: int) -> None:
    """Characters of three bytes are checked several at a time; what is no UTF-8 among them is never taken."""
    wide = "，文".encode()
    line = b'[{"role": "user", "content": "' + wide * before + damage + wide * 9 + b'"}]'
    try:
        line.decode()
    except UnicodeDecodeError:
        assert taken([line])[0].state.tolist() == [kernel.ODD]
    else:
        assert taken([line])[0].state.tolist() == [kernel.READ]


def test_rows_outside_the_data_are_refused() -> None:
    """Spans beyond the buffer are an error of the caller."""
    with pytest.raises(ValueError, match="inside the data"):
        kernel.turns(np.zeros(3, np.uint8), np.array([0]), np.array([4]), Dialects().layout)


@pytest.mark.parametrize("compiled", [True, False])
def test_framed(monkeypatch: pytest.MonkeyPatch, *, compiled: bool) -> None:
    """Texts, roles and sizes of each row's turns lie side by side, compiled or not."""
    if not compiled:
        monkeypatch.setattr(kernel, "native", None)
    out, bounds = kernel.framed(flat(["ab", "", "中"]), np.array([1, 2, 0], np.int8), np.array([0, 2, 2, 3]))
    size = [n.to_bytes(8, "little") for n in range(4)]
    rows = [b"ab\x01\x02" + size[2] + size[0], b"", "中".encode() + b"\x00" + size[3]]
    assert [out[start:end].tobytes() for start, end in itertools.pairwise(bounds)] == rows
