"""What XTuner V1 makes of one line: tokens, nothing, or an error that with eight workers is a hang.

Found by running V1 on lines that hold just that case; templates with parsers of their own are laxer (LAX).
"""

from typing import Any

from auditor.dialects.shape import name_of
from auditor.loading.classic_rows import StopError
from auditor.loading.faults import Faults

KEYS = {"role", "content", "reasoning_content", "thinking", "tool_calls", "loss", "name", "meta", "tool_call_id"}
ROLES = ("system", "user", "assistant", "tool", "developer", "pretrain")
FTDP_ROLES = (
    "system", "user", "assistant", "environment", "tool", "thought", "knowledge", "pretrain_meta", "pretrain_content",
    "answer_prefix", "answer_middle", "answer_postfix",
)  # fmt: skip
LAX = {"qwen3.5-vl", "glm5.2"}
"""Chat templates that parse messages themselves: tool arguments are objects there."""
THINKING = {"gpt-oss", *LAX}


def accepted(row: Any, line: int, faults: Faults, kind: str, template: str | None) -> bool:  # noqa: ANN401
    """Say whether a line is trained on, or dropped; note its faults. Raises StopError where V1 stops."""
    if kind == "pretrain":
        return _pretrain(row, line, faults)
    if kind == "tokenized":
        return True
    messages = _messages(row, line, faults, kind)
    if not messages:
        faults.add("F308", line)
        return False
    for item in messages:
        _message(item, line, faults, kind, template)
    return True


def _stop(faults: Faults, code: str, line: int, **values: Any) -> StopError:  # noqa: ANN401
    faults.add(code, line, fatal=True, **values)
    return StopError()


def _messages(row: Any, line: int, faults: Faults, kind: str) -> list[Any]:  # noqa: ANN401
    """Return a line's messages: bare, under ``messages``, under ``dialogs``, or as a prompt for reinforcement."""
    if row is None:
        return []
    if isinstance(row, dict):
        key = "prompt" if kind == "rl" else "messages" if "messages" in row else "dialogs"
        if key not in row:
            raise _stop(faults, "F301", line, map="V1", field="prompt" if kind == "rl" else "messages", fitting="-")
        row = row[key]
        if isinstance(row, dict):
            row = row.get("messages")
    if row is None:
        return []
    if not isinstance(row, list):
        raise _stop(faults, "F337", line, field="messages", found=name_of(row), wanted="a list of messages")
    return row


def _message(item: Any, line: int, faults: Faults, kind: str, template: str | None) -> None:  # noqa: ANN401
    if not isinstance(item, dict):
        raise _stop(faults, "F337", line, field="messages/*", found=name_of(item), wanted="an object")
    roles = FTDP_ROLES if kind == "ftdp" else ROLES
    if item.get("role") not in roles:
        raise _stop(faults, "F315", line, found=str(item.get("role")), map="V1", wanted=", ".join(roles))
    content = item.get("content")
    if content is None:
        raise _stop(faults, "F305", line, field="content")
    if not isinstance(content, str | list):
        raise _stop(faults, "F337", line, field="content", found=name_of(content), wanted="text")
    if kind == "ftdp" or template in LAX:
        return
    extra = sorted(set(item) - KEYS)
    if extra:
        raise _stop(faults, "F302", line, field=extra[0])
    if item.get("thinking") and template not in THINKING:
        raise _stop(faults, "F317", line)
    for call in item.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if arguments is not None and not isinstance(arguments, str):
            raise _stop(faults, "F316", line, found=name_of(arguments))


def _pretrain(row: Any, line: int, faults: Faults) -> bool:  # noqa: ANN401
    """Read a text for pretraining: ``content``, or one message of the role pretrain."""
    if isinstance(row, dict) and "messages" in row:
        for item in _messages(row, line, faults, "pretrain"):
            _message(item, line, faults, "openai", None)
        return bool(row["messages"])
    if not isinstance(row, dict) or "content" not in row:
        raise _stop(faults, "F301", line, map="V1", field="content", fitting="-")
    if not isinstance(row["content"], str):
        raise _stop(faults, "F337", line, field="content", found=name_of(row["content"]), wanted="text")
    return bool(row["content"])
