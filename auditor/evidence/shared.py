"""What two samples share: the tokens that the shingles cover by which their similarity was decided."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from auditor import text as model
from auditor.evidence import CUT, OWN, PLAIN, SAME, Piece, Pieces
from auditor.evidence.places import places as places_of
from auditor.kernels.flat import Hashes, Ints, flat
from auditor.kernels.reference.sketch import shingles
from auditor.kernels.tokens import tokens
from auditor.sample import Role, Turn
from auditor.views import ANSWER, FRAME, PROMPT

LONGEST = 60_000
"""Characters of a sample that are compared for display."""

MATCHES = 12
"""Stretches that can be pointed at: the longest ones."""


class Words(NamedTuple):
    """The tokens of one sample in the order in which they are shingled: prompt, answer, system text.

    ``turns``, ``starts`` and ``ends`` say where each stands; ``values`` the shingle that begins there (0: none fits);
    ``narrow`` and ``wide`` where each shingle stands first, without the system text and with it.
    """

    texts: list[str]
    left: list[int]
    turns: Ints
    starts: Ints
    ends: Ints
    hashes: Hashes
    values: Hashes
    parts: list[int]
    size: int
    narrow: dict[int, int]
    wide: dict[int, int]


class Shared(NamedTuple):
    """Pieces of both samples, turn by turn, and how many characters each match has in the first."""

    left: list[Pieces]
    right: list[Pieces]
    matches: dict[str, int]


def words(samples: Sequence[Sequence[Turn]], size: int = model.SHINGLE) -> list[Words]:
    """Tokenise samples as they were compared: the turns of each part follow one another."""
    texts, left, orders, parts, normalised = [], [], [], [0], []
    for turns in samples:
        held, lost = _limited(turns)
        part = [ANSWER if turn.trained else FRAME if turn.role is Role.SYSTEM else PROMPT for turn in turns]
        orders.append(sorted(range(len(turns)), key=part.__getitem__))
        normalised += [model.normalise(held[turn]) for turn in orders[-1]]
        parts += [parts[-1] + count for count in accumulate(part.count(which) for which in (PROMPT, ANSWER, FRAME))]
        texts.append(held)
        left.append(lost)
    found = tokens(flat(normalised))
    written = [held[turn] for held, order in zip(texts, orders, strict=True) for turn in order]
    starts, ends = places_of(written, normalised, found.bounds)
    borders = found.bounds[parts]
    values = _shingles(found.hashes, borders, size)
    turn = np.repeat(np.array([turn for order in orders for turn in order], np.int64), np.diff(found.bounds))
    made = []
    for number, (held, lost) in enumerate(zip(texts, left, strict=True)):
        bounds = borders[3 * number : 3 * number + 4]
        own = slice(*bounds[[0, 3]].tolist())
        places, inside = (turn[own], starts[own], ends[own]), (bounds - bounds[0]).tolist()
        narrow = _first(values[own][: inside[FRAME]])
        wide = narrow if inside[FRAME] == inside[-1] else _first(values[own])
        made.append(Words(held, lost, *places, found.hashes[own], values[own], inside, size, narrow, wide))
    return made


def _first(values: Hashes) -> dict[int, int]:
    """Return where each shingle stands first."""
    found = dict(zip(values[::-1].tolist(), range(len(values) - 1, -1, -1), strict=True))
    found.pop(0, None)
    return found


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
        whole = model.analysed(turn.text)
        texts.append(whole[:room])
        left.append(len(whole) - len(texts[-1]))
        room -= len(texts[-1])
    return texts, left


def shared(left: Words, right: Words) -> Shared:
    """Mark in two samples the tokens that a shingle of both covers: what their similarity counts.

    >>> ask = [Turn(Role.USER, "one two three four five six seven", False)]
    >>> got = shared(*words([ask, [ask[0]._replace(text="One, two, three, four, five!")]]))
    >>> [piece[:2] for piece in got.left[0]]
    [('m0', 'one two three four five'), ('', ' '), ('own', 'six seven')]
    """
    mine, theirs = _covered(left, right), _covered(right, left)
    blocks = _blocks(left, right)
    longest = sorted(blocks, key=lambda block: (block[0] - block[1], block[0]))[:MATCHES]
    matches = {}
    for number, (start, end, there) in enumerate(sorted(longest)):
        matches[f"m{number}"] = int((left.ends[start:end] - left.starts[start:end]).sum())
        for kinds, first in ((mine, start), (theirs, there)):
            held = kinds[first : first + end - start]
            held[held == 1] = number + 2
    return Shared(_pieces(left, mine), _pieces(right, theirs), matches)


def alone(turns: Sequence[Turn]) -> list[Pieces]:
    """Return a sample's turns as pieces without marks."""
    return [[Piece(PLAIN, text), *_cut(left)] for text, left in zip(*_limited(turns), strict=True)]


def _cut(left: int) -> Pieces:
    return [Piece(CUT, "", 0, left)] if left else []


def _covered(here: Words, there: Words) -> Ints:
    """Tell of every token whether a shingle of the other sample covers it: 1 if so, else 0.

    System texts count only against the whole other sample, as where similarity is measured; parts without shingles
    were compared exactly.
    """
    values, border = here.values.tolist(), here.parts[FRAME]
    hits = [*map(there.narrow.__contains__, values[:border]), *map(there.wide.__contains__, values[border:])]
    known = np.array(hits, np.int64)
    steps = np.zeros(len(known) + here.size, np.int64)
    steps[: len(known)] += known
    steps[here.size :] -= known
    covered: Ints = np.minimum(np.cumsum(steps)[: len(known)], 1)
    for part in (PROMPT, ANSWER, FRAME):
        mine, theirs = (slice(*words.parts[part : part + 2]) for words in (here, there))
        if mine.stop - mine.start < here.size and np.array_equal(here.hashes[mine], there.hashes[theirs]):
            covered[mine] = 1
    return covered


def _blocks(left: Words, right: Words) -> list[tuple[int, int, int]]:
    """Find stretches of both samples: first token, end, first token there; they do not overlap on the left."""
    found: list[tuple[int, int, int]] = []
    values, border = left.values.tolist(), left.parts[FRAME]
    limits = (0, border, right.narrow), (border, left.parts[-1], right.wide)
    for begin, end, known in limits:
        done = begin
        for at in range(begin, end):
            if at < done or values[at] not in known:
                continue
            here = known[values[at]]
            done = at + _common(left.values[at:end], right.values[here:])
            start = max(at, found[-1][1]) if found else at
            if start < done + left.size - 1:
                found.append((start, done + left.size - 1, here + start - at))
    return found


def _common(one: Hashes, other: Hashes) -> int:
    """Count the shingles with which both begin."""
    size, most = 32, min(len(one), len(other))
    at = 0
    while at < most:
        part = slice(at, min(at + size, most))
        apart = np.flatnonzero((one[part] != other[part]) | (one[part] == 0))
        if len(apart):
            return at + int(apart[0])
        at, size = at + size, size * 2
    return most


def _pieces(sample: Words, kinds: Ints) -> list[Pieces]:
    """Lay kinds of tokens out over the texts; what stands between two tokens of one kind is of that kind too."""
    edge = np.flatnonzero((np.diff(kinds) != 0) | (np.diff(sample.turns) != 0)) + 1 if len(kinds) else kinds
    first = np.concatenate([np.zeros(min(1, len(kinds)), np.int64), edge])
    last = np.concatenate([edge, [len(kinds)]])[: len(first)] - 1
    held: list[Pieces] = [[] for _ in sample.texts]
    done = [0] * len(sample.texts)
    runs = (sample.turns[first], kinds[first], sample.starts[first], sample.ends[last])
    for turn, kind, start, end in zip(*(column.tolist() for column in runs), strict=True):
        name = f"m{kind - 2}" if kind > 1 else SAME if kind else OWN
        # One written character can become two tokens, of which the first was shown already.
        begin, text = max(start, done[turn]), sample.texts[turn]
        held[turn] += [Piece(PLAIN, text[done[turn] : begin]), Piece(name, text[begin:end])]
        done[turn] = end
    return [
        [piece for piece in (*pieces, Piece(PLAIN, text[at:]), *_cut(left)) if piece.text or piece.chars]
        for pieces, text, at, left in zip(held, sample.texts, done, sample.left, strict=True)
    ]
