"""The run folder: written whole, verified against its manifest, opened again."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from auditor import __version__
from auditor.audit import Audit
from auditor.clock import Stage
from auditor.errors import EnvironmentFault, InputError, UsageError, VerifyError
from auditor.rule import as_json
from auditor.source import Source
from auditor.sources import MARKER, legible
from auditor.store import digest, write_bytes

# 1: the first.
FORMAT = 1
WORK = "work"
HELD = 256 << 20
"""Bytes of tables that are kept for the report instead of being read again."""
TABLES = (
    "samples", "findings", "groups", "members", "pairs", "plan", "slots", "phrases", "measures", "loops", "faults",
)  # fmt: skip


def begin(folder: Path, *, overwrite: bool = False) -> Path:
    """Make a run folder and return its work folder; an old run there is replaced, anything else is left alone."""
    if folder.exists() and not folder.is_dir():
        raise EnvironmentFault("{path} is not a folder", hint="choose another with -o", path=folder)
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise UsageError(
                "{path} is not empty and no run of the auditor", hint="choose another with -o", path=folder
            )
        if not overwrite:
            raise UsageError(
                "{path} holds a run already", hint="give --overwrite, or another folder with -o", path=folder
            )
        clear(folder)
    try:
        (folder / WORK).mkdir(parents=True)
        write_bytes(folder / MARKER, b"A run of the repetition auditor.\n")
    except OSError as fault:
        raise EnvironmentFault(
            "cannot write to {path}: {fault}", hint="choose another folder with -o", path=folder, fault=fault.strerror
        ) from None
    return folder / WORK


def clear(folder: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    for name in ("report", "cleaned", "dropped", WORK):
        shutil.rmtree(folder / name, ignore_errors=True)
    files = ("report.html", "summary.json", "rules.json", "calibration.json", "manifest.json")
    for name in (*files, *(f"{table}.parquet" for table in TABLES)):
        (folder / name).unlink(missing_ok=True)


class Written(NamedTuple):
    """What is at hand once a run is written: its tables (none of them if they are large), and its inputs described."""

    tables: dict[str, pa.Table]
    inputs: list[dict[str, Any]]


def write(folder: Path, audit: Audit, workers: int = 1, inputs: list[dict[str, Any]] | None = None) -> Written:
    """Write tables, summary and rules, in as many threads; inputs that are not described yet are read and hashed."""
    from auditor.outputs import measured  # noqa: PLC0415  (loaded while texts are measured: they need Parquet)
    from auditor.outputs.summary import summary  # noqa: PLC0415
    from auditor.outputs.tables import tables, write_parquet  # noqa: PLC0415

    def told(codes: pa.ListArray) -> None:
        write_bytes(folder / "summary.json", dumped(summary(audit, codes)))

    held: dict[str, pa.Table] = {}
    size, waiting = 0, set[Future[None]]()
    with ThreadPoolExecutor(workers) as pool:  # compressing, hashing and waiting for the disk need no lock
        described = [pool.submit(input_of, source) for source in audit.corpus.sources if inputs is None]
        for name, table in chain(tables(audit), measured.tables(audit).items()):
            waiting.add(pool.submit(write_parquet, folder / f"{name}.parquet", table))
            if name == "samples":
                waiting.add(pool.submit(told, table["rules"].combine_chunks()))
            size += table.nbytes
            held = {**held, name: table} if size < HELD else {}
            del table
            while len(waiting) > workers:
                waiting = _ended(*wait(waiting, return_when=FIRST_COMPLETED))
        write_bytes(folder / "rules.json", dumped(as_json(audit.profile)))
        _ended(waiting, set())
        return Written(held, [task.result() for task in described] if inputs is None else inputs)


def _ended(ended: set[Future[None]], others: set[Future[None]]) -> set[Future[None]]:
    """Raise what went wrong in tasks that have ended; return the others."""
    for task in ended:
        task.result()
    return others


def timed(folder: Path, stages: Mapping[str, Stage]) -> None:
    """Write anew what each stage of a scan took, once the last is over; the manifest must be written afterwards."""
    path = folder / "summary.json"
    write_bytes(path, dumped({**json.loads(path.read_bytes()), "stages": dict(stages)}))


def size(folder: Path) -> int:
    """Return the bytes of the files in a folder, those below it aside."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def dumped(held: Any) -> bytes:  # noqa: ANN401  (anything JSON can say)
    """Return JSON that people can read, the same for the same content."""
    text = json.dumps(held, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def seal(folder: Path, audit: Audit, inputs: list[dict[str, Any]]) -> None:
    """Write the manifest, last: settings, inputs, and a checksum of every file."""
    from auditor.outputs import measured  # noqa: PLC0415

    shutil.rmtree(folder / WORK, ignore_errors=True)
    held = {
        "format": FORMAT,
        "tool": f"repetition-auditor {__version__}",
        "settings": {
            "profile": audit.profile.name,
            "rules": [rule.code for rule in audit.profile.rules],
            "shingle": audit.corpus.settings.shingle,
            "threshold": audit.corpus.settings.threshold,
            "review": audit.corpus.settings.review,
            "exact": audit.corpus.settings.exact,
            "fields": dict(audit.corpus.settings.fields),
            "tokenizer": audit.corpus.settings.tokenizer,
        },
        "measured": measured.described(audit),
        "inputs": inputs,
        "files": checksums(folder),
    }
    write_bytes(folder / "manifest.json", dumped(held))


def reseal(folder: Path) -> None:
    """Write the manifest anew after a file of the run was rendered again."""
    held = manifest(folder)
    write_bytes(folder / "manifest.json", dumped({**held, "files": checksums(folder)}))


def input_of(source: Source) -> dict[str, Any]:
    """Describe one input: its bytes are hashed, and must not have changed since the scan began."""
    found: dict[str, Any] = {
        "file": source.name, **_path(source.path), "form": source.form, "compression": source.compression,
        "size": source.size, "mtime_ns": source.mtime,
    }  # fmt: skip
    if source.dialect:
        found["dialect"] = source.dialect
    if source.times != 1:
        found["times"] = source.times
    path = Path(source.path)
    if source.remote or not path.is_file():
        return found
    status = path.stat()
    if (status.st_size, status.st_mtime_ns) != (source.size, source.mtime):
        raise InputError(
            "{name} changed while it was read", hint="scan again once nothing writes to it", name=source.name
        )
    return {**found, "xxh3": digest(path)}


def _path(path: str) -> dict[str, str]:
    """Return a path as JSON can hold it; one that is no UTF-8 as its bytes, too."""
    name = legible(path)
    return {"path": name} if os.fsencode(path) == name.encode() else {"path": name, "path_hex": os.fsencode(path).hex()}


def checksums(folder: Path) -> dict[str, dict[str, Any]]:
    """Hash every file of a run but the manifest."""
    found = {}
    for place, folders, files in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name != WORK]
        folders.sort()
        for name in sorted(files):
            path = Path(place) / name
            relative = path.relative_to(folder).as_posix()
            if relative not in ("manifest.json", MARKER):
                found[relative] = {"size": path.stat().st_size, "xxh3": digest(path)}
    return found


def manifest(folder: Path) -> dict[str, Any]:
    """Read a run's manifest."""
    path = folder / "manifest.json"
    if not folder.is_dir():
        raise UsageError("no such run: {path}", hint="a run is the folder that auditor scan writes", path=folder)
    if not path.is_file():
        raise VerifyError("{path} holds no finished run", hint="scan again", path=folder)
    try:
        held = json.loads(path.read_bytes())
        assert isinstance(held["files"], dict)
        assert held["format"] == FORMAT
    except (ValueError, KeyError, TypeError, AssertionError):
        raise VerifyError("{path} is damaged", hint="scan again", path=path) from None
    return dict(held)


def verify(folder: Path) -> list[str]:
    """Return what differs from the manifest: files missing, changed, or not in it."""
    promised = manifest(folder)["files"]
    there = checksums(folder)
    faults = []
    for name in sorted({*promised, *there}):
        if name.startswith("/") or ".." in Path(name).parts:
            faults.append(f"{name}: a path outside the run")
        elif name not in there:
            faults.append(f"{name}: missing")
        elif name not in promised:
            faults.append(f"{name}: not in the manifest")
        elif there[name] != promised[name]:
            faults.append(f"{name}: changed")
    return faults


def sources(held: dict[str, Any]) -> Sequence[Source]:
    """Return the inputs that a manifest names."""
    return [
        Source(
            item["file"],
            os.fsdecode(bytes.fromhex(item["path_hex"]) if "path_hex" in item else item["path"].encode()),
            item["form"],
            item["compression"],
            item["size"],
            item["mtime_ns"],
            item.get("dialect", ""),
            times=item.get("times", 1.0),
        )
        for item in held["inputs"]
    ]
