"""An XTuner configuration, classic or V1: its data sets, evaluation hooks and what could not be resolved."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from auditor.errors import InputError
from auditor.xtuner import classic, v1
from auditor.xtuner.parts import Dataset, Hook, Unresolved
from auditor.xtuner.source import HEAD_BYTES, names

Target = Literal["classic", "v1"]


@dataclass(frozen=True)
class Config:
    """What a configuration says about data and evaluation."""

    path: Path
    target: Target
    datasets: Sequence[Dataset]
    hooks: Sequence[Hook] = ()
    unresolved: Sequence[Unresolved] = ()
    names: Mapping[str, Any] = field(default_factory=dict, repr=False)
    save_every: int | None = None

    @property
    def files(self) -> list[tuple[Dataset, Path]]:
        """Every local file or folder that a data set names, with its data set."""
        return [(data, located(name, self.path)) for data in self.datasets for name in data.files]


def read(path: str | Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read a configuration (``.py``), a V1 list of data sets or a ``trainer_config.json``, without running anything."""
    place = Path(path)
    if place.suffix == ".json":
        return _from_json(place)
    held = names(place, environment or {})
    found = v1.found(held) if v1.is_v1(held) else classic.found(held)
    target: Target = "v1" if v1.is_v1(held) else "classic"
    return Config(place, target, found.datasets, found.hooks, found.unresolved, held, found.save_every)


def _from_json(path: Path) -> Config:
    """Read the JSON that V1 knows: a list of data sets by name, or the trainer's own dump."""
    try:
        if path.stat().st_size > HEAD_BYTES:
            raise InputError("{name} is too large for a configuration", name=path)
        held = json.loads(path.read_bytes())
    except ValueError:
        raise InputError("{name} is no JSON", name=path) from None
    found = v1.from_json(held)
    if not found.datasets:
        raise InputError("{name} names no data sets", name=path)
    return Config(path, "v1", found.datasets, unresolved=found.unresolved)


def looks_like_one(path: Path) -> bool:
    """Say whether a path is a configuration rather than data: Python, or a small JSON that lists data sets."""
    if path.suffix == ".py":
        return True
    if path.suffix != ".json" or not path.is_file() or path.stat().st_size > HEAD_BYTES:
        return False
    try:
        return v1.is_meta(json.loads(path.read_bytes()))
    except (ValueError, RecursionError):
        return False


def located(name: str, config: Path) -> Path:
    """Return where a configuration's path leads: from the working folder, as XTuner reads it, else from beside it."""
    here = Path(name).expanduser()
    beside = config.resolve().parent / here
    return beside if not here.is_absolute() and not here.exists() and beside.exists() else here
