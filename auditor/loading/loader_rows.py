"""What XTuner's other classic loaders make of a row: MOSS, InternVL, RefCOCO and InternLM's own repositories.

They read files with Python's ``json``; each case was found by running 0.2.0's own code on rows with just that case.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from auditor.dialects.shape import name_of
from auditor.loading.classic_rows import Look, turns

REFERENCES = 7
"""Rows that RefCOCO's loader makes of each: one for each way to ask."""


def loader_of(name: str) -> Callable[[Look, Any], int] | None:
    """Return what judges the rows of a loader: how many rows each becomes; None where its map function says all."""
    if "untokenized" in name:
        return _messages
    if "tokenized" in name:
        return _numbers
    return next((judge for key, judge in LOADERS.items() if name.startswith(key)), None)


def _object(look: Look, row: Any) -> Mapping[str, Any]:  # noqa: ANN401  (any JSON value)
    if not isinstance(row, dict):
        raise look.stop("F330")
    return row


def _moss(look: Look, row: Any) -> int:  # noqa: ANN401
    """Read a dialogue by numbered turns; one that is not as numbered is dropped without a word."""
    held = _object(look, row)
    for name in ("chat", "num_turns", "meta_instruction"):
        if name not in held:
            raise look.stop("F301", map="MOSSSFTDataset", field=name, fitting="-")
    look.text(held["meta_instruction"], "meta_instruction")
    chat, count = held["chat"], _count(look, held["num_turns"])
    named = [f"turn_{number}" for number in range(1, count + 1)]
    said = [chat[name] for name in named if name in chat] if isinstance(chat, dict) else []
    texts = [text for turn in said if isinstance(turn, dict) for text in turn.values()]
    whole = len(said) == count > 0 and all(isinstance(turn, dict) for turn in said)
    if not whole or not texts or not all(isinstance(text, str) and text for text in texts):
        look.warn("F338", count=count)
        return 0
    return 1


def _count(look: Look, value: Any) -> int:  # noqa: ANN401
    try:
        return max(0, int(value))
    except (TypeError, ValueError, OverflowError):
        raise look.stop("F337", field="num_turns", found=name_of(value), wanted="a number") from None


def _internvl(look: Look, row: Any) -> int:  # noqa: ANN401
    """Read ``from``/``value`` turns beside one image; what is wrong with them stops the training at that row."""
    held = _object(look, row)
    if "conversations" not in held:
        raise look.stop("F301", map="InternVL_V1_5_Dataset", field="conversations", fitting="-")
    image = held.get("image")
    if isinstance(image, list) and len(image) != 1:
        raise look.stop("F339", count=len(image))
    turns(replace(look, row=held, map_name="llava_map_fn"))
    return 1


def _reference(look: Look, row: Any) -> int:  # noqa: ANN401
    """Read an object's box and the words for it."""
    held = _object(look, row)
    for name in ("id", "sents", "bbox", "height", "width"):
        if name not in held:
            raise look.stop("F301", map="RefCOCOJsonDataset", field=name, fitting="-")
    box = held["bbox"]
    if not isinstance(box, list) or len(box) != 4 or not all(_number(part) for part in box):
        raise look.stop("F337", field="bbox", found=name_of(box), wanted="a list of four numbers")
    for name in ("height", "width"):
        if not _number(held[name]) or not held[name]:
            raise look.stop("F337", field=name, found=name_of(held[name]), wanted="a number")
    return REFERENCES


def _spoken(look: Look, row: Any) -> int:  # noqa: ANN401
    """Read the same for the loader that asks for the words: they are its answer."""
    made = _reference(look, row)
    look.text(row["sents"], "sents")
    return made


def _number(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int | float) and not isinstance(value, bool)


def _messages(look: Look, row: Any) -> int:  # noqa: ANN401
    """Read a line that is a list of messages, as openai_map_fn reads them."""
    if not isinstance(row, list):
        raise look.stop("F337", field="-", found=name_of(row), wanted="a list of messages")
    found = turns(replace(look, row={"messages": row}, map_name="openai_map_fn"))
    if found and not any(turn.get("output_with_loss", True) for turn in found):
        look.warn("F323")
        return 0
    return int(bool(found))


def _numbers(look: Look, row: Any) -> int:  # noqa: ANN401
    """Read a line of tokens."""
    held = _object(look, row)
    if "tokens" not in held:
        raise look.stop("F301", map="JsonlDataset", field="tokens", fitting="-")
    if not isinstance(held["tokens"], Sequence) or not all(isinstance(token, int) for token in held["tokens"]):
        raise look.stop("F337", field="tokens", found=name_of(held["tokens"]), wanted="a list of whole numbers")
    return 1


LOADERS: Mapping[str, Callable[[Look, Any], int]] = {
    "MOSS": _moss, "InternVL": _internvl, "RefCOCO": _reference, "InvRefCOCO": _spoken,
}  # fmt: skip

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "MOSS": (".jsonl",), "InternVL": (".json", ".jsonl"), "RefCOCO": (".json",), "InvRefCOCO": (".json",),
    "LLaVA": (".json", ".jsonl"), "load_intern_repo_untokenized": (".json",), "load_intern_repo_tokenized": (".bin",),
}  # fmt: skip
"""What the names of a loader's files must end with."""


def suffixes_of(name: str) -> tuple[str, ...]:
    """Return how the names of a loader's files must end; empty where any will do.

    >>> suffixes_of("MOSSSFTDataset"), suffixes_of("load_dataset")
    (('.jsonl',), ())
    """
    inner = name.partition("(")[2].rstrip(")") or name
    return next((ends for key, ends in SUFFIXES.items() if inner.startswith(key)), ())
