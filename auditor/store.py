"""Files that appear whole or not at all, and tables that are read without loading them."""

import ctypes
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from weakref import WeakSet

import pyarrow as pa
import xxhash

from auditor.errors import EnvironmentFault

BLOCK = 1 << 20

LITTLE = 256 << 20
"""Bytes of mapped files that may stay in memory."""

_mapped: "WeakSet[mmap.mmap]" = WeakSet()
"""Every file that is mapped."""


@contextmanager
def whole(path: Path, *, lasting: bool = True) -> Iterator[IO[bytes]]:
    """Write a file under another name, and give it its own once it is complete and (lasting) on disk.

    What a unit of work commits need not last: it survives the end of a process, not of the machine.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    held = path.with_name(f".{path.name}.part")
    try:
        with held.open("wb") as out:
            yield out
            out.flush()
            if lasting:
                os.fsync(out.fileno())
        held.replace(path)
    except OSError as fault:
        held.unlink(missing_ok=True)
        raise EnvironmentFault(
            "cannot write {path}: {fault}",
            hint="free space or choose another folder with -o",
            path=path,
            fault=fault.strerror or fault,
        ) from fault
    except BaseException:
        held.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a small file whole."""
    with whole(path, lasting=lasting) as out:
        out.write(data)


def write_arrow(path: Path, table: pa.Table) -> None:
    """Write a unit's table as an Arrow file that can be mapped into memory."""
    with whole(path, lasting=False) as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table.combine_chunks())


def mapped(path: Path) -> pa.BufferReader:
    """Map a file into memory; unlike pyarrow's own way this takes names that are no UTF-8."""
    with path.open("rb") as held:
        found = mmap.mmap(held.fileno(), 0, access=mmap.ACCESS_READ)
    _mapped.add(found)
    return pa.BufferReader(pa.py_buffer(found))


def released() -> None:
    """Give memory back that is not in use, if there is much: pages of mapped files, and what was freed.

    What is mapped stays mapped, and is read again when it is looked at; what is in use by other threads may be, too.
    """
    held = list(_mapped)
    if sum(map(len, held)) < LITTLE or not hasattr(mmap, "MADV_DONTNEED"):
        return
    for each in held:
        each.madvise(mmap.MADV_DONTNEED)
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def read_arrow(path: Path) -> pa.Table:
    """Map an Arrow file into memory."""
    return pa.ipc.open_file(mapped(path)).read_all()


def digest(path: Path) -> str:
    """Return the xxh3-128 of a file's bytes, as hex."""
    found = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while piece := stream.read(BLOCK):
            found.update(piece)
    return found.hexdigest()
