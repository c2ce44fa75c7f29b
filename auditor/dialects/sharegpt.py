"""ShareGPT, WizardLM and LLaVA conversations: ``{"conversations": [{"from", "value"}, …]}``."""

import ast
from typing import Any

from auditor.dialects.messages import tools_of
from auditor.dialects.shape import (
    PLAIN_HEAD,
    Dialect,
    Row,
    ShapeError,
    dict_of,
    finished,
    list_of,
    media_fields,
    role_of,
    text_of,
)
from auditor.kernels.turns import Op
from auditor.sample import Role, Sample, Turn

LITERAL_LIMIT = 1 << 20
"""Characters of a conversation given as Python text that are read; XTuner evaluates it, we only parse it."""


def turns_of(items: object, pointer: str) -> list[Turn]:
    """Read a list of ``from``/``value`` turns; also ``role``/``content``, which some files mix in."""
    turns = []
    for index, item in enumerate(list_of(items, pointer)):
        entry = dict_of(item, f"{pointer}/{index}")
        speaker, said = ("from", "value") if "from" in entry else ("role", "content")
        role = role_of(entry.get(speaker), f"{pointer}/{index}/{speaker}")
        text = text_of(entry.get(said), f"{pointer}/{index}/{said}")
        turns.append(Turn(role, text, trained=role is Role.ASSISTANT))
    return turns


def conversations(row: Row) -> Sample:
    """Read a ShareGPT row, with its system text and tools if it has them.

    >>> conversations({"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}).turns[0].text
    'Q'
    """
    items = row["conversations"]
    if isinstance(items, str):
        items = _literal(items)
    system = row.get("system")
    head = [Turn(Role.SYSTEM, system, trained=False)] if isinstance(system, str) and system else []
    return finished([*tools_of(row), *head, *turns_of(items, "/conversations")], media_fields(row))


def _literal(text: str) -> Any:  # noqa: ANN401  (whatever the text says)
    """Parse a conversation written as a Python literal, without running it."""
    if len(text) > LITERAL_LIMIT:
        raise ShapeError("/conversations", f"longer than {LITERAL_LIMIT} characters")
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ShapeError("/conversations", "this text is no list of turns") from None


PLAINLY = (*PLAIN_HEAD, ("conversations", Op.SHAREGPT))
DIALECTS = (Dialect("sharegpt", frozenset({"conversations"}), conversations, rank=2, plainly=PLAINLY),)
