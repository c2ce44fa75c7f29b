"""What the evaluation hook decides: configurations, strategies, schedules, penalties that rise."""

import pytest

from auditor.errors import UsageError
from auditor.xtuner.hook_plan import Plan, Strategy, best, entry, tables


def test_strategies() -> None:
    """The first strategy that fits a question decides; a question of no kind gets every configuration."""
    plan = Plan(
        {"plain": {}, "firm": {"repetition_penalty": 1.2}},
        [
            Strategy(pattern="怎么做", configs=["firm"], generation_kwargs={"max_new_tokens": 900}),
            Strategy(inputs=["写代码"], configs=["plain"]),
        ],
    )
    assert plan.settings("酸菜鱼怎么做", 1) == [("firm", {"repetition_penalty": 1.2, "max_new_tokens": 900})]
    assert plan.settings("写代码", 1) == [("plain", {})]
    assert [name for name, _ in plan.settings("你好", 1)] == ["plain", "firm"]


def test_schedules_and_rising_penalties() -> None:
    """Settings by iteration; a penalty rises by a step while outputs loop, and never past its most."""
    plan = Plan(
        {"plain": {}},
        schedules={"plain": [(1000, {"temperature": 0.7})]},
        raising={"plain": {"step": 0.2, "most": 1.5}},
    )
    assert plan.settings("q", 500) == [("plain", {})]
    for expected in (1.2, 1.4, 1.5, 1.5):
        plan.learn("plain", looping=True)
        assert plan.settings("q", 1000) == [("plain", {"temperature": 0.7, "repetition_penalty": expected})]
    plan.learn("plain", looping=False)
    assert plan.raised == {"plain": 1.5}


def test_unknown_names_are_refused() -> None:
    """A strategy, schedule or rule for a configuration that is not there is an error at the start."""
    with pytest.raises(UsageError, match="firm"):
        Plan({"plain": {}}, [Strategy(pattern="x", configs=["firm"])])
    with pytest.raises(UsageError, match="loud"):
        Plan({"plain": {}}, raising={"loud": {}})


def test_table() -> None:
    """Configuration × iteration × question, and the best of them."""
    looped, sound = "好的" * 40, "今天天气不错，我们去公园散步。"
    entries = [
        entry({"config": name, "iteration": step, "input_index": 1}, looped if name == "plain" else sound, settings)
        for step in (500, 1000)
        for name, settings in (("plain", {}), ("firm", {"repetition_penalty": 1.2}))
    ]
    told = tables(entries)
    assert "x40" in told
    assert best(entries) == "best: firm (repetition_penalty 1.2) at iteration 500: 0 of 1 loop"
    assert tables([]) == ""
