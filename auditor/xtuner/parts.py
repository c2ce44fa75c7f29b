"""What a configuration consists of, whichever line of XTuner it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from auditor.xtuner.values import Unknown


class Unresolved(NamedTuple):
    """Something that could not be read from a configuration: what, why, on which line."""

    line: int
    what: str
    why: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Dataset:
    """One data set of a configuration."""

    loader: str
    line: int
    files: Sequence[str] = ()
    hub: str | None = None
    map_fn: str | None = None
    custom: bool = False
    """Whether the map function is the user's own."""
    template: str | None = None
    max_length: int | None = None
    pack: bool = True
    split: str | None = None
    times: float = 1.0
    """How often the data set is read in one epoch (V1's ``sample_ratio``, InternVL's ``repeat_times``)."""
    cache_tag: str | None = None
    cache_dir: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Hook:
    """One ``EvaluateChatHook``: what is asked, when, and how answers are generated."""

    line: int
    inputs: Sequence[str] = ()
    every: int | None = None
    system: str | None = None
    template: str | None = None
    max_new_tokens: int = 600
    stop_words: Sequence[str] | None = None
    generation: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Found:
    """Parts as they are gathered."""

    datasets: list[Dataset] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    save_every: int | None = None

    def missing(self, what: str, where: Unknown) -> None:
        """Note what could not be resolved, each expression once."""
        entry = Unresolved(where.line, what, where.why, where.values)
        if all((held.line, held.why, held.values) != (entry.line, entry.why, entry.values) for held in self.unresolved):
            self.unresolved.append(entry)


def strings(value: Any) -> list[str]:  # noqa: ANN401  (any value)
    """Return the strings of a string, a list of them, or a dict of either.

    >>> strings("a"), strings(["a", "b"]), strings({"train": ["a"], "x": "b"})
    (['a'], ['a', 'b'], ['a', 'b'])
    """
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [text for item in value for text in strings(item)]
    return []


def whole(value: Any) -> int | None:  # noqa: ANN401  (any value)
    """Return a whole number, or None for anything else."""
    if isinstance(value, bool):
        return None
    return int(value) if isinstance(value, int | float) and value == int(value) else None
