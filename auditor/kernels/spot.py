"""An automaton that finds many phrases at once (Aho and Corasick, 1975) in streams of fine tokens."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.reference import spot as plain
from auditor.kernels.shingles import Streams, checked

try:
    from auditor.kernels.native import spot as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None
kernel = native if COMPILED else plain

Numbers = NDArray[np.int32]

FIRST = 1024
"""Words of 64 bits that tell which tokens may begin a phrase."""


class Automaton(NamedTuple):
    """States joined by tokens: an open table of steps, where each falls back to, and which phrases end there.

    ``first`` has a bit for every token that begins a phrase, ``pairs`` for every two tokens that do (it is empty where
    a phrase is one token alone).
    """

    slots: Hashes
    targets: Numbers
    fail: Numbers
    ends: Numbers
    first: Hashes
    pairs: Hashes


def automaton(phrases: Sequence[Sequence[int]]) -> Automaton:
    """Build the automaton of phrases, none empty; of equal ones the first is found."""
    steps: list[dict[int, int]] = [{}]
    own: dict[int, int] = {}
    depth = [0]
    for number, phrase in enumerate(phrases):
        state = 0
        for token in phrase:
            if token not in steps[state]:
                steps[state][token] = len(steps)
                steps.append({})
                depth.append(depth[state] + 1)
            state = steps[state][token]
        own.setdefault(state, number)
    fail, shorter = [0] * len(steps), [-1] * len(steps)
    waiting = deque(steps[0].values())
    while waiting:
        state = waiting.popleft()
        back = fail[state]
        shorter[state] = back if back in own else shorter[back]
        for token, target in steps[state].items():
            at = back
            while at and token not in steps[at]:
                at = fail[at]
            fail[target] = steps[at].get(token, 0) if state else 0
            waiting.append(target)
    ends = np.array([(own.get(s, -1), depth[s], shorter[s]) for s in range(len(steps))], np.int32).ravel()
    first = np.zeros(FIRST, np.uint64)
    for token in steps[0]:
        first[token >> 6 & FIRST - 1] |= np.uint64(1 << (token & 63))
    return Automaton(*_table(steps), np.array(fail, np.int32), ends, first, _pairs(phrases))


def _pairs(phrases: Sequence[Sequence[int]]) -> Hashes:
    """Set the bits of all two tokens that phrases begin with."""
    if any(len(phrase) < 2 for phrase in phrases):
        return np.zeros(0, np.uint64)
    begun = np.array([phrase[0] << 32 | phrase[1] for phrase in phrases], np.uint64)
    bits = (begun * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
    pairs = np.zeros(FIRST, np.uint64)
    np.bitwise_or.at(pairs, (bits >> np.uint64(6)) & np.uint64(FIRST - 1), np.uint64(1) << (bits & np.uint64(63)))
    return pairs


def _table(steps: Sequence[dict[int, int]]) -> tuple[Hashes, Numbers]:
    room = 16
    while room < 3 * len(steps):
        room *= 2
    slots, targets = np.zeros(room, np.uint64), np.zeros(room, np.int32)
    for state, held in enumerate(steps):
        for token, target in held.items():
            key = (state << 32 | token) + 1
            at = ((key * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 24) & (room - 1)
            while slots[at]:
                at = (at + 1) & (room - 1)
            slots[at], targets[at] = key, target
    return slots, targets


def spot(streams: Streams, found: Automaton) -> Ints:
    """Return every place where a phrase stands: text, phrase, first token within the text; shape (places, 3)."""
    tokens, _, bounds = checked(streams)
    out = np.empty((len(tokens) // 16 + 64, 3), np.int64)
    count = kernel.spot(tokens, bounds, *found, out)
    if count > len(out):
        out = np.empty((count, 3), np.int64)
        kernel.spot(tokens, bounds, *found, out)
    return out[:count]
