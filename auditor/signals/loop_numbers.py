"""Rule 2 of the definition of a loop: which copies that differ in their numbers make a numbered loop."""

import re
from itertools import pairwise

from auditor.kernels.reference.loops import View
from auditor.signals.loop_notation import HAN, Stretch, is_table

MANY = 8  # copies that need no cut-off end: definition, rule 2 (b)
FEW = 4  # copies that may be chance
FLOOD = 24  # copies that no short list has
MANY_NUMBERS = 4  # that move, in a unit that is a row of data unless it says much
SENTENCE = 20  # letters of a unit that says something; a Han character counts for two
LABEL = 6  # letters of a unit that at least names something
_EQUATION = re.compile(
    r"0[\w.%°)]{0,6}[-+*/×÷−·xX^][$€£¥(]?[A-Za-z.]{0,3}0[\w.%°)]{0,12}=[^=]"  # 4 x 5 = 20
    r"|0=[A-Za-z$€£¥(]{0,3}0\)?[-+*/×÷−·]"  # F15 = F14 + F13
)
_DATA = re.compile(
    r"assert|>>>|[-=]>|→|#(?:Output:?)?0"  # calls with their results
    r"|°|(?<!\w)\(0,0\)|\.(?:png|jpe?g|gif|svg|webp|bmp|avi|mp[34]|pdf)\b"  # temperatures, points, pictures
)
_ITEM = re.compile(r"^\s*\d+[.)、．:：]\s*\S", re.MULTILINE)
_PROSE = re.compile(r"[^\W\d]+(?:\s+[^\W\d]+){2}|" + HAN.pattern + "{6}")
_BORDER = re.compile(r"\n|(?<=[.!?;])\s|(?<=[。！？；])")
_SEPARATORS = ".,;。，；、"  # which the last item of a list may lack


def is_numbered_loop(run: Stretch, unit: str, numbers: list[list[str]]) -> bool:
    """Judge copies whose masked unit is `unit`; `numbers` holds the values of each number of it, copy by copy."""
    says = sum(1 + bool(HAN.match(symbol)) for symbol in unit if symbol.isalpha())
    # At either edge a number may be another's, or cut.
    numbers = [values[1:-1] if len(values) > FEW else values for values in numbers]
    moving = sum(len(set(values)) > 1 for values in numbers)
    if is_table(run) or (moving >= MANY_NUMBERS and says < 3 * moving):
        return False
    counts = all(map(_counts, numbers))
    if run.times >= FLOOD:
        return not run.closed or (counts and _is_statement(run))
    if _EQUATION.search(unit + unit):
        return False
    if not run.closed and (_breaks_off(run) or (_is_one_line(run) and run.times > FEW and says >= LABEL)):
        return True
    listed = counts and moving == 1 and run.times >= MANY and says >= LABEL and bool(_ITEM.search(run.written))
    told = (counts or run.times >= MANY) and says >= SENTENCE and _is_prose(run)
    return (listed or told) and not _is_complete(run, unit)


def _is_complete(run: Stretch, unit: str) -> bool:
    """Say whether the copies are a short list of data, or end before the text does and are few or only items."""
    return bool(_DATA.search(unit + unit)) or (run.closed and (run.times < MANY or not _is_statement(run)))


def values(view: View, text: str, span: tuple[int, int], period: int) -> list[list[str]]:
    """Read the numbers of a masked run: for each number of the unit its values from copy to copy.

    >>> from auditor.kernels.reference.loops import masked_view
    >>> text = "1. of 3; 2. of 3; 3. of 3;"
    >>> values(masked_view(text), text, (0, 18), 6)
    [['1', '2', '3'], ['3', '3', '3']]
    """
    start, end = span
    slots = [i for i in range(start, start + period) if view.symbols[i] == "0"]
    return [["".join(text[view.begins[i] : view.ends[i]].split()) for i in range(slot, end, period)] for slot in slots]


def _counts(numbers: list[str]) -> bool:
    """Say whether numbers go up or down by equal steps, or stay.

    >>> _counts(["08", "09", "10"]), _counts(["5", "7", "6"])
    (True, False)
    """
    if any(len(number) > 18 for number in numbers):
        return False
    return len({int(b) - int(a) for a, b in pairwise(numbers)}) <= 1


def _breaks_off(run: Stretch) -> bool:
    """Say whether the text ends in the middle of a line or sentence, or where it had begun to indent the next line."""
    if re.search(r"\n[ \t]+$", run.text[run.span[2] :]):
        return True
    pieces = _BORDER.split(re.sub(r"\d+", "0", run.text[run.span[0] : run.span[2]]))
    pieces = [piece for piece in ("".join(piece.split()).rstrip(_SEPARATORS) for piece in pieces) if piece]
    return len(pieces) > 1 and pieces[-1] not in pieces[:-1]


def _is_one_line(run: Stretch) -> bool:
    """Say whether the copies stand on one line that ends without a mark: nothing tells a whole copy from a part."""
    return "\n" not in run.written and run.text[run.span[2] - 1].isalnum()


def _is_statement(run: Stretch) -> bool:
    """Say whether the copies are lines or sentences, not the items of a list within one."""
    return "\n" in run.written.strip() or any(c in run.unit for c in "。！？!?") or ". " in run.unit + run.unit


def _is_prose(run: Stretch) -> bool:
    """Say whether a unit is words in a row or a block of lines; a call or a label with a number is neither."""
    return run.unit.count("\n") > 1 or bool(_PROSE.search(run.unit))
