"""Evaluations over the iterations of a training: how many answers loop, and since when."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from auditor.xtuner.evaluation import Evaluation


@dataclass(frozen=True)
class Point:
    """One evaluation of a run: all its answers together; ``iteration`` None is one that the log does not date."""

    run: str
    config: str
    iteration: int | None
    answers: int
    looping: int
    loop_share: float
    rep_4: float
    distinct_2: float
    ended: int

    @property
    def share(self) -> float:
        """The share of answers that loop."""
        return self.looping / self.answers


def points(found: Sequence[Evaluation]) -> list[Point]:
    """Return one point for each run, configuration and iteration, in order."""
    held: dict[tuple[str, str, int], list[Evaluation]] = defaultdict(list)
    for item in found:
        held[item.run, item.config, -1 if item.iteration is None else item.iteration].append(item)
    return [
        Point(
            run, config, None if iteration < 0 else iteration, len(items), sum(item.looping for item in items),
            fmean(item.measured.share for item in items), fmean(item.measured.rep_4 for item in items),
            fmean(item.measured.distinct_2 for item in items), sum(item.ended is True for item in items),
        )
        for (run, config, iteration), items in sorted(held.items())
    ]  # fmt: skip


def onset(found: Sequence[Point]) -> int | None:
    """Return the first iteration of training at which an answer loops; loops before training are the base model's."""
    dated = [point.iteration for point in found if point.looping and point.iteration]
    return min(dated) if dated else None


def last(found: Sequence[Point]) -> list[Point]:
    """Return the last point of each run and configuration."""
    ends = {(point.run, point.config): point for point in found}
    return list(ends.values())
