"""Copies: equal keys are one group, whatever the order; half a key is not enough."""

import numpy as np
import pytest

from auditor.relations.copies import Copies, copies


def expected(keys: np.ndarray, rank: np.ndarray) -> tuple[list[int], list[int]]:
    """Groups and keepers, row by row."""
    held: dict[tuple[int, ...], list[int]] = {}
    for row, key in enumerate(keys.tolist()):
        if any(key):
            held.setdefault(tuple(key), []).append(row)
    group, keeper = [-1] * len(keys), list(range(len(keys)))
    for number, rows in enumerate(rows for rows in held.values() if len(rows) > 1):
        for row in rows:
            group[row], keeper[row] = number, min(rows, key=lambda other: rank[other])
    return group, keeper


def told(found: Copies) -> tuple[list[int], list[int]]:
    """The same as lists."""
    return found.group.tolist(), found.keeper.tolist()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("halves", ["both", "first", "second"])
def test_equal_keys_are_copies(seed: int, halves: str) -> None:
    """Against a dictionary; also where only one half of keys differs, and with rows that have none."""
    draw = np.random.default_rng(seed)
    rows = int(draw.integers(0, 90))
    keys = draw.integers(1, 12, (rows, 2)).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    if halves != "both":
        keys[:, ["first", "second"].index(halves)] = 7
    keys[draw.random(rows) < 0.2] = 0
    rank = draw.permutation(rows)
    assert told(copies(keys, rank)) == expected(keys, rank)
