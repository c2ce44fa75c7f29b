"""One input file: what is known of it, and its bytes, decompressed, in a stream or piece by piece."""

import bz2
import gzip
import lzma
import mmap
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa

from auditor.errors import InputError
from auditor.kernels.flat import Bytes, Ints
from auditor.loading.question import Question

PIECE = 4 << 20
"""Bytes read at once."""

SPARSE = 16
"""Pieces are read one by one where their span is so many times as long as they are together."""

BOMB_RATIO, BOMB_FLOOR = 2000, 1 << 30
"""Decompression stops where more than a gibibyte came out at a ratio that no real text reaches."""


@dataclass(frozen=True)
class Source:
    """One input file: how it is shown, where it lies, and what it holds.

    ``form`` is lines, array, parquet, arrow or dataset (a saved Hugging Face data set); ``dialect`` is the one that a
    configuration reads the file in, empty where rows are recognised one by one; ``question`` is how it reads rows, and
    ``times`` how often in an epoch.
    """

    name: str
    path: str
    form: str
    compression: str = ""
    size: int = 0
    mtime: int = 0
    dialect: str = ""
    question: Question | None = None
    times: float = 1.0

    @property
    def remote(self) -> bool:
        """Whether the path is an address rather than a local file."""
        return "://" in self.path

    @property
    def tabular(self) -> bool:
        """Whether rows come from columns, without lines and offsets."""
        return self.form in {"parquet", "arrow", "dataset"}


@contextmanager
def opened(path: str, compression: str) -> Iterator[IO[bytes]]:
    """Open a file's content, decompressed; a stream cut short raises OSError or EOFError while it is read."""
    with _raw(path) as raw:
        if compression == "gz":
            with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                yield cast("IO[bytes]", stream)
        elif compression == "bz2":
            with bz2.BZ2File(raw) as stream:
                yield cast("IO[bytes]", stream)
        elif compression == "xz":
            with lzma.LZMAFile(raw) as stream:
                yield cast("IO[bytes]", stream)
        elif compression == "zst":
            with pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd") as stream:
                yield stream
        else:
            yield raw


def _raw(path: str) -> IO[bytes]:
    """Open a file or an address."""
    if "://" not in path:
        return Path(path).open("rb", buffering=0)
    import fsspec  # noqa: PLC0415  (only remote inputs need it)

    return cast("IO[bytes]", fsspec.open(path, "rb").open())


def pieces(source: Source) -> Iterator[bytes]:
    """Yield a source's decompressed bytes; raises InputError where the stream is cut or a bomb."""
    out = 0
    with opened(source.path, source.compression) as stream:
        while True:
            try:
                piece = stream.read(PIECE)
            except (EOFError, OSError, lzma.LZMAError, zlib.error) as fault:
                raise InputError(
                    "{name} is cut short or damaged: {fault}", hint="fetch it again", name=source.name, fault=fault
                ) from None
            if not piece:
                return
            out += len(piece)
            if source.compression and out > BOMB_FLOOR and source.size and out > source.size * BOMB_RATIO:
                raise InputError(
                    "{name} unpacks to more than {times} times its size", name=source.name, times=BOMB_RATIO
                )
            yield piece


def stretches(source: Source, offsets: Ints, lengths: Ints) -> tuple[Bytes, Ints]:
    """Return bytes that hold the pieces of a source at (offset, length), and where each begins; offsets must rise.

    Of a plain local file these are its own bytes, mapped; where the pieces lie far apart they are read one by one,
    since a page that is mapped brings its neighbours into memory.
    """
    wanted = zip(offsets.tolist(), lengths.tolist(), strict=True)
    if source.compression or source.remote:
        return _joined(source, _streamed(pieces(source), wanted), lengths)
    size, end = Path(source.path).stat().st_size, int((offsets + lengths).max(initial=0))
    if size < end:
        raise _changed(source)
    if not size:
        return np.empty(0, np.uint8), offsets
    if SPARSE * int(lengths.sum()) < end - int(offsets.min(initial=size)):
        return _joined(source, _sought(source.path, wanted), lengths)
    with Path(source.path).open("rb") as stream:
        return np.frombuffer(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ), np.uint8), offsets


def _joined(source: Source, held: Iterable[bytes], lengths: Ints) -> tuple[Bytes, Ints]:
    """Put pieces one behind the other; return where each begins, too."""
    parts = list(held)
    sizes = np.array([len(part) for part in parts], np.int64)
    if (sizes < lengths).any():
        raise _changed(source)
    return np.frombuffer(b"".join(parts), np.uint8), np.cumsum(sizes) - sizes


def _sought(path: str, wanted: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Yield pieces of a file."""
    with Path(path).open("rb") as stream:
        for offset, length in wanted:
            stream.seek(offset)
            yield stream.read(length)


def _changed(source: Source) -> InputError:
    """Say that a source is not what it was when it was read first."""
    return InputError("{name} changed while it was read", hint="scan again once nothing writes to it", name=source.name)


def _streamed(stream: Iterator[bytes], wanted: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    base, buffer = 0, b""
    for offset, length in wanted:
        while base + len(buffer) < offset + length:
            keep = max(0, min(len(buffer), offset - base))
            base += keep
            piece = next(stream, b"")
            buffer = buffer[keep:] + piece
            if not piece:
                break
        yield buffer[offset - base : offset - base + length]
