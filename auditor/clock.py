"""What each stage of a scan took: seconds, and how many rows and bytes went through it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Stage = dict[str, float]
"""``seconds``, and ``rows`` and ``bytes`` where the stage says so."""


@dataclass
class Clock:
    """The stages so far, by name."""

    stages: dict[str, Stage] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Time one stage; the block may say how many rows and bytes it handled.

        >>> clock = Clock()
        >>> with clock.stage("measure") as done:
        ...     done["rows"] = 5
        >>> sorted(clock.stages["measure"])
        ['rows', 'seconds']
        """
        start = time.perf_counter()
        done: Stage = {}
        yield done
        self.stages[name] = {"seconds": round(time.perf_counter() - start, 3), **done}
