"""Preference rows: a prompt, a chosen answer and a rejected one; the loss of repetition falls on the chosen."""

from auditor.dialects import messages, sharegpt
from auditor.dialects.shape import Dialect, Row, ShapeError, dict_of, finished, media_fields, text_of
from auditor.sample import Role, Sample, Turn


def _answer(value: object, pointer: str, media: list[str]) -> list[Turn]:
    """Read an answer in any of its forms: text, messages, or one ``from``/``value`` turn."""
    if isinstance(value, str):
        return [Turn(Role.ASSISTANT, value, trained=True)]
    if isinstance(value, list):
        return messages.turns_of(value, pointer, media)
    return sharegpt.turns_of([dict_of(value, pointer)], pointer)


def _prompt(row: Row, media: list[str]) -> list[Turn]:
    """Read the prompt in any of its forms."""
    if "conversations" in row:
        return sharegpt.turns_of(row["conversations"], "/conversations")
    system = [Turn(Role.SYSTEM, text_of(row["system"], "/system"), trained=False)] if row.get("system") else []
    for key in ("prompt", "question", "instruction"):
        if key in row:
            value = row[key]
            if isinstance(value, list):
                return system + messages.turns_of(value, f"/{key}", media)
            extra = row.get("input") if key == "instruction" else None
            asked = "\n".join(part for part in (text_of(value, f"/{key}"), extra) if part)
            return [*system, Turn(Role.USER, asked, trained=False)]
    return system


def preference(row: Row) -> Sample:
    """Read a preference row; where chosen and rejected repeat the prompt, it is read once.

    >>> row = {"prompt": "Q", "chosen": "good", "rejected": "bad"}
    >>> [(turn.text, turn.trained) for turn in preference(row).turns]
    [('Q', False), ('good', True), ('bad', False)]
    """
    media = media_fields(row)
    asked = [turn._replace(trained=False) for turn in _prompt(row, media)]
    keys = ("chosen", "rejected") if "chosen" in row else ("chosen_messages", "rejected_messages")
    chosen, rejected = (_answer(row[key], f"/{key}", media) for key in keys)
    if not chosen or not rejected:
        raise ShapeError(f"/{keys[0] if not chosen else keys[1]}", "this answer is empty")
    shared = 0
    while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
        shared += 1
    context = asked or [turn._replace(trained=False) for turn in chosen[:shared]]
    start = shared if not asked else 0
    best = [turn._replace(trained=turn.role is Role.ASSISTANT) for turn in chosen[start:]]
    worst = [turn._replace(trained=False) for turn in rejected[start:]]
    return finished([*context, *best, *worst], media)


DIALECTS = (
    Dialect("preference", frozenset({"chosen", "rejected"}), preference, rank=3),
    Dialect("preference", frozenset({"chosen_messages", "rejected_messages"}), preference, rank=3),
)
