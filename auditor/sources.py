"""Inputs to sources: files, folders, globs, standard input and remote addresses, and what each file holds."""

import glob
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from auditor.errors import InputError, UsageError
from auditor.kernels.jsonl import Borders
from auditor.parse import quick
from auditor.source import PIECE, Source, opened

HEAD = 1 << 20
"""Bytes looked at to tell what a file holds."""

COMPRESSIONS = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
SUFFIXES = (".jsonl", ".json", ".ndjson", ".parquet", ".arrow")
PACKED = ("", ".gz", ".zst", ".bz2", ".xz")
ARCHIVES = {b"PK\x03\x04": "zip", b"Rar!": "rar", b"7z\xbc\xaf": "7z"}
ROWS = (b'"conversation"', b'"conversations"', b'"messages"', b'"dialogs"')
"""Keys of rows, which no message has."""

MARKER = ".auditor-run"
"""A file that stands in every run folder, so that a run is never read as data."""


@dataclass(frozen=True)
class Skipped:
    """An input that was not read, and why: a template, and what it speaks about."""

    name: str
    template: str
    about: str = ""

    @property
    def reason(self) -> str:
        """Why the input was not read, in English."""
        return self.template.format(about=self.about)


def find(inputs: Sequence[str], spool: Path) -> tuple[list[Source], list[Skipped]]:
    """Return the files that inputs name, in the order of their names; ``-`` is spooled into a folder first.

    A file named twice, by whatever way, is read once. Raises UsageError where an input names nothing at all.
    """
    skipped: list[Skipped] = []
    found: dict[tuple[object, ...], Source] = {}
    for name, path in sorted({(legible(name), path) for name, path in _expanded(inputs, spool, skipped)}):
        key = _identity(path)
        if key in found:
            skipped.append(Skipped(name, "the same file as {about}", found[key].name))
            continue
        try:
            found[key] = described(name, path)
        except InputError as fault:
            skipped.append(Skipped(name, "{about}", str(fault)))
        except OSError as fault:
            skipped.append(Skipped(name, "cannot be read: {about}", str(fault.strerror or fault)))
    return list(found.values()), skipped


def legible(name: str) -> str:
    r"""Return a file's name as text, whatever bytes it is made of and whatever the locale.

    >>> legible("a\udcffb")
    'a\\xffb'
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _expanded(inputs: Sequence[str], spool: Path, skipped: list[Skipped]) -> Iterator[tuple[str, str]]:
    """Yield the name and path of every file that inputs stand for."""
    for item in inputs:
        if item == "-":
            yield "stdin.jsonl", str(_spooled(sys.stdin.buffer, spool / "stdin"))
        elif "://" in item:
            yield item, item
        elif Path(item).is_dir():
            files = list(_walk(Path(item), skipped))
            if not files:
                raise UsageError(
                    "no data in the folder {name}", hint="files ending in {endings} (or .gz, .zst …) are read",
                    name=item, endings=", ".join(SUFFIXES),
                )  # fmt: skip
            yield from ((path.as_posix(), str(path)) for path in files)
        elif Path(item).exists():
            yield Path(item).as_posix(), str(_plain(item, spool))
        else:
            matches = [
                match
                for match in glob.glob(item, recursive=True)  # noqa: PTH207  (absolute patterns too)
                if Path(match).is_file()
            ]
            if not matches:
                raise UsageError(
                    "no such file: {name}",
                    hint="give files, folders, globs in quotes, or - for standard input",
                    name=item,
                )
            yield from ((Path(match).as_posix(), match) for match in matches)


def _plain(item: str, spool: Path) -> Path:
    """Return a path that can be read twice: a pipe is spooled, a device is refused."""
    mode = Path(item).stat().st_mode
    if stat.S_ISFIFO(mode):
        with Path(item).open("rb") as stream:
            return _spooled(stream, spool / f"fifo-{Path(item).name}")
    if not stat.S_ISREG(mode):
        raise UsageError("{name} is not a file", hint="sockets and devices are not read", name=item)
    return Path(item)


def _spooled(stream: IO[bytes], target: Path) -> Path:
    """Copy a stream that can be read only once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        while piece := stream.read(PIECE):
            out.write(piece)
    return target


def _walk(folder: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """Yield the data files below a folder; runs of the auditor and loops of links are left out."""
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        here = Path(place)
        status = here.stat()
        if (status.st_dev, status.st_ino) in seen:
            skipped.append(Skipped(here.as_posix(), "a link back to a folder already read"))
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        if MARKER in files:
            folders.clear()
            continue
        if "dataset_info.json" in files and "state.json" in files:
            folders.clear()
            yield here
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(tuple(suffix + packed for suffix in SUFFIXES for packed in PACKED)):
                yield here / name
            elif not name.startswith("."):
                skipped.append(Skipped((here / name).as_posix(), "not a data file by its name"))


def _identity(path: str) -> tuple[object, ...]:
    if "://" in path:
        return (path,)
    try:
        status = Path(path).stat()
    except OSError:
        return (path,)
    return (status.st_dev, status.st_ino)


def described(name: str, path: str) -> Source:
    """Look at the head of a file and say what it holds; raises InputError for what is no training data."""
    size, mtime = _stamp(path)
    if "://" not in path and Path(path).is_dir():
        return Source(name, path, "dataset", size=size, mtime=mtime)
    with opened(path, "") as raw:
        magic = raw.read(512)
    archive = next((kind for start, kind in ARCHIVES.items() if magic.startswith(start)), None)
    if archive or magic[257:262] == b"ustar":
        raise InputError("a {kind} archive: unpack it first", kind=archive or "tar")
    if magic.startswith(b"PAR1"):
        return Source(name, path, "parquet", size=size, mtime=mtime)
    if magic.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return Source(name, path, "arrow", size=size, mtime=mtime)
    packed = next((kind for start, kind in COMPRESSIONS.items() if magic.startswith(start)), "")
    return Source(name, path, _form(_head(path, packed)), packed, size, mtime)


def _stamp(path: str) -> tuple[int, int]:
    """Return a local file's size and time of change; a remote one has neither."""
    if "://" in path:
        return 0, 0
    status = Path(path).stat()
    return status.st_size, status.st_mtime_ns


def _head(path: str, compression: str) -> bytes:
    """Return the first bytes of a file's content; a stream cut short gives what it has."""
    with opened(path, compression) as stream:
        head = b""
        try:
            while len(head) < HEAD and (piece := stream.read(HEAD - len(head))):
                head += piece
        except (EOFError, OSError, lzma.LZMAError, zlib.error):
            return head
    return head


def _form(head: bytes) -> str:
    """Tell a JSON array of rows from lines; a line may itself be a list of messages."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) or b"\x00" in head[:4]:
        raise InputError("not UTF-8 but UTF-16 or UTF-32: convert it, for instance with iconv -t utf-8")
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not body.startswith(b"["):
        return "lines"
    line, _, rest = body.partition(b"\n")
    borders = Borders()
    places = borders.feed(line)
    if not borders.closed:
        return "array" if rest or not _message(line, places) else "lines"
    return "lines" if rest.strip() or _message(line, places) else "array"


def _message(line: bytes, places: Iterable[int]) -> bool:
    """Whether the first element of a list is a chat message."""
    borders = list(places)
    end = borders[1] if len(borders) > 1 else len(line)
    first = line[borders[0] + 1 : end]
    try:
        held = quick(first)
    except ValueError:
        return first.lstrip().startswith(b"{") and b'"role"' in first and not any(key in first for key in ROWS)
    return isinstance(held, dict) and "role" in held
