"""Which generation settings a question gets at an iteration; what the evaluation hook decides, without any model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditor.errors import UsageError
from auditor.xtuner.evaluation import measured

PLAIN = "plain"
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Strategy:
    """What one kind of question is evaluated with: questions by pattern or by list, configurations by name."""

    pattern: str | None = None
    inputs: Sequence[str] = ()
    configs: Sequence[str] | None = None
    generation_kwargs: Settings = field(default_factory=dict)

    def fits(self, question: str) -> bool:
        """Say whether a question is of this kind."""
        return question in self.inputs or (self.pattern is not None and re.search(self.pattern, question) is not None)


@dataclass
class Plan:
    """Configurations by name, strategies by question, schedules by iteration, and penalties raised while outputs loop.

    >>> plan = Plan({"plain": {}, "firm": {"repetition_penalty": 1.2}}, [Strategy(pattern="怎么做", configs=["firm"])])
    >>> [name for name, _ in plan.settings("酸菜鱼怎么做", 500)], [name for name, _ in plan.settings("你好", 500)]
    (['firm'], ['plain', 'firm'])
    """

    configs: Mapping[str, Settings] = field(default_factory=lambda: {PLAIN: {}})
    strategies: Sequence[Strategy] = ()
    schedules: Mapping[str, Sequence[tuple[int, Settings]]] = field(default_factory=dict)
    raising: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    raised: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse names that no configuration has."""
        named = {name for strategy in self.strategies for name in strategy.configs or ()}
        for name in sorted(named | set(self.schedules) | set(self.raising)):
            if name not in self.configs:
                raise UsageError("no generation configuration is called {name}", name=name)

    def settings(self, question: str, iteration: int) -> list[tuple[str, dict[str, Any]]]:
        """Return the configurations a question is evaluated with, each with its settings at an iteration."""
        strategy = next((one for one in self.strategies if one.fits(question)), Strategy())
        names = self.configs if strategy.configs is None else strategy.configs
        return [(name, self._at(name, iteration, strategy.generation_kwargs)) for name in names]

    def _at(self, name: str, iteration: int, extra: Settings) -> dict[str, Any]:
        found = {**self.configs[name], **extra}
        for start, settings in sorted(self.schedules.get(name, ()), key=lambda step: step[0]):
            if iteration >= start:
                found.update(settings)
        if name in self.raised:
            found["repetition_penalty"] = self.raised[name]
        return found

    def learn(self, name: str, *, looping: bool) -> None:
        """Raise a configuration's penalty for the next evaluation where its outputs looped."""
        rule = self.raising.get(name)
        if rule is None or not looping:
            return
        now = self.raised.get(name, float(self.configs[name].get("repetition_penalty", 1.0)))
        self.raised[name] = round(min(rule.get("most", 1.5), now + rule.get("step", 0.1)), 3)


def entry(place: Mapping[str, Any], answer: str, settings: Settings) -> dict[str, Any]:
    """Return one evaluation as it is written down: where, with which settings, and how much it repeats itself."""
    held = measured(answer)
    loop = held.loop
    return {
        **place, "output": answer,
        "loop": loop and {"kind": loop.kind.value, "unit": loop.unit, "times": loop.times, "share": held.share},
        "rep_4": round(held.rep_4, 4), "distinct_2": round(held.distinct_2, 4), "settings": dict(settings),
    }  # fmt: skip


def tables(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of configuration × iteration × question, and the best of them.

    A cell is the times a unit is repeated, or a point where the answer does not loop.
    """
    if not entries:
        return ""
    inputs = sorted({item["input_index"] for item in entries})
    rows: dict[tuple[str, int], dict[int, Mapping[str, Any]]] = {}
    for item in entries:
        rows.setdefault((item["config"], item["iteration"]), {})[item["input_index"]] = item
    lines = [f"{'config':<16}{'penalty':>8}{'iter':>8}  " + "".join(f"{f'q{at}':>7}" for at in inputs) + "   rep-4"]
    for (config, iteration), cells in sorted(rows.items()):
        penalty = next(iter(cells.values()))["settings"].get("repetition_penalty", 1.0)
        told = "".join(f"{_cell(cells.get(at)):>7}" for at in inputs)
        lines.append(f"{config:<16}{penalty:>8}{iteration:>8}  {told}   {_mean(cells.values()):.2f}")
    return "\n".join([*lines, best(entries)])


def best(entries: Sequence[Mapping[str, Any]]) -> str:
    """Name the configuration and the checkpoint whose answers loop least, then repeat least."""
    trained = [item for item in entries if item["iteration"] > 0]
    groups: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for item in trained:
        groups.setdefault((item["config"], item["iteration"]), []).append(item)
    if not groups:
        return ""
    ranked = min(groups, key=lambda key: (_looping(groups[key]), _mean(groups[key]), key[1], key[0]))
    penalty = groups[ranked][0]["settings"].get("repetition_penalty", 1.0)
    looping = f"{sum(item['loop'] is not None for item in groups[ranked])} of {len(groups[ranked])} loop"
    return f"best: {ranked[0]} (repetition_penalty {penalty}) at iteration {ranked[1]}: {looping}"


def _cell(item: Mapping[str, Any] | None) -> str:
    return "" if item is None else f"x{item['loop']['times']}" if item["loop"] else "."


def _mean(items: Any) -> float:  # noqa: ANN401  (entries)
    values = [item["rep_4"] for item in items]
    return sum(values) / len(values) if values else 0.0


def _looping(items: Sequence[Mapping[str, Any]]) -> float:
    return sum(item["loop"] is not None for item in items) / len(items)
