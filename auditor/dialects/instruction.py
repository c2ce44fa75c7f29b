"""Rows with one field for the question and one for the answer: Alpaca and every other map_fn of XTuner."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from auditor.dialects.shape import Dialect, Row, ShapeError, finished, list_of, media_fields, text_of
from auditor.kernels.turns import Op
from auditor.sample import Role, Sample, Turn

# name, fields of the prompt (joined by a line end), field of the answer, fields that may be missing
FORMS: Sequence[tuple[str, tuple[str, ...], str, tuple[str, ...]]] = (
    ("alpaca", ("instruction", "input"), "output", ("input",)),
    ("alpaca_zh", ("instruction_zh", "input_zh"), "output_zh", ()),
    ("question_response", ("question",), "response", ()),
    ("prompt_completion", ("prompt",), "completion", ()),
    ("prompt_response", ("prompt",), "response", ()),
    ("query_response", ("query",), "response", ()),
    ("question_answer", ("question",), "answer", ()),
    ("sql", ("context", "question"), "answer", ()),
    ("input_output", ("input",), "output", ()),
    ("arxiv", ("abstract",), "title", ()),
    ("colors", ("description",), "color", ()),
)
SYSTEMS = ("system", "system_prompt")


def reader(prompt: tuple[str, ...], answer: str, optional: tuple[str, ...] = ()) -> Any:  # noqa: ANN401
    """Return a function that reads rows with these fields, their history and their system text."""

    def read(row: Row) -> Sample:
        systems = (text_of(row[key], f"/{key}") for key in SYSTEMS if row.get(key))
        turns = [Turn(Role.SYSTEM, text, trained=False) for text in systems]
        if row.get("history"):
            turns += history(row["history"])
        asked = [_field(row, key) for key in prompt if key in row or key not in optional]
        question = "\n".join(text for text in asked if text)
        if question:
            turns.append(Turn(Role.USER, question, trained=False))
        turns.append(Turn(Role.ASSISTANT, text_of(row[answer], f"/{answer}"), trained=True))
        return finished(turns, media_fields(row))

    return read


def _field(row: dict[str, Any], key: str) -> str:
    """Return a prompt field; XTuner formats a null into the prompt as the word None."""
    value = row[key]
    return "None" if value is None else text_of(value, f"/{key}")


def history(items: object) -> list[Turn]:
    """Read earlier rounds, pairs or ``query``/``response`` objects; only the row's own answer is trained."""
    turns = []
    for index, item in enumerate(list_of(items, "/history")):
        pair = list(item.values()) if isinstance(item, dict) else item
        if not isinstance(pair, list) or len(pair) != 2:
            raise ShapeError(f"/history/{index}", "expected a question and an answer")
        for role, text in zip((Role.USER, Role.ASSISTANT), pair, strict=True):
            turns.append(Turn(role, text_of(text, f"/history/{index}"), trained=False))
    return turns


def _dialect(name: str, prompt: tuple[str, ...], answer: str, optional: tuple[str, ...]) -> Dialect:
    keys = frozenset({*prompt, answer} - set(optional))
    asked = [(key, Op.ASK) for key in prompt]
    plainly = [*((key, Op.SYSTEM) for key in SYSTEMS), ("history", Op.EMPTY), *asked, (answer, Op.ANSWER)]
    read = reader(prompt, answer, optional)
    return Dialect(name, keys, read, lambda row: not isinstance(row[answer], (list, dict)), plainly=plainly)


DIALECTS = tuple(_dialect(*form) for form in FORMS)

_ROUND = re.compile(r"###\s*(Human|Assistant)\s*:", re.IGNORECASE)


def oasst1(row: Row) -> Sample:
    """Read guanaco's ``### Human: … ### Assistant: …``; XTuner cuts at every ``###`` and drops a last odd piece.

    >>> [turn.text for turn in oasst1({"text": "### Human: Q### Assistant: A"}).turns]
    ['Q', 'A']
    """
    pieces = [piece.strip() for piece in row["text"].split("###") if piece.strip()]
    turns = []
    for index, piece in enumerate(pieces[: len(pieces) // 2 * 2]):
        role = Role.ASSISTANT if index % 2 else Role.USER
        said = piece.split(":", 1)[-1].strip()
        turns.append(Turn(role, said, trained=role is Role.ASSISTANT))
    return finished(turns, [])


def plain(key: str) -> Any:  # noqa: ANN401  (a function from row to sample)
    """Return a function that reads pretraining text from one field; all of it is trained."""

    def read(row: Row) -> Sample:
        return finished([Turn(Role.ASSISTANT, text_of(row[key], f"/{key}"), trained=True)], media_fields(row))

    return read


def _guanaco(row: Row) -> bool:
    text = row["text"]
    return isinstance(text, str) and bool(_ROUND.match(text.lstrip()))


def named(fields: Mapping[str, str]) -> Dialect:
    r"""Return the dialect that a user describes: which fields hold ``prompt``, ``answer``, ``system`` or ``text``.

    A name may be a path (``task.question``); a list of strings is read as lines.

    >>> named({"prompt": "q", "answer": "task.gt"}).read({"q": "Q", "task": {"gt": ["A", "B"]}}).turns[1].text
    'A\nB'
    """
    roles = {"system": Role.SYSTEM, "prompt": Role.USER, "answer": Role.ASSISTANT, "text": Role.ASSISTANT}
    order = [(roles[part], path) for part, path in sorted(fields.items(), key=lambda item: list(roles).index(item[0]))]

    def read(row: Row) -> Sample:
        turns = [Turn(role, _lines(row, path), trained=role is Role.ASSISTANT) for role, path in order]
        return finished([turn for turn in turns if turn.text or turn.trained], [])

    return Dialect("fields", frozenset(fields.values()), read)


def _lines(row: Row, path: str) -> str:
    """Return the text at a dotted path."""
    held = row
    for step in path.split("."):
        if not isinstance(held, dict) or step not in held:
            raise ShapeError(f"/{path.replace('.', '/')}", "this row has no such field")
        held = held[step]
    if isinstance(held, list):
        return "\n".join(text_of(item, f"/{path}") for item in held)
    return text_of(held, f"/{path}")


TEXTS = (
    Dialect("oasst1", frozenset({"text"}), oasst1, _guanaco, rank=-1),
    Dialect("text", frozenset({"text"}), plain("text"), rank=-2, plainly=(("text", Op.TEXT),)),
    Dialect(
        "content",
        frozenset({"content"}),
        plain("content"),
        lambda row: "role" not in row,
        rank=-2,
        plainly=(("content", Op.ANSWER),),
    ),
)
