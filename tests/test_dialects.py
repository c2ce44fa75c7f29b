"""Every shape of row that XTuner reads, with the turns that it would train."""

import json
from typing import Any

import pytest

from auditor.dialects import Dialects, ShapeError, UnknownShapeError
from auditor.sample import MEDIA, Role

U, A, S, T = Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.TOOL
Q, R = (U, "Q", False), (A, "A", True)

CASES: list[tuple[str, Any, list[tuple[Role, str, bool]]]] = [
    ("conversation", {"conversation": [{"input": "Q", "output": "A"}]}, [Q, R]),
    ("conversation", {"conversation": [{"system": "S", "input": "Q", "output": "A"}, {"input": "Q", "output": "B"}]}, [(S, "S", False), Q, R, Q, (A, "B", True)]),
    ("conversation", {"conversation": [{"input": "Q", "output": "A", "output_with_loss": False}]}, [Q, (A, "A", False)]),
    ("conversation", {"conversation": [{"system": "", "input": "", "output": "text"}]}, [(A, "text", True)]),
    ("conversation", {"conversation": []}, []),
    ("conversation", {"conversation": [{"input": None, "output": "A"}]}, [(U, "None", False), R]),
    ("moss", {"meta_instruction": "S", "chat": {"turn_1": {"Human": "Q", "Tool Responses": "t", "MOSS": "A"}}}, [(S, "S", False), Q, (T, "t", False), R]),
    ("messages", {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}, [Q, R]),
    ("messages", {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A", "loss": False}]}, [Q, (A, "A", False)]),
    ("messages", {"messages": [{"role": "user", "content": "Q", "loss": "true"}, {"role": "assistant", "content": "A", "loss": "false"}]}, [(U, "Q", True), (A, "A", False)]),
    ("messages", {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a.jpg"}}, {"type": "text", "text": "Q"}]}]}, [(U, f"{MEDIA}\nQ", False)]),
    ("messages", {"messages": [{"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "content": "r"}]}, [(A, '{"arguments": "{}", "name": "f"}', True), (T, "r", False)]),
    ("messages", {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}]}, [(A, '{"name": "f"}', True)]),
    ("messages", {"tools": [{"name": "f"}], "messages": [{"role": "user", "content": "Q"}]}, [(S, '[{"name": "f"}]', False), Q]),
    ("messages", {"messages": [{"role": "assistant", "reasoning_content": "r", "content": "A"}]}, [(A, "r", False), R]),
    ("messages", {"messages": [{"role": "assistant", "thinking": "r", "content": "B"}, {"role": "assistant", "thinking": "r", "content": "A"}]}, [(A, "r", False), (A, "B", True), (A, "r", True), R]),
    ("messages", {"messages": [{"role": "pretrain", "content": "text"}]}, [(A, "text", True)]),
    ("messages", {"messages": None}, []),
    ("bare_messages", [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], [Q, R]),
    ("dialogs", {"dialogs": [{"role": "thought", "content": "t"}, {"role": "environment", "content": "e"}]}, [(A, "t", True), (T, "e", False)]),
    ("rl_prompt", {"data_source": "d", "prompt": [{"role": "user", "content": "Q"}], "reward_model": {}}, [Q]),
    ("chat_completion", {"prompt": [{"role": "user", "content": "Q"}], "completion": [{"role": "assistant", "content": "A"}]}, [Q, R]),
    ("sharegpt", {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}, [Q, R]),
    ("sharegpt", {"id": "1", "image": "a.jpg", "conversations": [{"from": "human", "value": "<image>\nQ"}, {"from": "gpt", "value": "A"}]}, [(U, "<image>\nQ", False), R]),
    ("sharegpt", {"conversations": "[{'from': 'user', 'value': 'Q'}, {'from': 'assistant', 'value': 'A'}]"}, [Q, R]),
    ("sharegpt", {"system": "S", "conversations": [{"from": "function_call", "value": "A"}, {"from": "observation", "value": "o"}]}, [(S, "S", False), R, (T, "o", False)]),
    ("alpaca", {"instruction": "I", "input": "", "output": "A"}, [(U, "I", False), R]),
    ("alpaca", {"instruction": "I", "input": "in", "output": "A"}, [(U, "I\nin", False), R]),
    ("alpaca", {"instruction": "I", "output": "A"}, [(U, "I", False), R]),
    ("alpaca", {"instruction": "I", "input": None, "output": "A"}, [(U, "I\nNone", False), R]),
    ("alpaca", {"instruction": "I", "input": "", "output": "A", "text": "### all of it"}, [(U, "I", False), R]),
    ("alpaca", {"instruction": "I", "output": "A", "system": "S", "history": [["Q", "B"]]}, [(S, "S", False), Q, (A, "B", False), (U, "I", False), R]),
    ("alpaca_zh", {"instruction_zh": "指", "input_zh": "入", "output_zh": "A"}, [(U, "指\n入", False), R]),
    ("query_response", {"query": "Q", "response": "A", "history": [{"query": "Q", "response": "B"}]}, [Q, (A, "B", False), Q, R]),
    ("question_response", {"system_prompt": "S", "question": "Q", "response": "A"}, [(S, "S", False), Q, R]),
    ("prompt_completion", {"prompt": "Q", "completion": "A"}, [Q, R]),
    ("prompt_response", {"prompt": "Q", "response": "A"}, [Q, R]),
    ("question_answer", {"question": "Q", "answer": "A"}, [Q, R]),
    ("sql", {"context": "C", "question": "Q", "answer": "A"}, [(U, "C\nQ", False), R]),
    ("input_output", {"input": "Q", "output": "A"}, [Q, R]),
    ("arxiv", {"abstract": "Q", "title": "A"}, [Q, R]),
    ("colors", {"description": "Q", "color": "A"}, [Q, R]),
    ("oasst1", {"text": "### Human: Q### Assistant: A### Human: odd"}, [Q, R]),
    ("text", {"text": "plain ### text"}, [(A, "plain ### text", True)]),
    ("content", {"content": "plain"}, [(A, "plain", True)]),
    ("preference", {"prompt": [{"role": "user", "content": "Q"}], "chosen": [{"role": "assistant", "content": "A"}], "rejected": [{"role": "assistant", "content": "B"}]}, [Q, R, (A, "B", False)]),
    ("preference", {"system": "S", "question": "Q", "chosen": "A", "rejected": "B"}, [(S, "S", False), Q, R, (A, "B", False)]),
    ("preference", {"chosen": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], "rejected": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "B"}]}, [Q, R, (A, "B", False)]),
    ("preference", {"conversations": [{"from": "human", "value": "Q"}], "chosen": {"from": "gpt", "value": "A"}, "rejected": {"from": "gpt", "value": "B"}}, [Q, R, (A, "B", False)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "turns"), CASES, ids=lambda case: case if isinstance(case, str) else "")
def test_shapes(name: str, row: Any, turns: list[tuple[Role, str, bool]]) -> None:
    """A row is recognised by its fields and gives these turns."""
    got, sample = Dialects().read(json.loads(json.dumps(row)))
    assert got == name
    assert [tuple(turn) for turn in sample.turns] == turns


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"conversation": {"input": "Q"}}, "/conversation: expected a list, found an object"),
        ({"conversation": [{"input": "Q"}]}, "/conversation/0/output: this turn has no output"),
        ({"conversation": [{"input": "Q", "output": None}]}, "/conversation/0/output: expected text, found null"),
        ({"messages": [{"role": "user", "content": 3}]}, "/messages/0/content: expected a list, found a number"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "/messages/0/role: unknown role 'wizard'"),
        ({"messages": [{"role": "user"}]}, "/messages/0/content: this message has no content"),
        ({"messages": ["text"]}, "/messages/0: expected an object, found text"),
        ({"conversations": [{"from": "human", "value": None}]}, "/conversations/0/value: expected text, found null"),
        ({"conversations": "__import__('os').system('true')"}, "this text is no list of turns"),
        ({"text": None}, "/text: expected text, found null"),
        ({"instruction": "I", "output": 1}, "/output: expected text, found a number"),
        ({"chosen": [], "rejected": "B", "prompt": "Q"}, "/chosen: this answer is empty"),
        (None, "a line must be an object or a list of messages"),
        (3, "a line must be an object"),
    ],
)
def test_wrong_types_are_placed(row: Any, message: str) -> None:
    """What does not fit is refused with a pointer to it."""
    with pytest.raises(ShapeError) as caught:
        Dialects().read(row)
    assert message in str(caught.value)


@pytest.mark.parametrize("row", [{}, {"wat": 1}, {"prompt": "Q"}, {"question": "Q", "answer": "A", "response": "B"}])
def test_never_a_guess(row: Any) -> None:
    """No shape, or two of them, is an error that lists the keys seen."""
    with pytest.raises(UnknownShapeError) as caught:
        Dialects().read(row)
    assert all(key in str(caught.value) for key in row)


def test_fields_by_name() -> None:
    """Named fields are read, dotted ones too, and nothing else."""
    reader = Dialects({"answer": "task.gt", "prompt": "q", "system": "s"})
    name, sample = reader.read({"s": "S", "q": "Q", "task": {"gt": ["A", "B"]}, "messages": []})
    assert name == "fields"
    assert [tuple(turn) for turn in sample.turns] == [(S, "S", False), Q, (A, "A\nB", True)]
    with pytest.raises(ShapeError, match="no such field"):
        reader.read({"s": "S", "q": "Q"})


def test_media_are_kept_as_marks() -> None:
    """An image leaves a place mark, and its name tells two samples apart."""
    rows = [
        {"messages": [{"role": "user", "content": [{"type": "image", "image": {"url": name}}, "what is this"]}]}
        for name in "ab"
    ]
    first, second = (Dialects().read(row)[1] for row in rows)
    assert first.turns == second.turns
    assert first.media != second.media
