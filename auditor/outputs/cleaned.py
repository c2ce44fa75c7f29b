"""Cleaned files: kept rows byte for byte, in files of the same name and kind; the rest beside them, with reasons."""

import base64
import bz2
import gzip
import itertools
import json
import lzma
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from auditor import tables, trim
from auditor.chunks import BOM, LONGEST, Chunk, chunks
from auditor.dialects import Dialects
from auditor.errors import InputError, UsageError
from auditor.kernels.flat import Ints
from auditor.outputs.rewrite import Rewriter
from auditor.outputs.run import Run
from auditor.source import Source
from auditor.store import digest, whole
from auditor.trim import Cut


@dataclass
class Count:
    """Rows of a file, or of all, and what became of them: read = kept + dropped + rejected."""

    read: int = 0
    kept: int = 0
    dropped: int = 0
    rejected: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(*(getattr(self, name) + getattr(other, name) for name in ("read", "kept", "dropped", "rejected")))

    @property
    def conserved(self) -> bool:
        """Whether nothing was lost."""
        return self.read == self.kept + self.dropped + self.rejected


@dataclass
class Fates:
    """What the plan says of one file: its samples by line, rising, and which of them go, with the reasons.

    A line that is no sample was rejected; ``rejected`` says why where a finding does. ``trims`` are the rows that stay
    with their loops cut short by ``rewriter``, and why.
    """

    source: Source
    lines: Ints
    first: int
    dropped: Mapping[int, Mapping[str, Any]]
    rejected: Mapping[int, str]
    trims: Mapping[int, tuple[Sequence[Cut], Mapping[str, Any]]]
    rewriter: Rewriter
    _next: int = 0

    def row(self, line: int) -> int | None:
        """Return the sample at a line, or None; lines must be asked for in rising order."""
        while self._next < len(self.lines) and self.lines[self._next] < line:
            self._next += 1
        hit = self._next < len(self.lines) and self.lines[self._next] == line
        return self.first + self._next if hit else None

    def kept_as(self, line: int, data: bytes) -> bytes | None:
        """Return a row that stays as it is to be written; None where it goes."""
        row = self.row(line)
        if row is None or row in self.dropped:
            return None
        if row not in self.trims:
            return data
        body = data.rstrip(b"\r\n")
        return self.rewriter.cut(body, line, self.trims[row][0]) + data[len(body) :]

    @property
    def kept(self) -> list[int]:
        """The lines of all rows that stay."""
        return [line for at, line in enumerate(self.lines.tolist()) if self.first + at not in self.dropped]


def fates(run: Run, decided: pa.Table | None = None) -> Iterator[Fates]:
    """Read the run's plan, or one with decisions over it: the fate of every line of every file."""
    whole_plan = run.plan if decided is None else decided
    file = run.samples["file"].combine_chunks()
    lines = run.samples["line"].to_numpy()
    reasons = _rejections(run)
    first = 0
    for source in run.sources:
        count = int(pc.sum(pc.equal(file, source.name)).as_py() or 0)
        plan = whole_plan.slice(first, count)
        gone = plan.filter(pc.equal(plan["action"], "drop")).to_pylist()
        dropped = {entry["row"]: _told(run, entry) for entry in gone}
        cut = dict(trim.read(plan))
        told = plan.filter(pc.equal(plan["action"], "trim")).to_pylist()
        trims = {entry["row"]: (cut[entry["row"]], _told(run, entry)) for entry in told}
        rewriter = Rewriter(source, Dialects(run.manifest["settings"]["fields"], source.dialect))
        rejected = reasons.get(source.name, {})
        yield Fates(source, lines[first : first + count], first, dropped, rejected, trims, rewriter)
        first += count


def _told(run: Run, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands beside a dropped row: rule, reason, keeper, similarity and who decided."""
    keeper = entry["keeper_row"]
    place = None
    if keeper is not None:
        place = {
            "row": keeper,
            "file": run.samples["file"][keeper].as_py(),
            "line": run.samples["line"][keeper].as_py(),
        }
    names = ("row", "rule", "reason", "similarity", "decided_by")
    return {**{name: entry[name] for name in names}, "keeper": place}


def _rejections(run: Run) -> dict[str, dict[int, str]]:
    """Return why lines were rejected, by file."""
    found: dict[str, dict[int, str]] = {}
    held = run.findings.filter(pc.is_null(run.findings["row"]))
    for finding in held.select(["rule", "group", "file", "line", "note"]).to_pylist():
        if finding["group"] is None and finding["line"] is not None:
            found.setdefault(finding["file"], {}).setdefault(finding["line"], f"{finding['rule']}: {finding['note']}")
    return found


def names(sources: list[Source]) -> dict[str, PurePosixPath]:
    """Return where each source's cleaned file stands below the new folder: its name, and its folders where needed.

    >>> one, two = (Source(name, name, "lines") for name in ("data/a.jsonl", "data/more/a.jsonl"))
    >>> [str(path) for path in names([one, two]).values()]
    ['a.jsonl', 'more/a.jsonl']
    """
    here = {source.name: Path(os.fsdecode(source.name.encode())).absolute() for source in sources if not source.remote}
    parents = {str(path.parent) for path in here.values()}
    common = Path(os.path.commonpath(parents)) if parents else Path()
    found = {}
    for index, source in enumerate(sources):
        if source.remote:
            found[source.name] = PurePosixPath(f"remote-{index}") / PurePosixPath(source.name).name
        else:
            found[source.name] = PurePosixPath(here[source.name].relative_to(common).as_posix())
    return found


def pairs(run: Run, target: Path) -> dict[Path, Path]:
    """Return each local source's path with that of its cleaned file below a folder."""
    placed = names(run.sources)
    return {Path(source.path): target / "cleaned" / placed[source.name] for source in run.sources if not source.remote}


def beside(name: PurePosixPath) -> PurePosixPath:
    """Return where the dropped rows of a file stand: lines of JSON, whatever the file itself is.

    >>> str(beside(PurePosixPath("a.jsonl"))), str(beside(PurePosixPath("more/b.json.gz")))
    ('a.jsonl', 'more/b.json.gz.jsonl')
    """
    return name if name.suffix == ".jsonl" else name.with_name(f"{name.name}.jsonl")


def clean(
    run: Run, target: Path, *, decided: pa.Table | None = None, dry: bool = False,
    progress: Callable[[str], None] = lambda _name: None,
) -> dict[str, Count]:  # fmt: skip
    """Write ``cleaned/`` and ``dropped/`` below a folder by the run's plan or another; returns each file's count.

    Raises InputError where a source is not what was scanned, and UsageError where a file would be overwritten.
    """
    placed = names(run.sources)
    counts = {}
    for fate in fates(run, decided):
        name = fate.source.name
        progress(name)
        _unchanged(run, fate.source)
        kept, rest = target / "cleaned" / placed[name], target / "dropped" / beside(placed[name])
        for path in (kept, rest):
            if path.exists() and path.resolve() == Path(fate.source.path).resolve():
                raise UsageError("{path} is an input; cleaned files never replace what was read", path=path)
        writer = _table if fate.source.tabular else _array if fate.source.form == "array" else _lines
        counts[name] = writer(fate, None if dry else kept, None if dry else rest)
        if not counts[name].conserved:
            raise InputError("{name}: rows were lost while cleaning", hint="scan it again", name=name)
    return counts


def _unchanged(run: Run, source: Source) -> None:
    """Refuse a source that is not what was scanned."""
    held = next(item for item in run.manifest["inputs"] if item["file"] == source.name)
    path = Path(source.path)
    if source.remote or "xxh3" not in held:
        return
    if not path.is_file():
        raise InputError("{name} is gone", hint="is it where it was when you scanned?", name=source.name)
    if digest(path) != held["xxh3"]:
        raise InputError("{name} is not what was scanned", hint="scan it again", name=source.name)


@contextmanager
def packed(path: Path | None, compression: str) -> Iterator[IO[bytes]]:
    """Open a file for writing, compressed as its source was; the same content gives the same bytes."""
    if path is None:
        with Path(os.devnull).open("wb") as nothing:
            yield nothing
        return
    with whole(path) as raw:
        if compression == "gz":
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out:
                yield cast("IO[bytes]", out)
        elif compression == "bz2":
            with bz2.BZ2File(raw, "wb") as packing:
                yield cast("IO[bytes]", packing)
        elif compression == "xz":
            with lzma.LZMAFile(raw, "wb") as out_xz:
                yield cast("IO[bytes]", out_xz)
        elif compression == "zst":
            with pa.CompressedOutputStream(pa.PythonFile(raw, "w"), "zstd") as out_zst:
                yield out_zst
        else:
            yield raw


USUAL = {"end": "\n", "before": ""}
"""What stands about a row where nothing else is said: a line's end, and white space before an element."""


def _end(data: bytes) -> str:
    """Return the characters that end a line."""
    return data[len(data.rstrip(b"\r\n")) :].decode()


class _Rest:
    """The file of what was not kept: one line of JSON for each row, with the row's bytes and the reason."""

    def __init__(self, out: IO[bytes], fate: Fates) -> None:
        self.out, self.fate = out, fate

    def write(self, line: int, data: bytes | None, count: Count, **around: str) -> None:
        """Write one row, and count it as dropped by the plan or rejected when it was read.

        ``around`` are the bytes about it that cannot be told otherwise; where they are usual they are left out.
        """
        row = self.fate.row(line)
        told: dict[str, Any] = {"line": line}
        if row is not None and row in self.fate.trims:
            told |= {"action": "trim", **self.fate.trims[row][1]}
        elif row is None:
            count.rejected += 1
            told |= {"action": "reject", "reason": self.fate.rejected.get(line, "could not be read")}
        else:
            count.dropped += 1
            told |= {"action": "drop", **self.fate.dropped[row]}
        told |= {name: text for name, text in around.items() if text != USUAL[name]}
        if data is not None:
            told |= _bytes(data)
        self.out.write(json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")


def _bytes(data: bytes) -> dict[str, str]:
    """Return a row's bytes as JSON can hold them: text where they are UTF-8, else base64."""
    try:
        return {"raw": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(data).decode()}


def _lines(fate: Fates, kept: Path | None, rest: Path | None) -> Count:
    """Copy the kept lines with their line ends, and set the others aside."""
    count = Count()
    with packed(kept, fate.source.compression) as out, packed(rest, "") as aside:
        others = _Rest(aside, fate)
        for chunk in chunks(fate.source, LONGEST):
            for line, data in lines_of(chunk):
                count.read += 1
                kept_as = None if data is None else fate.kept_as(line, data)
                if kept_as is not None:
                    count.kept += 1
                    out.write(kept_as)
                if kept_as is None or kept_as is not data:
                    others.write(line, data and data.rstrip(b"\r\n"), count, end=_end(data or b"\n"))
    return count


def lines_of(chunk: Chunk) -> Iterator[tuple[int, bytes | None]]:
    """Yield a chunk's lines with their numbers and line ends; a line too long to be read has no bytes."""
    assert chunk.spans is not None
    yield from ((fault.line, None) for fault in chunk.faults if fault.kind == "long")
    starts = [*chunk.spans.starts.tolist(), len(chunk.data)]
    for index, (start, end) in enumerate(itertools.pairwise(starts)):
        yield chunk.line + index, chunk.data[start:end]


def _array(fate: Fates, kept: Path | None, rest: Path | None) -> Count:
    """Write the kept elements as an array, each with the white space before it, and set the others aside."""
    count = Count()
    with packed(kept, fate.source.compression) as out, packed(rest, "") as aside:
        others = _Rest(aside, fate)
        out.write(b"[")
        tail = b"]"
        for chunk in chunks(fate.source, LONGEST):
            for line, before, data, after in elements(chunk):
                count.read += 1
                tail = after
                kept_as = fate.kept_as(line, data)
                if kept_as is not None:
                    out.write((b"," if count.kept else b"") + before + kept_as)
                    count.kept += 1
                if kept_as is None or kept_as is not data:
                    others.write(line, data, count, before=before.decode("ascii", "replace"))
        out.write(tail if tail.lstrip().startswith(b"]") else tail + b"]")
    return count


def elements(chunk: Chunk) -> Iterator[tuple[int, bytes, bytes, bytes]]:
    """Yield a chunk's elements: number, white space before, bytes, and what closes the array behind the last one."""
    assert chunk.spans is not None
    data = chunk.data
    last = len(chunk.spans.ends) - 1
    for index, (start, end) in enumerate(zip(chunk.spans.starts.tolist(), chunk.spans.ends.tolist(), strict=True)):
        before = data[max(0, start - 4096) : start].removeprefix(BOM)
        before = before[len(before.rstrip()) :]
        after = data[end:] if index == last and data[end:].lstrip().startswith(b"]") else b""
        yield chunk.line + index, before, data[start:end], after


def _table(fate: Fates, kept: Path | None, rest: Path | None) -> Count:
    """Write the kept rows of a table in its own format, and set the others aside."""
    table = tables.opened(fate.source)
    count = Count(read=table.num_rows)
    chosen = fate.kept
    count.kept = len(chosen)
    with packed(rest, "") as aside:
        others = _Rest(aside, fate)
        for line in sorted(set(range(1, table.num_rows + 1)) - set(chosen)):
            others.write(line, json.dumps(table[line - 1], ensure_ascii=False, default=str).encode(), count)
    if kept is not None:
        tables.save(table, [line - 1 for line in chosen], kept, fate.source.form)
    return count
