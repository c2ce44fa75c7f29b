"""Turn, sample, batch: what the auditor sees of training data."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from auditor.kernels.flat import Ints, Texts, column, only
from auditor.kernels.tokens import characters
from auditor.kernels.turns import framed
from auditor.text import analysed

MEDIA = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a turn's text where an image, a video or another part without text stood."""


class Role(IntEnum):
    """Who speaks."""

    SYSTEM = 0
    USER = 1
    ASSISTANT = 2
    TOOL = 3

    @property
    def label(self) -> str:
        """The role's name as users write it."""
        return _LABELS[self]


_LABELS = tuple(role.name.lower() for role in Role)


class Turn(NamedTuple):
    """One message: does the loss fall on it?"""

    role: Role
    text: str
    trained: bool


class Sample(NamedTuple):
    """One training row as turns; ``media`` names its images and the like, in order, one a line."""

    turns: list[Turn]
    media: str = ""


TURNS = pa.schema([("role", pa.int8()), ("trained", pa.bool_()), ("text", pa.large_string())])
SAMPLES = pa.schema(
    [
        ("line", pa.int64()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("dialect", pa.string()),
        ("media", pa.string()),
        ("turns", pa.int32()),
    ]
)


@dataclass(frozen=True)
class Batch:
    """Samples in columns: a table of samples, and a table of their turns, one sample's after the other's.

    The turns' texts lie in one flat UTF-8 buffer; turn ``t`` of sample ``i`` is row ``first[i] + t``.
    """

    samples: pa.Table
    turns: pa.Table

    @property
    def rows(self) -> int:
        """How many samples there are."""
        return int(self.samples.num_rows)

    @cached_property
    def first(self) -> Ints:
        """Where each sample's turns begin, and where the last one's end."""
        counts = self.samples["turns"].to_numpy()
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def texts(self) -> Texts:
        """The turns' texts, flat."""
        return column(only(self.turns["text"]))

    @cached_property
    def chars(self) -> Ints:
        """The code points of every turn."""
        return characters(self.texts)

    @cached_property
    def role(self) -> NDArray[np.int8]:
        """The turns' roles."""
        return np.asarray(self.turns["role"].to_numpy(), np.int8)

    @cached_property
    def trained(self) -> NDArray[np.bool_]:
        """Whether the loss falls on each turn."""
        return np.asarray(self.turns["trained"].to_numpy(), np.bool_)


class Place(NamedTuple):
    """Where a sample stands: line (1-based; index + 1 in an array), byte offset and length in the decompressed file."""

    line: int
    offset: int
    length: int


class Places(NamedTuple):
    """Where samples stand, in columns."""

    line: Ints
    offset: Ints
    length: Ints

    def at(self, index: int) -> Place:
        """Return one of them."""
        return Place(*(int(part[index]) for part in self))


def batch(found: Iterable[tuple[Place, str, Sample]]) -> Batch:
    """Lay samples out in columns; the middle item of each is its dialect's name."""
    held = list(found)
    samples = [sample for _, _, sample in held]
    turns = [turn for sample in samples for turn in sample.turns]
    roles, trained = [turn[0] for turn in turns], [turn[2] for turn in turns]
    table = pa.table(
        [pa.array(roles, pa.int8()), pa.array(trained, pa.bool_()), _strings([turn[1] for turn in turns])], schema=TURNS
    )
    places = Places(*np.array([place for place, _, _ in held], np.int64).reshape(-1, 3).T)
    names = pa.array([name for _, name, _ in held], pa.string())
    media = pa.array([sample.media for sample in samples], pa.string())
    return columns(places, names, media, np.array([len(sample.turns) for sample in samples], np.int32), table)


def columns(places: Places, dialects: pa.Array, media: pa.Array, counts: NDArray[np.int32], turns: pa.Table) -> Batch:
    """Put the columns of samples together."""
    return Batch(pa.table([*map(pa.array, places), dialects, media, pa.array(counts)], schema=SAMPLES), turns)


def woven(left: Batch, right: Batch) -> Batch:
    """Put the samples of two batches into the order of their lines."""
    if not left.rows or not right.rows:
        return left if left.rows else right
    samples = pa.concat_tables([left.samples, right.samples])
    order = np.argsort(samples["line"].to_numpy(), kind="stable")
    counts = samples["turns"].to_numpy()
    first = np.concatenate([[0], np.cumsum(counts)])[order]
    sizes = counts[order]
    ends = np.cumsum(sizes)
    turns = np.repeat(first - (ends - sizes), sizes) + np.arange(ends[-1])
    return Batch(samples.take(pa.array(order)), pa.concat_tables([left.turns, right.turns]).take(pa.array(turns)))


def _strings(texts: list[str]) -> pa.Array:
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return pa.array([analysed(text) for text in texts], pa.large_string())


def content_ids(batch: Batch) -> pa.Array:
    """Return 16 hex digits for each sample that only the same roles, texts and media give.

    Hashed (xxh3-128, its first half) are the texts, then the roles, the sizes of the texts in bytes, and the media.
    """
    media = batch.samples["media"]
    data, bounds = framed(batch.texts, batch.role, batch.first)
    starts = bounds.tolist()
    # Slices are made and hashed without a line of Python for each.
    pieces: Iterable[bytes | memoryview] = map(memoryview(data.data).__getitem__, map(slice, starts, starts[1:]))
    if pc.any(pc.not_equal(media, "")).as_py():
        both = zip(pieces, media.to_pylist(), strict=True)
        pieces = (b"".join((piece, more.encode())) if more else piece for piece, more in both)
    digests = b"".join(map(xxhash.xxh3_128_digest, pieces))
    halves = np.frombuffer(digests, np.uint8).reshape(-1, 16)[:, :8].tobytes().hex().encode()
    offsets = np.arange(len(starts), dtype=np.int32) * 16
    return pa.StringArray.from_buffers(len(starts) - 1, pa.py_buffer(offsets), pa.py_buffer(halves))
