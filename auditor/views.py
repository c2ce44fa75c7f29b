"""A batch as the measures see it: normalised turns, and the tokens of each sample's prompt, answer and frame."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints, Lanes, Texts
from auditor.kernels.order import ordered
from auditor.kernels.tokens import Tokens, copy_hashes, normalise, part_keys, tokens
from auditor.sample import Batch, Role

PROMPT, ANSWER, FRAME = range(3)
"""What a turn belongs to: asked, trained, or the system text around both."""


@dataclass(frozen=True)
class View:
    """The tokens of one part of every sample: those of sample ``i`` are ``hashes[bounds[i]:bounds[i + 1]]``."""

    hashes: Hashes
    sizes: Lanes
    bounds: Ints

    @property
    def counts(self) -> Ints:
        """Tokens in each sample's part."""
        return np.diff(self.bounds)

    @property
    def chars(self) -> Ints:
        """Characters in the tokens of each sample's part."""
        return sums(self.sizes.astype(np.int64), self.bounds)


@dataclass(frozen=True)
class Views:
    """One batch, normalised and tokenised once for every measure."""

    batch: Batch
    texts: Texts
    part: NDArray[np.int8]
    parts: tuple[View, View, View]
    turn_keys: Hashes

    @property
    def prompt(self) -> View:
        """Everything asked."""
        return self.parts[PROMPT]

    @property
    def answer(self) -> View:
        """Everything trained."""
        return self.parts[ANSWER]

    @property
    def frame(self) -> View:
        """System texts and tool definitions."""
        return self.parts[FRAME]

    def keys(self, *parts: int) -> Hashes:
        """Hash each sample's turns of these parts, with their roles and order, to 128 bits; shape (samples, 2).

        Samples without such a turn, or with nothing in them, have zeros.
        """
        return part_keys(self.turn_keys, self.part, self.batch.role, self.texts, self.batch.first, *parts)


Number = TypeVar("Number", bound=np.generic)


def sums(values: NDArray[Number], bounds: Ints) -> NDArray[Number]:
    """Add up values between successive bounds, wrapping like the values' type.

    >>> sums(np.array([1, 2, 3]), np.array([0, 2, 2, 3])).tolist()
    [3, 0, 3]
    """
    total = np.zeros(len(values) + 1, values.dtype)
    np.cumsum(values, out=total[1:])
    return np.asarray(total[bounds[1:]] - total[bounds[:-1]])


def views(batch: Batch, *, keyed: bool = True) -> Views:
    """Normalise and tokenise a batch; ``keyed`` hashes whole turns too, for telling copies."""
    texts = normalise(batch.texts)
    part = np.where(batch.trained, ANSWER, np.where(batch.role == Role.SYSTEM, FRAME, PROMPT)).astype(np.int8)
    order = ordered(part)
    found = tokens(texts, order)
    parts = []
    begin = 0
    for which in (PROMPT, ANSWER, FRAME):
        held = np.concatenate([[0], np.cumsum(part == which)])[batch.first]
        parts.append(_view(found, begin + held))
        begin += int(held[-1])
    prompt, answer, frame = parts
    keys = copy_hashes(texts) if keyed else np.zeros((0, 2), np.uint64)
    return Views(batch, texts, part, (prompt, answer, frame), keys)


def _view(found: Tokens, turns: Ints) -> View:
    """Return the tokens between turn bounds (in the order in which they were tokenised)."""
    bounds = found.bounds[turns]
    start, end = bounds[0], bounds[-1]
    return View(found.hashes[start:end], found.sizes[start:end], bounds - start)
