"""Does XTuner keep a row? It must have turns, and an answer with loss within ``max_length``."""

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.loading.classic_rows import Look, turns
from auditor.loading.columns import Columns
from auditor.loading.faults import Faults
from auditor.loading.maps import known
from auditor.loading.question import Question
from auditor.text import tokens

Row = Mapping[str, Any]

LOOSE = 1.5
"""An estimate of a question's tokens must pass the limit by this factor before its row is said to be dropped."""


def keeps(row: Row, line: int, question: Question, faults: Faults, columns: Columns) -> bool:
    """Say whether XTuner keeps a row: it has turns, and loss on one of them within max_length. Raises StopError."""
    old = question.target == "classic-0.1.23"
    if question.map_fn is not None and known(question.map_fn) is None:
        return True
    name = (question.map_fn or "None").rpartition(".")[2]
    keys = frozenset(columns.keys.get("", ()))
    look = Look(row, line, faults, name, old, keys)
    if question.loader == "LLaVADataset" and "id" not in row:
        raise look.stop("F307")
    if "preference" in question.loader:
        return _prefers(look)
    found = turns(look)
    filled = old and question.map_fn is None and "output_with_loss" in columns.keys.get("/conversation/*", ())
    if filled and any("output_with_loss" not in turn for turn in found):
        look.warn("F336")
    trained = [bool(turn.get("output_with_loss", not filled)) for turn in found]
    if found and not any(trained):
        look.warn("F323")
        return False
    return bool(found) and _fits(look, found, question)


def _fits(look: Look, found: Sequence[Mapping[str, Any]], question: Question) -> bool:
    """Say whether some answer lies within ``max_length`` tokens; note what is cut.

    With a tokenizer its tokens are counted, without the template's marks, so that what is too long surely is.
    """
    limit = question.max_length
    texts = [str(turn.get(name) or "") for turn in found for name in ("system", "input", "output")]
    if limit is None or sum(len(text.encode("utf-8", "replace")) + 1 for text in texts) <= limit:
        return True  # no tokenizer makes more tokens than bytes
    sizes = question.count(texts).tolist() if question.count else [len(tokens(text)) for text in texts]
    how, factor = ("by its tokenizer", 1.0) if question.count else ("by estimate", LOOSE)
    if sizes[0] + sizes[1] >= factor * limit:
        look.warn("F332", limit=limit, how=how)
        return False
    if sum(sizes) > limit:
        look.warn("F312", limit=limit, how=how)
    return True


def _prefers(look: Look) -> bool:
    for name in ("prompt", "chosen", "rejected") if look.map_name == "None" else ("chosen", "rejected"):
        if look.field(name) is None:
            raise look.stop("F305", field=name)
    return True
