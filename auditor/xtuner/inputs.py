"""Configurations among the inputs of a scan: replaced by the files that they read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from auditor.errors import UsageError
from auditor.words import say
from auditor.xtuner.config import Config, looks_like_one, read
from auditor.xtuner.maps import known


class Inputs(NamedTuple):
    """What a scan reads, what it must say about configurations (file, line, words), and by path: dialects and times.

    A file that is listed twice is read twice in an epoch.
    """

    data: list[str]
    notes: list[tuple[str, int, str]]
    dialects: dict[str, str]
    times: dict[str, float]


def expanded(items: Sequence[str], environment: Mapping[str, str] | None = None) -> Inputs:
    """Put the local files that configurations name in their place; each thing that is not read is noted."""
    data: list[str] = []
    notes: list[tuple[str, int, str]] = []
    dialects: dict[str, str] = {}
    times: dict[str, float] = {}
    for item in items:
        if "://" in item or item == "-" or not looks_like_one(Path(item)):
            data.append(item)
            continue
        config = read(item, environment)
        files = [str(path) for _, path in config.files]
        notes += _notes(config)
        if not files:
            told = "; ".join(f"{place}:{line}: {words}" for place, line, words in notes) or "-"
            raise UsageError("{name} names no local data: {told}", hint="see auditor check", name=item, told=told)
        dialects |= {str(path): name for one, path in config.files if (name := _dialect(config, one.map_fn))}
        for one, path in config.files:
            times[str(path)] = times.get(str(path), 0.0) + one.times
        data += [file for file in files if file not in data]
    return Inputs(data, notes, dialects, times)


def _dialect(config: Config, map_fn: str | None) -> str:
    """Name the dialect that a classic map function reads; empty where it is the user's own, or V1 recognises."""
    wanted = known(map_fn) if config.target == "classic" else None
    return wanted.dialects[0] if wanted else ""


def _notes(config: Config) -> list[tuple[str, int, str]]:
    """Return what a configuration reads that a scan cannot."""
    place = config.path.as_posix()
    told = [(place, entry.line, f"{entry.what}: {say(entry.why, **entry.values)}") for entry in config.unresolved]
    hubs = [
        (place, data.line, say("{path} comes from the hub and is not read", path=data.hub))
        for data in config.datasets
        if data.hub
    ]
    return told + hubs
