"""Run the units of a plan on this machine: one after the other, or in threads (kernels release the lock)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from auditor.store import write_arrow

Unit = TypeVar("Unit")
Tables = dict[str, pa.Table]
"""What a unit returns: tables by name."""


def run(
    stage: Path, function: Callable[[Unit], Tables], units: Iterable[Unit], workers: int = 1
) -> Iterator[dict[str, Path]]:
    """Run a pure function on every unit; yield where each one's tables were committed, in the order of the units.

    Results do not depend on the number of workers. At most two units a worker are held at once.
    """

    def work(number: int, unit: Unit) -> dict[str, Path]:
        files = {}
        for name, table in function(unit).items():
            files[name] = stage / f"{number:06}.{name}.arrow"
            write_arrow(files[name], table)
        return files

    if workers <= 1:
        yield from (work(number, unit) for number, unit in enumerate(units))
        return
    waiting: deque[Future[dict[str, Path]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for number, unit in enumerate(units):
                waiting.append(pool.submit(work, number, unit))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()
