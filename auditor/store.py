"""Files that appear whole or not at all, and tables that are read without loading them."""

import ctypes
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from weakref import WeakSet

import pyarrow as pa
import xxhash

from auditor.errors import EnvironmentFault

BLOCK = 1 << 20

ALIGNED = 64
"""Where tables of a unit begin: Arrow wants its buffers so."""

PLAIN = pa.ipc.IpcWriteOptions()
"""How streams are written; given none, pyarrow asks the environment for each."""

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


def write_tables(path: Path, tables: Mapping[str, pa.Table]) -> None:
    """Write a unit's tables into one file that can be mapped: streams of Arrow, then where each lies, and its size.

    One file for a unit, because a system lets a process map only so many.
    """
    with whole(path, lasting=False) as out:
        places = {}
        for name, table in tables.items():
            out.write(bytes(-out.tell() % ALIGNED))
            start = out.tell()
            with pa.ipc.new_stream(out, table.schema, options=PLAIN) as writer:
                writer.write_table(table.combine_chunks())
            places[name] = start, out.tell() - start
        index = json.dumps(places).encode()
        out.write(index + len(index).to_bytes(8, "little"))


def mapped(path: Path) -> pa.Buffer:
    """Map a file into memory; unlike pyarrow's own way this takes names that are no UTF-8."""
    with path.open("rb") as held:
        found = mmap.mmap(held.fileno(), 0, access=mmap.ACCESS_READ)
    _mapped.add(found)
    return pa.py_buffer(found)


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


def read_tables(path: Path, *names: str) -> dict[str, pa.Table]:
    """Map a unit's tables (those named, or all) into memory."""
    held = mapped(path)
    size = int.from_bytes(held[-8:].to_pybytes(), "little")
    places = json.loads(held[-8 - size : -8].to_pybytes())
    return {name: pa.ipc.open_stream(held.slice(*places[name])).read_all() for name in names or places}


def digest(path: Path) -> str:
    """Return the xxh3-128 of a file's bytes, as hex."""
    found = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while piece := stream.read(BLOCK):
            found.update(piece)
    return found.hexdigest()
