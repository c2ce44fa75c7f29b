"""What one configuration gives a scan: the files that it reads, how it reads them, and what is wrong with it."""

from collections.abc import Mapping
from pathlib import Path

from auditor.errors import UsageError
from auditor.formats import Noted
from auditor.loading.faults import NAMES, REASONS
from auditor.loading.maps import known
from auditor.words import say
from auditor.xtuner.config import Config, looks_like_one, read
from auditor.xtuner.inputs import Inputs, add
from auditor.xtuner.review import config_faults, question_of


def named(item: str, environment: Mapping[str, str] | None) -> Inputs | None:
    """Return what a configuration names; None where the item is data. Raises UsageError where nothing is local."""
    if not looks_like_one(Path(item)):
        return None
    config = read(item, environment)
    files = [str(path) for _, path in config.files]
    notes = _notes(config)
    if not files:
        told = "; ".join(f"{place}:{line}: {words}" for place, line, words in notes) or "-"
        raise UsageError("{name} names no local data: {told}", hint="see auditor check", name=item, told=told)
    dialects = {str(path): name for one, path in config.files if (name := _dialect(config, one.map_fn))}
    questions = {str(path): question_of(one, config.target) for one, path in config.files}
    times: dict[str, float] = {}
    add(times, ((str(path), one.times) for one, path in config.files))
    return Inputs(list(dict.fromkeys(files)), notes, dialects, questions, _noted(config), times)


def _dialect(config: Config, map_fn: str | None) -> str:
    """Name the dialect that a classic map function reads; empty where it is the user's own, or V1 recognises."""
    wanted = known(map_fn) if config.target == "classic" else None
    return wanted.dialects[0] if wanted else ""


def _noted(config: Config) -> list[Noted]:
    """Return a configuration's own traps, and the map functions of its user."""
    place = config.path.as_posix()
    found = [
        Noted(place, line, NAMES[fault.code], fault.reason) for fault in config_faults(config) for line in fault.lines
    ]
    own = [(data.line, REASONS["F329"].format(map=data.map_fn)) for data in config.datasets if data.custom]
    return [*found, *(Noted(place, line, NAMES["F329"], told) for line, told in own)]


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
