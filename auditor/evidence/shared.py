"""What two samples share: the tokens that the shingles cover by which their similarity was decided."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor import text as model
from auditor.evidence import CUT, Piece
from auditor.evidence.marks import FIRST, LAID, MATCHES, cleared, marked
from auditor.evidence.places import places as places_of
from auditor.evidence.places import utf32
from auditor.kernels.flat import Hashes, Ints, flat
from auditor.kernels.overlap import Overlap, Tokens, overlap
from auditor.kernels.reference.sketch import shingles
from auditor.kernels.tokens import normalise, tokens
from auditor.sample import Role, Turn
from auditor.views import ANSWER, FRAME, PROMPT

LONGEST = 60_000
"""Characters of a sample that are compared for display."""


class Words(NamedTuple):
    """Samples tokenised as they were compared: prompt, answer, system text.

    ``texts`` are the turns that are looked at, and ``left`` counts the characters of each that are not; ``turns``,
    ``starts`` and ``ends`` say where each token stands.
    """

    texts: list[list[str]]
    left: list[list[int]]
    turns: Ints
    starts: Ints
    ends: Ints
    tokens: Tokens
    size: int


class Shared(NamedTuple):
    """Both samples as marked texts, turn by turn, and how many characters each match has in the first."""

    left: list[str]
    right: list[str]
    matches: dict[str, int]


def words(samples: Sequence[Sequence[Turn]], size: int = model.SHINGLE) -> Words:
    """Tokenise samples as they were compared: the turns of each part follow one another."""
    texts, left, order, parts = [], [], [], [0]
    for turns in samples:
        held, lost = _limited(turns)
        part = [ANSWER if turn.trained else FRAME if turn.role is Role.SYSTEM else PROMPT for turn in turns]
        order.append(sorted(range(len(turns)), key=part.__getitem__))
        parts += [parts[-1] + count for count in accumulate(part.count(which) for which in (PROMPT, ANSWER, FRAME))]
        texts.append(held)
        left.append(lost)
    written = [held[turn] for held, places in zip(texts, order, strict=True) for turn in places]
    folded = normalise(flat(written))
    found = tokens(folded)
    starts, ends = places_of(written, list(folded.strings()), found.bounds)
    borders = found.bounds[parts]
    values = _shingles(found.hashes, borders, size)
    turn = np.repeat(np.array([turn for places in order for turn in places], np.int64), np.diff(found.bounds))
    inside = np.stack([borders[part : len(borders) - 3 + part : 3] for part in range(4)], axis=1)
    return Words(texts, left, turn, starts, ends, Tokens(found.hashes, values, inside), size)


def _shingles(hashes: Hashes, borders: Ints, size: int) -> Hashes:
    """Hash the shingle that begins at each token; 0 where it would leave its part."""
    values = np.zeros(len(hashes), np.uint64)
    held = shingles(hashes, size)
    values[: len(held)] = held
    last = np.repeat(borders[1:], np.diff(borders)) - size
    values[np.arange(len(values)) > last] = 0
    return values


def _limited(turns: Sequence[Turn]) -> tuple[list[str], list[int]]:
    """Return what is looked at of each turn's text, and how many characters are left out."""
    texts, left = [], []
    room = LONGEST
    for turn in turns:
        whole = cleared(turn.text)
        texts.append(whole[:room])
        left.append(len(whole) - len(texts[-1]))
        room -= len(texts[-1])
    return texts, left


def shared(held: Words, pairs: Sequence[tuple[int, int]]) -> list[Shared]:
    """Mark in pairs of samples the tokens that a shingle of both covers: what their similarity counts.

    >>> from auditor.evidence.marks import pieces
    >>> ask = [Turn(Role.USER, "one two three four five six seven", False)]
    >>> held = words([ask, [ask[0]._replace(text="One, two, three, four, five!")]])
    >>> [piece[:2] for piece in pieces(shared(held, [(0, 1)])[0].left[0])]
    [('m0', 'one two three four five'), ('', ' '), ('own', 'six seven')]
    """
    numbers = np.array(pairs, np.int64).reshape(-1, 2)
    found = overlap(held.tokens, numbers, held.size)
    counts = np.diff(held.tokens.parts[:, [0, 3]])[numbers, 0] if len(pairs) else np.zeros((0, 2), np.int64)
    starts = np.cumsum(counts, axis=0) - counts
    matches = _matched(held, found, starts, numbers)
    left, right = _laid(held, found.left, numbers[:, 0]), _laid(held, found.right, numbers[:, 1])
    return [Shared(*sides) for sides in zip(left, right, matches, strict=True)]


def _matched(held: Words, found: Overlap, starts: Ints, pairs: Ints) -> list[dict[str, int]]:
    """Number the longest stretches of each pair on both sides; return the characters that each has on the left."""
    pair, first, last, _ = found.blocks.T
    ranked = np.lexsort((first, first - last, pair))
    begins = np.searchsorted(pair[ranked], pair[ranked])
    chosen = np.sort(ranked[np.arange(len(ranked)) - begins < MATCHES])
    base = held.tokens.parts[pairs, 0][pair[chosen], 0] if len(chosen) else np.zeros(0, np.int64)
    chars = np.concatenate([[0], np.cumsum(held.ends - held.starts)])
    sizes = (chars[base + last[chosen]] - chars[base + first[chosen]]).tolist()
    names = np.arange(len(chosen)) - np.searchsorted(pair[chosen], pair[chosen])
    for kinds, side, begin in ((found.left, 0, first), (found.right, 1, found.blocks[:, 3])):
        # Of two stretches that meet, the earlier one keeps what both have.
        last_first = chosen[::-1]
        at = _ranges(starts[pair[last_first], side] + begin[last_first], (last - first)[last_first])
        fresh = kinds[at] == 1
        kinds[at[fresh]] = np.repeat(names[::-1] + 2, (last - first)[last_first])[fresh]
    matches: list[dict[str, int]] = [{} for _ in pairs]
    for number, name, size in zip(pair[chosen].tolist(), names.tolist(), sizes, strict=True):
        matches[number][f"m{name}"] = size
    return matches


def _ranges(starts: Ints, sizes: Ints) -> Ints:
    """Return the numbers from each start on, as many as its size says, one range after the other."""
    return np.repeat(starts - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))


def alone(turns: Sequence[Turn]) -> list[str]:
    """Return a sample's turns without marks, as far as they are looked at."""
    return [text + _cut(left) for text, left in zip(*_limited(turns), strict=True)]


def _cut(left: int) -> str:
    return marked([Piece(CUT, "", 0, left)]) if left else ""


def _laid(held: Words, kinds: NDArray[np.uint8], samples: Ints) -> list[list[str]]:
    """Lay kinds of tokens out over the texts; what stands between two tokens of one kind is of that kind too."""
    sizes = [[len(text) for text in held.texts[sample]] for sample in samples.tolist()]
    bounds = np.concatenate([[0], np.cumsum([size for side in sizes for size in side], dtype=np.int64)])
    firsts = np.cumsum([0, *map(len, sizes)])
    codes = utf32("".join(["".join(held.texts[sample]) for sample in samples.tolist()]))
    at, marks = _runs(held, kinds, samples, bounds, firsts)
    whole = np.insert(codes, at, marks).tobytes().decode("utf-32-le")
    ends = (bounds + np.searchsorted(at, bounds)).tolist()
    found = []
    for number, sample in enumerate(samples.tolist()):
        own = range(int(firsts[number]), int(firsts[number + 1]))
        found.append(
            [whole[ends[k] : ends[k + 1]] + _cut(left) for k, left in zip(own, held.left[sample], strict=True)]
        )
    return found


def _runs(held: Words, kinds: NDArray[np.uint8], samples: Ints, bounds: Ints, firsts: Ints) -> tuple[Ints, Ints]:
    """Return where in texts that follow one another marks stand, and which; no text ends with one."""
    counts = (held.tokens.parts[:, 3] - held.tokens.parts[:, 0])[samples]
    owner = np.repeat(np.arange(len(samples)), counts)
    token = _ranges(held.tokens.parts[samples, 0], counts)
    text = firsts[owner] + held.turns[token]
    edge = np.flatnonzero((np.diff(kinds) != 0) | (np.diff(text) != 0)) + 1
    first = np.concatenate([np.zeros(min(1, len(kinds)), np.int64), edge])
    last = np.concatenate([edge, [len(kinds)]])[: len(first)] - 1
    start, end = bounds[text[first]] + held.starts[token[first]], bounds[text[last]] + held.ends[token[last]]
    order = np.argsort(start, kind="stable")
    start, end, marks = start[order], end[order], kinds[first[order]].astype(np.int64) + FIRST
    # One written character can become two tokens: the first of them has it.
    start[1:] = np.maximum(start[1:], end[:-1])
    at = np.stack([start, end], axis=1).ravel()
    marks = np.stack([marks, np.full(len(marks), LAID)], axis=1).ravel()
    useful = np.append(at[1:] > at[:-1], np.ones(min(1, len(at)), np.bool_))
    useful &= (marks != LAID) | ~np.isin(at, bounds)
    return at[useful], marks[useful]
