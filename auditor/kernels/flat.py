"""Many texts in one flat UTF-8 buffer: what every kernel reads."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Lanes = NDArray[np.uint32]


class Texts(NamedTuple):
    """Texts side by side: text ``i`` is ``buffer[offsets[i]:offsets[i + 1]]`` in UTF-8."""

    buffer: Bytes
    offsets: Ints

    @property
    def number(self) -> int:
        """How many texts there are."""
        return len(self.offsets) - 1

    def text(self, index: int) -> str:
        """Return one text as a string."""
        data = self.buffer[self.offsets[index] : self.offsets[index + 1]]
        return data.tobytes().decode("utf-8", "replace")

    def strings(self) -> Iterator[str]:
        """Yield every text as a string."""
        return (self.text(index) for index in range(self.number))


def flat(strings: Iterable[str]) -> Texts:
    """Lay strings side by side.

    >>> flat(["ab", "中"]).offsets.tolist()
    [0, 2, 5]
    """
    data = [string.encode("utf-8") for string in strings]
    offsets = np.zeros(len(data) + 1, np.int64)
    np.cumsum([len(item) for item in data], out=offsets[1:])
    return Texts(np.frombuffer(b"".join(data), np.uint8), offsets)


def only(column: Any) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return a column as one array: its only chunk itself, where there is one (pyarrow would copy it)."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def column(array: Any) -> Texts:  # noqa: ANN401  (pyarrow has no types)
    """Look at an Arrow array of strings as flat texts, without copying."""
    offsets_buffer, data = array.buffers()[1:]
    width = np.int64 if str(array.type).startswith("large") else np.int32
    offsets = np.frombuffer(offsets_buffer, width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    buffer = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return Texts(buffer, offsets)


def arrow(texts: Texts) -> pa.LargeStringArray:
    """Look at flat texts as an Arrow array, without copying."""
    offsets, data = pa.py_buffer(np.ascontiguousarray(texts.offsets)), pa.py_buffer(texts.buffer)
    return pa.LargeStringArray.from_buffers(texts.number, offsets, data)


def taken(texts: Texts, indices: Ints) -> Texts:
    """Lay some of the texts side by side.

    >>> list(taken(flat(["a", "b", "c"]), np.array([2, 0])).strings())
    ['c', 'a']
    """
    return column(arrow(texts).take(pa.array(indices)))


def checked(texts: Texts) -> Texts:
    """Refuse offsets that fall, or leave the buffer: what a kernel may not be given."""
    offsets = texts.offsets
    if len(offsets) == 0 or offsets[0] < 0 or offsets[-1] > len(texts.buffer) or (np.diff(offsets) < 0).any():
        raise ValueError("text offsets must rise and stay inside the buffer")
    return texts
