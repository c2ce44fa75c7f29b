"""Rule 3 of the definition of a loop: copies that change a little from one to the next, up to the end of the text."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import groupby, pairwise

ANCHOR = 8  # symbols that stand once in every copy
ANCHORS = 20  # places that are tried
FEWEST = 4  # copies, definition
SHORTEST = 16  # symbols of a copy of which 10 % can change
MOST_CHANGED = 0.14  # of a copy's symbols: the definition says about 10 %
MOST_NEW = 0.03  # of a copy's symbols: a letter may move and a list grow, but other words in one frame are no loop
WORD = 3  # symbols in a row that make something new
GRAM = 5  # symbols that must have stood before for the last of them to be nothing new
REACH = 20_000  # symbols at the end of the text that are looked at
STEADY = 1.25  # neighbouring copies differ in length by no more than this factor


def near_copies(symbols: str, tail: int, lines: AbstractSet[int] = frozenset()) -> list[int]:
    """Give where the near copies begin with which a text breaks off, the unfinished one last; none if they are few.

    The text from `tail` on is known to consist mostly of what stood before it; `lines` tells where lines begin.

    >>> text = "".join(f'check("{"go" * i}");' for i in range(9, 15))
    >>> near_copies(text, 20)  # a whole list
    []
    >>> [text[a:b] for a, b in pairwise(near_copies(text[:-5], 20))][-1]
    'check("gogogogogogogogogogogogogo");'
    """
    if skipped := max(0, len(symbols) - REACH):
        begins = near_copies(symbols[skipped:], max(0, tail - skipped), {line - skipped for line in lines})
        return [begin + skipped for begin in begins]
    chains = {chain for anchor in _anchors(symbols, tail) if (chain := _chain(symbols, anchor))}
    alike = {_alike(symbols, chain) for chain in chains}
    best = max(alike, key=lambda chain: (_worth(symbols, chain), [-begin for begin in chain]), default=())
    if _worth(symbols, best) <= 0:
        return []
    begins = _on_lines(symbols, best, lines)
    if not begins and symbols[-1].isalnum():  # nothing else tells that a line breaks off
        begins = [begin - _lead(symbols, *best[:2]) for begin in best]
    begins = _ended(symbols, begins) if begins else []
    return begins if len(begins) > FEWEST and _news(symbols, begins[-FEWEST - 1], begins[-1]) <= MOST_NEW else []


def _anchors(symbols: str, tail: int) -> set[str]:
    first = (tail + len(symbols)) // 2
    step = max(1, (len(symbols) - ANCHOR - first) // ANCHORS)
    return {symbols[i : i + ANCHOR] for i in range(first, len(symbols) - ANCHOR, step)}


def _chain(symbols: str, anchor: str) -> tuple[int, ...]:
    """Give the places of an anchor from the end of the text back, as long as they are about equally far apart."""
    places: list[int] = []
    place = symbols.rfind(anchor)
    while place >= 0:
        if len(places) > 1 and not 1 / STEADY <= (places[-1] - place) / (places[-2] - places[-1]) <= STEADY:
            break
        places.append(place)
        place = symbols.rfind(anchor, 0, place + ANCHOR - 1)
    if len(places) < FEWEST or len(symbols) - places[0] > 2 * STEADY * (places[0] - places[1]):
        return ()
    return tuple(places[::-1]) if places[0] - places[-1] >= SHORTEST * len(places) else ()


def _alike(symbols: str, begins: tuple[int, ...]) -> tuple[int, ...]:
    """Keep the last places, as far back as each copy is like the one after it."""
    copies = [symbols[a:b] for a, b in pairwise(begins)]
    first = len(copies) - 1
    while first > 0 and _changes(copies[first - 1], copies[first]) <= MOST_CHANGED * len(copies[first]):
        first -= 1
    return begins[max(0, first) :]


def _worth(symbols: str, begins: Sequence[int]) -> int:
    """Weigh a chain: much text, little change, but some; equal copies are for the other rules to judge."""
    copies = [symbols[a:b] for a, b in pairwise(begins)]
    if len(copies) < FEWEST - 1 or not any(symbol.isalpha() for symbol in copies[-1]):
        return 0
    changes = sum(_changes(a, b) for a, b in pairwise(copies))
    return begins[-1] - begins[0] - 5 * changes if changes else 0


def _on_lines(symbols: str, anchors: Sequence[int], lines: AbstractSet[int]) -> list[int]:
    """Let the copies begin where lines do, if they can; a first copy may then stand before the first anchor."""
    shifts = sorted(range(anchors[1] - anchors[2], anchors[2] - anchors[1]), key=abs)
    shift = next((shift for shift in shifts if all(anchor + shift in lines for anchor in anchors[1:-1])), None)
    begins = [anchor + shift for anchor in anchors if anchor + shift in lines] if shift is not None else []
    if len(begins) < FEWEST:
        return []
    size = begins[1] - begins[0]
    for first in range(begins[0] - int(size / STEADY), begins[0] - int(size * STEADY), -1):
        if (
            first in lines
            and _changes(symbols[first : begins[0]], symbols[begins[0] : begins[1]]) <= MOST_CHANGED * size
        ):
            return [first, *begins]
    return begins


def _lead(symbols: str, first: int, second: int) -> int:
    """Tell how far before its anchor the first copy begins: as far as what stands there is like the second."""
    for sixteenths in range(16, 0, -1):
        lead = min(first, (second - first) * sixteenths // 16)
        if _changes(symbols[first - lead : first], symbols[second - lead : second]) <= MOST_CHANGED * lead:
            break
    else:
        lead = 0
    return lead + _common(symbols[: first - lead][::-1], symbols[: second - lead][::-1])


def _ended(symbols: str, begins: list[int]) -> list[int]:
    """Add the last full copy if there is one more; give nothing unless the text breaks off in a copy."""
    last, rest = symbols[begins[-2] : begins[-1]], symbols[begins[-1] :]
    sizes = range(int(len(last) / STEADY), min(len(rest), int(len(last) * STEADY) + 1))
    size = max(sizes, key=lambda size: (_begun(last, rest[size:]), -size), default=0)
    if size and _begun(last, rest[size:]) and _changes(last, rest[:size]) <= MOST_CHANGED * size:
        return [*begins, begins[-1] + size]
    ending = _common(last[::-1], symbols[begins[-3] : begins[-2]][::-1])
    whole = len(rest) * STEADY > len(last) and rest.endswith(last[-min(ending, 3) :])
    return begins if _begun(last, rest) and not whole else []


def _begun(copy: str, rest: str) -> int:
    """Count the symbols with which a broken-off copy begins like a full one; 0 if it does not go on like it."""
    common = _common(copy, rest)
    return common if len(rest) <= 2 * common else 0


def _news(symbols: str, start: int, end: int) -> float:
    """Measure how much of a stretch stood nowhere before it."""
    new = 0
    for seen, places in groupby(symbols.find(symbols[i : i + GRAM]) < i for i in range(start, end - GRAM)):
        size = len(list(places)) - GRAM + 1
        new += size if size >= WORD and not seen else 0
    return new / (end - start)


def _common(one: str, other: str) -> int:
    """Count the symbols with which both begin."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@lru_cache(maxsize=256)  # the chains of one text share most of their copies
def _changes(one: str, other: str) -> int:
    """Count the edits from one string to another: G. Myers, Journal of the ACM 46 (1999), with Python's long integers.

    >>> _changes("kitten", "sitting")
    3
    """
    if not one or one == other:
        return len(other) if not one else 0
    places: dict[str, int] = {}
    for i, symbol in enumerate(one):
        places[symbol] = places.get(symbol, 0) | 1 << i
    full, last = (1 << len(one)) - 1, 1 << len(one) - 1
    up, down, count = full, 0, len(one)
    for symbol in other:
        equal = places.get(symbol, 0)
        diagonal = (((equal & up) + up) ^ up) | equal | down
        rise, fall = down | ~(diagonal | up) & full, up & diagonal
        count += bool(rise & last) - bool(fall & last)
        rise, fall = rise << 1 | 1, fall << 1
        up, down = (fall | ~(diagonal | rise)) & full, rise & diagonal & full
    return count
