"""datatrove: ``GopherRepetitionFilter``, and what ``FineWebQualityFilter`` says about repeated lines.

Source: huggingface/datatrove, pipeline/filters; limits of table A1 of arXiv 2112.11446, and of arXiv 2406.17557.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from auditor.errors import UsageError
from auditor.signals.compat.grams import Shares, repeated, share, top_chars, words

_local = threading.local()


def lines(texts: Sequence[str]) -> dict[str, Shares]:
    """Measure repeats of lines and paragraphs; an empty text has no measure."""
    return _columns([_lines_of(text) for text in texts], LINES)


def ngrams(texts: Sequence[str]) -> dict[str, Shares]:
    """Measure n-grams of spaCy's English words. Raises UsageError where spaCy is not there."""
    split = [split_words(text) for text in texts]
    held = words(split)
    sizes = np.array([len(text) for text in texts], np.int64)
    columns = {}
    for found in repeated(held, 4):
        if found.n >= 2:
            chars, times = top_chars(held, found, found.n - 1)
            columns[f"datatrove_top_{found.n}gram"] = np.where(times > 0, share(chars, sizes), np.nan)
    for n in range(5, 11):
        columns[f"datatrove_dup_{n}gram"] = share(np.array([_jumped(each, n) for each in split], np.int64), sizes)
    return columns


LINES = ("datatrove_dup_line", "datatrove_dup_paragraph", "datatrove_dup_line_chars", "datatrove_dup_paragraph_chars",
         "fineweb_dup_line_chars")  # fmt: skip


def _columns(rows: list[tuple[float, ...]], names: Sequence[str]) -> dict[str, Shares]:
    return dict(zip(names, np.array(rows, np.float64).reshape(-1, len(names)).T, strict=True))


def _lines_of(text: str) -> tuple[float, ...]:
    if not text:
        return (np.nan,) * len(LINES)
    parts, cut = re.split(r"\n{2,}", text.strip()), re.split(r"\n+", text)
    filled = [line for line in text.split("\n") if line.strip()]
    (paragraphs, paragraph_chars), (again, chars) = _repeats(parts), _repeats(cut)
    bare = len(text.replace("\n", ""))
    return (
        again / len(cut), paragraphs / len(parts), chars / len(text), paragraph_chars / len(text),
        _repeats(filled)[1] / bare if filled else np.nan,
    )  # fmt: skip


def _repeats(parts: Iterable[str]) -> tuple[int, int]:
    """Count the parts that repeat an earlier one, and their characters."""
    seen: set[str] = set()
    number = chars = 0
    for part in parts:
        if part in seen:
            number, chars = number + 1, chars + len(part)
        seen.add(part)
    return number, chars


def _jumped(tokens: Sequence[str], n: int) -> int:
    """Count the characters of n-grams that repeat an earlier one, going on behind each that does.

    They are compared as one string without blanks, so that ``a bc`` repeats ``ab c``.
    """
    seen: set[str] = set()
    at = chars = 0
    while at <= len(tokens) - n:
        gram = "".join(tokens[at : at + n])
        again = gram in seen
        chars += again * len(gram)
        at += n if again else 1
        seen.add(gram)
    return chars


def split_words(text: str) -> list[str]:
    """Split a text as datatrove does: by spaCy's rules for English, without what is only white space."""
    spacy = _spacy()
    spacy.max_length = len(text) + 10
    with spacy.memory_zone():
        try:
            doc = spacy.make_doc(text)
        except Exception:
            if "IS_ALPHA" not in text:
                raise
            doc = spacy.make_doc(text.replace("IS_ALPHA", ""))  # spaCy fails on this word; datatrove takes it out
        return [word for token in doc if (word := token.text.strip())]


def _spacy() -> Any:  # noqa: ANN401  (an optional library)
    """Return spaCy's English, one for each thread: it is not made to be shared."""
    if not hasattr(_local, "english"):
        try:
            import spacy  # noqa: PLC0415  (optional, and heavy)
        except ImportError:
            raise UsageError(
                "datatrove splits words by spaCy, which is not installed",
                hint="pip install 'repetition-auditor[compat]', or leave them out: --ignore G11,G12",
            ) from None
        _local.english = spacy.blank("en")
    return _local.english
