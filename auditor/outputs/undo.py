"""Cleaning undone: files as they were, from the cleaned ones and what was set aside."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from auditor.chunks import BOM, LONGEST, chunks
from auditor.errors import InputError, UsageError
from auditor.outputs.cleaned import beside, elements, lines_of, names, packed
from auditor.outputs.run import Run
from auditor.source import Source
from auditor.store import digest


class Restored(NamedTuple):
    """A file restored: where, and whether its bytes are known to be those that were scanned."""

    path: Path
    verified: bool


def undo(run: Run, target: Path) -> dict[str, Restored]:
    """Write ``restored/`` below a folder that cleaning wrote to; returns each file's place.

    Raises InputError where a file's bytes would not be those that were scanned, UsageError where cleaning wrote none.
    """
    placed = names(run.sources)
    held = {item["file"]: item.get("xxh3") for item in run.manifest["inputs"]}
    found = {}
    for source in run.sources:
        kept, aside = target / "cleaned" / placed[source.name], target / "dropped" / beside(placed[source.name])
        if not kept.is_file() or not aside.is_file():
            raise UsageError("{path} holds no cleaned files", hint="auditor clean writes them", path=target)
        if source.tabular:
            raise UsageError("{name} is a table; its bytes cannot be restored", name=source.name)
        path = target / "restored" / placed[source.name]
        wanted = None if source.compression else held[source.name]
        found[source.name] = Restored(path, _restored(source, kept, aside, path, wanted))
    return found


def _restored(source: Source, kept: Path, aside: Path, path: Path, wanted: str | None) -> bool:
    """Restore one file; try with a byte order mark, which cleaned files never have, where it was not so without."""
    for head in (b"", BOM):
        with packed(path, source.compression) as out:
            out.write(head)
            for piece in _pieces(source, kept, aside):
                out.write(piece)
        if wanted is None or digest(path) == wanted:
            return wanted is not None
    path.unlink()
    raise InputError("{name} cannot be restored to what was scanned", hint="is cleaned/ as it was?", name=source.name)


def _pieces(source: Source, kept: Path, aside: Path) -> Iterator[bytes]:
    """Yield a file's bytes in order: rows set aside in their places, all others as they were kept."""
    cleaned = Source(source.name, str(kept), source.form, source.compression, kept.stat().st_size)
    gone = {told["line"]: told for told in map(json.loads, aside.read_bytes().splitlines())}
    if source.form != "array":
        left = (data for chunk in chunks(cleaned, LONGEST) for _, data in lines_of(chunk) if data is not None)
        for told, data in _woven(left, gone):
            yield data if told is None else _raw(told) + told.get("end", "\n").encode()
        return
    tail = b"]"
    left_ = []
    for chunk in chunks(cleaned, LONGEST):
        for _, before, data, after in elements(chunk):
            left_.append(before + data)
            tail = after or tail
    yield b"["
    for number, (told, data) in enumerate(_woven(iter(left_), gone)):
        yield b"," if number else b""
        yield data if told is None else told.get("before", "").encode() + _raw(told)
    yield gone.get(0, {}).get("after", "").encode() or tail


def _woven(left: Iterator[bytes], gone: dict[int, Any]) -> Iterator[tuple[Any, bytes]]:
    """Yield rows by number: what was set aside (and not its cut copy), else the next row that was kept."""
    last = max(gone, default=0)
    number = 1
    while True:
        told = gone.get(number)
        if told is None or told["action"] == "trim":
            data = next(left, None)
            if data is None and told is None:
                if number <= last:
                    raise UsageError("cleaned files and what was set aside do not belong together")
                return
        yield told, b"" if told is not None else data or b""
        number += 1


def _raw(told: dict[str, Any]) -> bytes:
    """Return a row's bytes as they were."""
    if "raw" in told:
        return str(told["raw"]).encode()
    if "raw_base64" in told:
        return base64.b64decode(told["raw_base64"])
    raise InputError("line {line} was too long to be kept aside", line=told["line"])
