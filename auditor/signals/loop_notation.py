"""Rule 5 of the definition of a loop: what repeats because its notation does, as a person writes it."""

import re
from html import unescape
from typing import NamedTuple

from auditor.kernels.reference.loops import extent, holds_content

SHORT = 200  # what a person writes in one go: the definition's bound for runs without content
LONGEST = 2000  # a literal of data or a table may fill a page
MOST_ROWS = 30  # equal rows or cells of one table

HAN = re.compile("[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff]")
_OPEN = re.compile(r"[(\[{]")
_END = re.compile(r"\s*\Z")
_TOKEN = re.compile(r"<\|[^|<>\s]+\|>|\|\w+\|>|\[[A-Z_]{2,}\d*\]|</?(?:s|pad|unk|bos|eos|mask)>")
_MARK = re.compile(_TOKEN.pattern + r"|&#?\w{1,10};")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_CLOSING = re.compile(r"</\w|<(?:br|hr|td|th|tr|li|p|img|input|option)\b", re.IGNORECASE)
_CELL = re.compile(r"<t[dhr]\b|(?<!\|)\|(?!\|).*(?<!\|)\|(?!\|)|\S\s*\t.*\S\s*\t|&.*\\\\\s*$", re.IGNORECASE)
_SUM = re.compile(
    r"\d[\s\w.%°)\]]{0,16}(?:[-+*/×÷−·^]|plus|minus|times)\s*[$€£¥(\[]?\s*[\d.]"  # 5 cars + 5 cars
    r"|\w[)`]?\s*[+×÷]\s*[(`]?\w"  # x + x
)
_PATTERN = re.compile(
    r"\\[dDwWsSbB]|\[\^?\S{1,20}-\S{1,20}\]|\.[*+]|\(\?[:=!<]"  # regular expressions
    r"|%[-#0+]*\d*(?:\.\d+)?[sdifgxeu]|\{[\w:.!%]*\}"  # formats
    r"|\b[A-Z]\w*<|\w\s*(?:->|→)\s*\w"  # types
)
_PROSE = re.compile(r"[^\W\d]\s+[^\W\d]|\w\(|[;=]|" + HAN.pattern)  # neighbouring words, a call, a statement


class Stretch(NamedTuple):
    """A periodic stretch of a text: where it begins, where its last full copy ends, where it ends, and a unit of it."""

    text: str
    span: tuple[int, int, int]
    unit: str
    times: int

    @property
    def before(self) -> str:
        """The text up to the stretch, as far as it matters."""
        return self.text[max(0, self.span[0] - LONGEST) : self.span[0]]

    @property
    def written(self) -> str:
        """The full copies as they are written."""
        return self.text[self.span[0] : self.span[1]]

    @property
    def after(self) -> str:
        """The text from the last full copy on, as far as it matters."""
        return self.text[self.span[1] : self.span[1] + LONGEST]

    @property
    def closed(self) -> bool:
        """Whether the text goes on after the stretch."""
        return not ends_at(self.text, self.span[2])

    @property
    def lines(self) -> list[str]:
        """The lines that the full copies touch, whole."""
        return (self.before.split("\n")[-1] + self.written + self.after.split("\n")[0]).split("\n")


def ends_at(text: str, place: int) -> bool:
    """Say whether only white space follows.

    >>> ends_at("so so ", 5), ends_at("so so on", 5)
    (True, False)
    """
    return bool(_END.match(text, place))


def is_notation(run: Stretch) -> bool:
    """Say whether the period of a stretch is the notation's; what runs into the end of the text is none any more.

    >>> text = "f = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5] * 3"
    >>> is_notation(Stretch(text, (5, 43, 43), "0.5, ", 8)), is_notation(Stretch(text[:43], (5, 43, 43), "0.5, ", 8))
    (True, False)
    """
    if len(run.written) > LONGEST:
        return False
    return is_table(run) or (
        run.closed and (_is_number(run) or _is_formula(run) or _is_literal(run) or _is_markup(run))
    )


def is_token(unit: str) -> bool:
    """Recognise the tokens that tokenizers add, and entities of marks, wherever the unit begins.

    >>> [is_token(unit) for unit in ("[PAD]", "of_text|><|end_", "&#183;", "so ")]
    [True, True, True, False]
    """
    return not holds_content(_TOKEN.sub("", unescape(_rotated(unit, _MARK))))


def is_table(run: Stretch) -> bool:
    """Say whether a row of a table repeats, or cells within a row; the last row must be whole."""
    if run.times > MOST_ROWS or run.unit.count("\n") > 1 or len(run.written) > MOST_ROWS * SHORT:
        return False
    rows = [line for line in run.lines if line.strip()]
    around = [*run.before.split("\n")[-2:-1], *(run.after.split("\n")[1:2] if run.closed else [])]
    others = [line for line in (*rows[:-1], *around) if _is_row(line)]
    last = run.text[max(0, run.span[2] - LONGEST) : run.span[2]].split("\n")[-1]
    whole = run.closed or any(last.count("|") == line.count("|") for line in others)
    # Of the first line the stretch may hold no more than the end.
    return whole and bool(others) and all(map(_is_row, rows[1:] or rows))


def _is_row(line: str) -> bool:
    return bool(_CELL.search(line))


def _is_number(run: Stretch) -> bool:
    """Recognise a decimal fraction, a list of numbers, a grid of digits."""
    return not holds_content(re.sub(r"\d", "", run.unit)) and extent(run.written) <= SHORT


def _is_formula(run: Stretch) -> bool:
    """Recognise a sum, a regular expression, a format, a type on one line."""
    if "\n" in run.written or extent(run.written) > SHORT:
        return False
    return any(notation.search(run.unit + run.unit) for notation in (_SUM, _PATTERN))


def _is_literal(run: Stretch) -> bool:
    """Recognise data within brackets, and a long word within quotation marks."""
    return not _PROSE.search(run.unit + run.unit) and (_is_quoted(run) or _is_enclosed(run))


def _is_quoted(run: Stretch) -> bool:
    if re.search(r"\s", run.written) or extent(run.written) > SHORT:
        return False
    return bool(re.search(r"[\"'`]\S*$", run.before[-SHORT:]) and re.match(r"\S*[\"'`]", run.after[:SHORT]))


def _is_enclosed(run: Stretch) -> bool:
    """Say whether a bracket that is open where the stretch begins stays open in it and is closed after it."""
    depth = 0
    if not _OPEN.search(run.before):
        return False
    for symbol in run.before:
        depth = max(0, depth + _step(symbol))
    lowest = depth
    for symbol in run.written:
        depth += _step(symbol)
        lowest = min(lowest, depth)
    for symbol in run.after:
        depth += _step(symbol)
        if depth < lowest:
            return lowest > 0
    return False


def _step(symbol: str) -> int:
    return (symbol in "([{") - (symbol in ")]}")


def _is_markup(run: Stretch) -> bool:
    """Recognise tags with nothing between them; what opens for ever is none."""
    unit = _rotated(run.unit, _TAG)
    return bool(_CLOSING.search(unit)) and not holds_content(_TAG.sub("", unescape(unit)))


def _rotated(unit: str, mark: re.Pattern[str]) -> str:
    """Let a unit begin where a mark does."""
    found = mark.search(unit + unit)
    start = found.start() % len(unit) if found else 0
    return unit[start:] + unit[:start]
