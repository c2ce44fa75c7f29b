"""Turn, sample, batch: what the auditor sees of training data."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from auditor.kernels.flat import Ints, Texts, column
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
        return self.name.lower()


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
        ("content_id", pa.string()),
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

    @property
    def first(self) -> Ints:
        """Where each sample's turns begin, and where the last one's end."""
        counts = self.samples["turns"].to_numpy()
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @property
    def texts(self) -> Texts:
        """The turns' texts, flat."""
        return column(self.turns["text"].combine_chunks())

    @property
    def role(self) -> NDArray[np.int8]:
        """The turns' roles."""
        return np.asarray(self.turns["role"].to_numpy(), np.int8)

    @property
    def trained(self) -> NDArray[np.bool_]:
        """Whether the loss falls on each turn."""
        return np.asarray(self.turns["trained"].to_numpy(), np.bool_)


class Place(NamedTuple):
    """Where a sample stands: line (1-based; index + 1 in an array), byte offset and length in the decompressed file."""

    line: int
    offset: int
    length: int


def batch(found: Iterable[tuple[Place, str, Sample]]) -> Batch:
    """Lay samples out in columns; the middle item of each is its dialect's name."""
    places: list[Place] = []
    dialects: list[str] = []
    media: list[str] = []
    counts: list[int] = []
    turns: list[Turn] = []
    for place, dialect, sample in found:
        places.append(place)
        dialects.append(dialect)
        media.append(sample.media)
        counts.append(len(sample.turns))
        turns += sample.turns
    roles, trained = pa.array([turn[0] for turn in turns], pa.int8()), pa.array([turn[2] for turn in turns], pa.bool_())
    table = pa.table([roles, trained, _strings([turn[1] for turn in turns])], schema=TURNS)
    ids = content_ids(column(table["text"].combine_chunks()), table["role"].to_numpy(), counts, media)
    columns: list[Any] = [*([place[part] for place in places] for part in range(3)), dialects, media, counts, ids]
    samples = pa.table([pa.array(c, field.type) for c, field in zip(columns, SAMPLES, strict=True)], schema=SAMPLES)
    return Batch(samples, table)


def _strings(texts: list[str]) -> pa.Array:
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return pa.array([analysed(text) for text in texts], pa.large_string())


def content_ids(texts: Texts, roles: NDArray[np.int8], counts: list[int], media: list[str]) -> list[str]:
    """Return 16 hex digits for each sample that only the same roles, texts and media give."""
    data, offsets = texts.buffer.data, texts.offsets.tolist()
    sizes = np.diff(texts.offsets)
    ids = []
    at = 0
    for count, extra in zip(counts, media, strict=True):
        end = at + count
        digest = xxhash.xxh3_128(data[offsets[at] : offsets[end]])
        digest.update(roles[at:end].tobytes() + sizes[at:end].tobytes())
        if extra:
            digest.update(extra.encode("utf-8", "surrogatepass"))
        ids.append(digest.hexdigest()[:16])
        at = end
    return ids
