"""Layouts of lines: the compiled kernel does what the reference does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import layout as kernel
from auditor.kernels.flat import flat
from auditor.kernels.reference import layout as plain
from auditor.kernels.tokens import normalise
from tests.kernels.test_tokens import TEXT

LINES = st.sampled_from(
    [
        "# a",
        "####### a",
        "**a**",
        "**a**:",
        "**a*:",
        "****",
        "***",
        "**ab",
        "- a",
        "-a",
        "* a",
        "*a",
        "• a",
        "1. a",
        "1.5 a",
        "12) a",
        "1234. a",
        "3、a",
        "(1) a",
        "(一) a",
        "(a) b",
        "第一步 a",
        "第12章",
        "第十",
        "一、a",
        "十二. a",
        "一个",
        "step 1: a",
        "Step a",
        "| a | b |",
        "> a",
        "```python",
        "```",
        "a:",
        "材料：",
        "x" * 60,
        "x" * 61,
        "y" * 40 + ":",
        "",
        "  ",
        "\t- a ",
    ]
)


@pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(st.lists(LINES, max_size=60).map("\n".join), TEXT), max_size=4))
def test_kernel_equals_reference(texts: list[str]) -> None:
    """Layouts agree on lines of every kind, and on any text."""
    held = normalise(flat(texts))
    order = np.arange(held.number, dtype=np.int64)
    data, ends = plain.layouts(held, order)
    wanted = [data[a:b].tobytes().decode() for a, b in zip([0, *ends.tolist()][:-1], ends.tolist(), strict=True)]
    assert kernel.layouts(held, order).to_pylist() == wanted


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("您需要准备以下食材：\n土豆、牛肉\n步骤：\n1. 切块\n2. 炖煮\n3. 装盘", "kskn+"),
        ("**Title**\n\nSome prose here.\n\n- one\n- two\n\n> said", "hsb+q"),
        ("```\nx = 1\n\n- no bullet\n```", "c"),
        ("2024. 1.5 times as many", "s"),
        ("", ""),
    ],
)
def test_layouts(text: str, layout: str) -> None:
    """Lines are of the kind that people would call them."""
    assert kernel.layouts(normalise(flat([text])), np.zeros(1, np.int64)).to_pylist() == [layout]
