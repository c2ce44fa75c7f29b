"""Stock phrases: packs of what assistants say, looked for in every answer."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xxhash

from auditor.errors import UsageError
from auditor.kernels.fine import fine
from auditor.kernels.flat import Ints, flat
from auditor.shipped import RULES
from auditor.text import normalise

HEAD, TAIL = 4, 40
"""A phrase opens an answer if it begins within its first HEAD fine tokens, and closes one within its last TAIL."""


class Stock(NamedTuple):
    """A phrase of a pack: its language and heading, what it says, and its fine tokens."""

    pack: str
    heading: str
    text: str
    tokens: tuple[int, ...]


class Spotted(NamedTuple):
    """A stock phrase in a corpus: rows that have it, how often it stands, and where."""

    stock: Stock
    name: str
    rows: Ints
    times: int
    opening: int
    closing: int


def pack(path: Path) -> list[Stock]:
    """Read a pack: a phrase a line, headings in brackets, comments after ``#``."""
    heading, found = "", []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            heading = text[1:-1]
        elif text and not text.startswith("#"):
            for form in dict.fromkeys((text, text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"))):
                tokens = tuple(fine(flat([normalise(form)])).hashes[1:-1].tolist())
                if len(tokens) < 2:
                    raise UsageError("{path}:{line}: a phrase has at least two words", path=path, line=number)
                found.append(Stock(path.stem, heading, text, tokens))
    return found


@lru_cache(maxsize=1)
def packs() -> tuple[Stock, ...]:
    """Return every shipped phrase."""
    return tuple(stock for path in sorted((RULES / "phrases").glob("*.txt")) for stock in pack(path))


def spotted(places: Ints) -> list[Spotted]:
    """Count the stock phrases of a corpus' answers, the most frequent first.

    ``places`` holds for each its row, its number in the packs, its first token and how many tokens are left.
    """
    stocks = packs()
    names = {stock.text: k for k, stock in reversed(list(enumerate(stocks)))}
    phrase = np.array([names[stock.text] for stock in stocks], np.int64)[places[:, 1]]
    found = []
    for k in np.unique(phrase).tolist():
        mine = places[phrase == k]
        digest = xxhash.xxh3_64_hexdigest(stocks[k].text.encode())[:12]
        opening, closing = mine[:, 2] <= HEAD, mine[:, 3] <= TAIL
        found.append(
            Spotted(
                stocks[k], f"phrase-{digest}", np.unique(mine[:, 0]), len(mine), int(opening.sum()),
                int((closing & ~opening).sum()),
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (-len(each.rows), each.name))
