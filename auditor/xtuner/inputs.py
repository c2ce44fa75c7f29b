"""Configurations among the inputs of a scan: replaced by the files that they read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from auditor.formats import Noted
from auditor.loading.question import Question


class Inputs(NamedTuple):
    """What a scan reads, what it says of configurations (file, line, words), and by path how files are read.

    ``times`` is how often in an epoch: a file that is listed twice is read twice.
    """

    data: list[str]
    notes: list[tuple[str, int, str]]
    dialects: dict[str, str]
    questions: dict[str, Question]
    noted: list[Noted]
    times: dict[str, float]


def expanded(items: Sequence[str], environment: Mapping[str, str] | None = None) -> Inputs:
    """Put the local files that configurations name in their place; each thing that is not read is noted."""
    whole = Inputs([], [], {}, {}, [], {})
    for item in items:
        found = _named(item, environment)
        if found is None:
            whole.data.append(item)
            continue
        whole.data.extend(file for file in found.data if file not in whole.data)
        whole.notes.extend(found.notes)
        whole.dialects.update(found.dialects)
        whole.questions.update(found.questions)
        whole.noted.extend(found.noted)
        add(whole.times, found.times.items())
    return whole


def add(times: dict[str, float], more: Iterable[tuple[str, float]]) -> None:
    """Add up how often each file is read.

    >>> times = {"a": 1.0}
    >>> add(times, [("b", 0.5), ("a", 2.0)])
    >>> times
    {'a': 3.0, 'b': 0.5}
    """
    for path, number in more:
        times[path] = times.get(path, 0.0) + number


def _named(item: str, environment: Mapping[str, str] | None) -> Inputs | None:
    """Return what an item names if it is a configuration."""
    if "://" in item or not item.endswith((".py", ".json")):
        return None
    from auditor.xtuner.named import named  # noqa: PLC0415  (most scans are given data)

    return named(item, environment)
