"""XTuner's own form: ``{"conversation": [{"system"?, "input", "output", "output_with_loss"?}, …]}``, and MOSS's."""

from typing import Any

from auditor.dialects.shape import Dialect, Row, ShapeError, dict_of, finished, list_of, media_fields, text_of
from auditor.kernels.turns import Op
from auditor.sample import Role, Sample, Turn


def conversation(row: Row) -> Sample:
    """Read XTuner's standard form; an empty list is a row that XTuner drops.

    >>> conversation({"conversation": [{"input": "Q", "output": "A"}]}).turns[1]
    Turn(role=<Role.ASSISTANT: 2>, text='A', trained=True)
    """
    turns: list[Turn] = []
    for index, item in enumerate(list_of(row["conversation"], "/conversation")):
        pointer = f"/conversation/{index}"
        entry = dict_of(item, pointer)
        system = entry.get("system")
        if system:
            turns.append(Turn(Role.SYSTEM, text_of(system, f"{pointer}/system"), trained=False))
        asked = _asked(entry, pointer)
        if asked:
            turns.append(Turn(Role.USER, asked, trained=False))
        if "output" not in entry:
            raise ShapeError(f"{pointer}/output", "this turn has no output")
        answer = text_of(entry["output"], f"{pointer}/output")
        turns.append(Turn(Role.ASSISTANT, answer, trained=bool(entry.get("output_with_loss", True))))
    return finished(turns, media_fields(row))


def _asked(entry: dict[str, Any], pointer: str) -> str:
    """Return a turn's input; XTuner formats a null into the prompt as the word None."""
    value = entry.get("input", "")
    return "None" if value is None else text_of(value, f"{pointer}/input")


def moss(row: Row) -> Sample:
    """Read MOSS's form: ``{"chat": {"turn_1": {"Human", …, "MOSS"}}, "meta_instruction"?}``; tool answers untrained."""
    turns: list[Turn] = []
    system = row.get("meta_instruction")
    if system:
        turns.append(Turn(Role.SYSTEM, text_of(system, "/meta_instruction"), trained=False))
    for name, item in dict_of(row["chat"], "/chat").items():
        for speaker, text in dict_of(item, f"/chat/{name}").items():
            role = {"Human": Role.USER, "Tool Responses": Role.TOOL}.get(speaker, Role.ASSISTANT)
            turns.append(Turn(role, text_of(text, f"/chat/{name}/{speaker}"), trained=role is Role.ASSISTANT))
    return finished(turns, [])


DIALECTS = (
    Dialect(
        "conversation",
        frozenset({"conversation"}),
        conversation,
        rank=2,
        plainly=(("conversation", Op.CONVERSATION),),
    ),
    Dialect("moss", frozenset({"chat"}), moss, lambda row: isinstance(row["chat"], dict), rank=2),
)
