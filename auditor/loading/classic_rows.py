"""What classic XTuner makes of one row: turns, nothing, or an error, map function by map function.

Every case was found by running 0.1.23 and 0.2.0 on rows that hold just that case.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.dialects.shape import name_of
from auditor.loading.faults import Faults
from auditor.loading.maps import known

Row = Mapping[str, Any]


class StopError(Exception):
    """XTuner would raise an error at this row; it is noted among the faults already."""


@dataclass
class Look:
    """One row under a map function, and where its faults are noted."""

    row: Row
    line: int
    faults: Faults
    map_name: str
    old: bool
    """Whether XTuner is 0.1.23."""
    columns: frozenset[str] = field(default_factory=frozenset)
    """Keys of any row of the file: one of them that a row lacks is null there."""

    def stop(self, code: str, **values: Any) -> StopError:  # noqa: ANN401
        """Note a fault that stops XTuner."""
        self.faults.add(code, self.line, fatal=True, **values)
        return StopError()

    def warn(self, code: str, **values: Any) -> None:  # noqa: ANN401
        """Note a fault that XTuner passes over."""
        self.faults.add(code, self.line, **values)

    def field(self, name: str) -> Any:  # noqa: ANN401
        """Return a field of the row, null where only other rows have it."""
        if name in self.row:
            return self.row[name]
        if name in self.columns:
            return None
        raise self.stop("F301", map=self.map_name, field=name, fitting=_fitting(self.row))

    def text(self, value: Any, name: str) -> str:  # noqa: ANN401
        """Return a value that must be text."""
        if isinstance(value, str):
            return value
        if value is None:
            raise self.stop("F305", field=name)
        raise self.stop("F337", field=name, found=name_of(value), wanted="text")

    def formatted(self, name: str) -> str:
        """Return a field as it is formatted into a prompt, whatever it is."""
        value = self.field(name)
        if value is None:
            self.warn("F309", field=name)
        return str(value)


Turn = dict[str, Any]


def turns(look: Look) -> list[Turn]:
    """Return the turns that a row becomes; an empty list is a row that XTuner drops. Raises StopError."""
    mapped = READERS.get(look.map_name, _pair)(look)
    for turn in mapped:
        turn["output"] = _output(look, turn)
    return mapped


def _output(look: Look, turn: Turn) -> str:
    """Return a turn's answer, which the template lengthens: it must be text, or missing altogether."""
    if "output" not in turn:
        if look.old:
            raise look.stop("F304")
        look.warn("F304")
        return ""
    text = look.text(turn["output"], "output")
    if not text and turn.get("output_with_loss", True) and not turn.get("calls"):
        look.warn("F310")
    return text


def _standard(look: Look) -> list[Turn]:
    """Read XTuner's own form, as ``dataset_map_fn=None`` leaves it."""
    if "conversation" not in look.row and "conversation" not in look.columns:
        look.warn("F331", found=", ".join(list(look.row)[:4]), fitting=_fitting(look.row))
        return []
    held = look.field("conversation")
    if not isinstance(held, list):
        if held is None:
            raise look.stop("F305", field="conversation")
        raise look.stop("F337", field="conversation", found=name_of(held), wanted="a list of turns")
    found = []
    for index, item in enumerate(held):
        if not isinstance(item, dict):
            raise look.stop("F337", field=f"conversation/{index}", found=name_of(item), wanted="an object")
        found.append(dict(item))
    if not found:
        look.warn("F308")
    return found


def _fitting(row: Row) -> str:
    """Name the map functions whose fields a row has."""
    from auditor.loading.maps import MAPS  # noqa: PLC0415  (a table, read only for the hint)

    names = [name for name, wanted in MAPS.items() if set(wanted.fields) <= set(row)]
    return ", ".join(names[:4]) or "None"


def _messages(look: Look) -> list[Turn]:
    """Read OpenAI messages: questions are joined, answers end a turn."""
    return _talk(look, _list(look, "messages"), ("role", "content"), ("user", "assistant"))


def _conversations(look: Look) -> list[Turn]:
    """Read ``from``/``value`` turns."""
    return _talk(look, _list(look, "conversations"), ("from", "value"), ("human", "gpt"))


def _list(look: Look, name: str) -> list[Any]:
    held = look.field(name)
    if held is None:
        raise look.stop("F305", field=name)
    if not isinstance(held, list):
        raise look.stop("F337", field=name, found=name_of(held), wanted="a list of messages")
    for index, item in enumerate(held):
        if not isinstance(item, dict):
            raise look.stop("F337", field=f"{name}/{index}", found=name_of(item), wanted="an object")
    return held


def _talk(look: Look, items: list[Any], keys: tuple[str, str], speakers: tuple[str, str]) -> list[Turn]:
    said_by, said = keys
    start = 0
    while start < len(items) and _of(look, items[start], said_by) == speakers[1]:
        start += 1
    if start:
        look.warn("F324")
    found: list[Turn] = []
    asked, system = "", None
    for item in items[start:]:
        speaker = _of(look, item, said_by)
        if speaker == speakers[0]:
            if asked:
                look.warn("F326")
            asked += look.text(_of(look, item, said), said)
        elif speaker == speakers[1]:
            with_loss = look.map_name != "openai_map_fn" or _loss(look, item)
            found.append(
                {
                    "system": system,
                    "input": asked,
                    "output": _of(look, item, said),
                    "output_with_loss": with_loss,
                    "calls": bool(item.get("tool_calls")),
                }
            )
            asked, system = "", None
        elif speaker == "system" and look.map_name == "openai_map_fn":
            system = _of(look, item, said)
        else:
            wanted = ", ".join((*speakers, *(("system",) if said_by == "role" else ())))
            raise look.stop("F315", found=str(speaker), map=look.map_name, wanted=wanted)
    if asked:
        look.warn("F325")
    if not found:
        look.warn("F308")
    return found


def _of(look: Look, item: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401
    if key not in item:
        raise look.stop("F301", map=look.map_name, field=key, fitting=_fitting(look.row))
    return item[key]


def _loss(look: Look, item: Mapping[str, Any]) -> bool:
    """Read ``loss`` as openai_map_fn does: 0.1.23 wants text."""
    value = item.get("loss", True)
    if look.old and not isinstance(value, str):
        raise look.stop("F306")
    return str(value).lower() == "true"


JOINED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "alpaca_map_fn": (("instruction", "input"), "output"),
    "alpaca_zh_map_fn": (("instruction_zh", "input_zh"), "output_zh"),
    "medical_map_fn": (("instruction", "input"), "output"),
    "sql_map_fn": (("context", "question"), "answer"),
}
"""Map functions that format fields into a question, a line each, and the field of the answer."""


def _joined(look: Look) -> list[Turn]:
    """Read a question of several fields, whatever they hold."""
    fields, answer = JOINED[look.map_name]
    if look.map_name == "alpaca_map_fn" and look.row.get("output") == "<nooutput>":
        look.warn("F308")
        return []
    return [{"input": "\n".join(map(look.formatted, fields)), "output": look.field(answer)}]


def _colors(look: Look) -> list[Turn]:
    described = look.text(look.field("description"), "description")
    return [{"input": described.partition(":")[2].strip(), "output": look.field("color")}]


def _pretrain(look: Look) -> list[Turn]:
    text = look.text(look.field("text"), "text")
    return [{"input": "", "output": text.strip()}]


def _oasst1(look: Look) -> list[Turn]:
    r"""Read guanaco's rounds: cut at every ``###``; what does not begin with a speaker is lost."""
    pieces = [piece.strip() for piece in look.text(look.field("text"), "text").strip().split("###")]
    said = [piece for piece in pieces if piece.startswith(("Human:", "Assistant:"))]
    if any(piece and not piece.startswith(("Human:", "Assistant:")) for piece in pieces[1:]):
        look.warn("F311")
    if len(said) % 2:
        look.warn("F325")
    found = [
        {"input": asked[6:].strip(), "output": answer.partition(":")[2].strip()}
        for asked, answer in zip(said[::2], said[1::2], strict=False)
    ]
    if not found:
        look.warn("F308")
    return found


def _pair(look: Look) -> list[Turn]:
    """Read a map function with one field for the question and one for the answer."""
    wanted = known(look.map_name)
    assert wanted is not None
    for name in wanted.fields[:-1]:
        look.field(name)
    return [{"input": look.field(wanted.fields[-2]), "output": look.field(wanted.fields[-1])}]


READERS: Mapping[str, Callable[[Look], list[Turn]]] = {
    "None": _standard, "openai_map_fn": _messages, "wizardlm_map_fn": _conversations, "llava_map_fn": _conversations,
    "llava_image_only_map_fn": _conversations, "colors_map_fn": _colors, "pretrain_map_fn": _pretrain,
    "oasst1_map_fn": _oasst1, **dict.fromkeys(JOINED, _joined),
}  # fmt: skip
