"""OpenAI messages: under ``messages``, ``dialogs``, as a bare list, and as prompts of reinforcement learning."""

import json
from collections.abc import Sequence
from typing import Any

from auditor.dialects.shape import (
    PLAIN_HEAD,
    Dialect,
    Row,
    ShapeError,
    content_of,
    dict_of,
    finished,
    list_of,
    media_fields,
    role_of,
)
from auditor.kernels.turns import Op
from auditor.sample import Role, Sample, Turn

# Roles of InternLM's pretraining and tool formats, beside the usual ones.
FTDP_ROLES = {
    "environment": Role.TOOL,
    "knowledge": Role.TOOL,
    "thought": Role.ASSISTANT,
    "pretrain_meta": Role.ASSISTANT,
    "pretrain_content": Role.ASSISTANT,
    "answer_prefix": Role.ASSISTANT,
    "answer_middle": Role.ASSISTANT,
    "answer_postfix": Role.ASSISTANT,
}


PLAIN = {"system": Role.SYSTEM, "user": Role.USER, "assistant": Role.ASSISTANT}
"""Roles of messages that hold nothing but role and content, nearly all there are: read by the shortest way."""


def turns_of(items: object, pointer: str, media: list[str]) -> list[Turn]:
    """Read a list of messages; the loss falls on the assistant's unless ``loss`` says otherwise."""
    messages = list_of(items, pointer)
    turns: list[Turn] = []
    for index, item in enumerate(messages):
        plain = PLAIN.get(item.get("role", "")) if type(item) is dict and len(item) == 2 else None
        if plain is not None and type(text := item.get("content")) is str:
            turns.append(Turn(plain, text, plain is Role.ASSISTANT))
            continue
        here = f"{pointer}/{index}"
        message = dict_of(item, here)
        name = message.get("role")
        role = FTDP_ROLES.get(name) if isinstance(name, str) else None
        role = role_of(name, f"{here}/role") if role is None else role
        trained = _trained(message, role)
        turns += _reasoning(message, here, trained=trained and index == len(messages) - 1)
        turns.append(Turn(role, _text(message, here, media), trained))
    return turns


def _trained(message: dict[str, Any], role: Role) -> bool:
    """Whether the loss falls on a message: ``loss`` (or ``loss_weight``) decides, else the role."""
    loss = message.get("loss", message.get("loss_weight"))
    if isinstance(loss, str):
        return loss.strip().lower() == "true"
    return role is Role.ASSISTANT if loss is None else bool(loss)


def _reasoning(message: dict[str, Any], pointer: str, *, trained: bool) -> list[Turn]:
    """Return a message's reasoning as turns of its own; XTuner trains ``thinking`` in the last message only."""
    found = []
    for key, counts in (("reasoning_content", False), ("thinking", trained)):
        text = message.get(key)
        if text:
            found.append(Turn(Role.ASSISTANT, content_of(text, f"{pointer}/{key}", []), counts))
    return found


def _text(message: dict[str, Any], pointer: str, media: list[str]) -> str:
    """Return a message's text: its content, and its tool calls as JSON."""
    calls = message.get("tool_calls") or message.get("function_call")
    content = message.get("content")
    if content is None and calls is None:
        raise ShapeError(f"{pointer}/content", "this message has no content")
    text = "" if content is None else content_of(content, f"{pointer}/content", media)
    if calls:
        listed = calls if isinstance(calls, list) else [calls]
        text = "\n".join([*([text] if text else []), *(_call(call) for call in listed)])
    return text


def _call(call: object) -> str:
    """Return one tool call as a model writes it: name and arguments."""
    function = call.get("function", call) if isinstance(call, dict) else call
    return json.dumps(function, ensure_ascii=False, sort_keys=True)


def tools_of(row: dict[str, Any]) -> list[Turn]:
    """Return a row's tool definitions as a system turn."""
    tools = row.get("tools") or row.get("functions")
    if not tools:
        return []
    text = tools if isinstance(tools, str) else json.dumps(tools, ensure_ascii=False, sort_keys=True)
    return [Turn(Role.SYSTEM, text, trained=False)]


def _reader(key: str) -> Any:  # noqa: ANN401  (a function from row to sample)
    def read(row: Row) -> Sample:
        media = media_fields(row)
        system = row.get("system")
        head = [Turn(Role.SYSTEM, system, trained=False)] if isinstance(system, str) and system else []
        return finished([*tools_of(row), *head, *turns_of(row[key] or [], f"/{key}", media)], media)

    return read


def _plainly(key: str) -> tuple[tuple[str, Op], ...]:
    return (*PLAIN_HEAD, (key, Op.MESSAGES))


def bare(row: Row) -> Sample:
    """Read a line that is itself a list of messages.

    >>> bare([{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]).turns[1].trained
    True
    """
    media: list[str] = []
    return finished(turns_of(row, "", media), media)


def prompts(row: Row) -> Sample:
    """Read a reinforcement-learning prompt: messages without an answer."""
    media = media_fields(row)
    held = row["prompt"]
    extra: Sequence[Turn] = ()
    if isinstance(held, dict):
        extra = tools_of(held)
        held = held.get("messages")
    turns = turns_of(held, "/prompt", media)
    return finished([*extra, *(turn._replace(trained=False) for turn in turns)], media)


def completion(row: Row) -> Sample:
    """Read a prompt and a completion that are both lists of messages."""
    media = media_fields(row)
    asked = [turn._replace(trained=False) for turn in turns_of(row["prompt"], "/prompt", media)]
    return finished([*tools_of(row), *asked, *turns_of(row["completion"], "/completion", media)], media)


def _lists(row: Row) -> bool:
    return isinstance(row["prompt"], list) and isinstance(row["completion"], list)


def _messages_prompt(row: Row) -> bool:
    return isinstance(row["prompt"], (list, dict))


DIALECTS = (
    Dialect("messages", frozenset({"messages"}), _reader("messages"), rank=2, plainly=_plainly("messages")),
    Dialect("dialogs", frozenset({"dialogs"}), _reader("dialogs"), rank=2, plainly=_plainly("dialogs")),
    Dialect("bare_messages", frozenset(), bare, plainly=(("", Op.MESSAGES),)),
    Dialect("chat_completion", frozenset({"prompt", "completion"}), completion, _lists, rank=1),
    Dialect("rl_prompt", frozenset({"prompt", "reward_model"}), prompts, _messages_prompt, rank=1),
    Dialect("rl_prompt", frozenset({"prompt", "data_source"}), prompts, _messages_prompt, rank=1),
)
