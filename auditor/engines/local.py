"""Run the units of a plan on this machine: one after the other, or in threads (kernels release the lock)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from auditor.store import write_tables

Unit = TypeVar("Unit")
Tables = dict[str, pa.Table]
"""What a unit returns: tables by name."""


def run(stage: Path, function: Callable[[Unit], Tables], units: Iterable[Unit], workers: int = 1) -> Iterator[Path]:
    """Run a pure function on every unit; yield the file of each one's tables, whole, in the order of the units.

    Results do not depend on the number of workers. At most two units a worker are held at once; one that takes long
    does not keep others waiting.
    """

    def work(number: int, unit: Unit) -> Path:
        path = stage / f"{number:06}.arrow"
        write_tables(path, function(unit))
        return path

    if workers <= 1:
        yield from (work(number, unit) for number, unit in enumerate(units))
        return
    order: deque[Future[Path]] = deque()
    busy: set[Future[Path]] = set()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for number, unit in enumerate(units):
                order.append(pool.submit(work, number, unit))
                busy.add(order[-1])
                if len(busy) >= 2 * workers:
                    busy = wait(busy, return_when=FIRST_COMPLETED).not_done
                while order and order[0].done():
                    yield order.popleft().result()
            while order:
                yield order.popleft().result()
        finally:
            for task in order:
                task.cancel()
