"""Tie samples that share a bucket into groups, every tie proved by exact similarity; choose keepers."""

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints

HEADS, LOOK, TRY, TRIES = 256, 16, 2, 8


class _Relation:
    """The state of one relation: sets, groups, pairs known to fail, and the log of pairs."""

    def __init__(self, narrow: list[set[int]], wide: list[set[int]], system: list[int], mask: int) -> None:
        self.narrow, self.wide, self.system = narrow, wide, system
        self.parent = list(range(len(narrow)))
        self.before = [-1] * len(narrow)
        self.failed: dict[int, int] = {}
        self.mask = mask
        self.log: list[tuple[int, int, int, float]] = []
        self.tie = self.drop = self.floor = 0.0
        self.least = 0
        self.lanes: NDArray[np.uint8] = np.empty((0, 0), np.uint8)

    def root(self, x: int) -> int:
        while self.parent[x] != x:
            self.parent[x] = self.parent[self.parent[x]]
            x = self.parent[x]
        return x

    def agree(self, x: int, y: int) -> int:
        return int((self.lanes[x] == self.lanes[y]).sum())

    def similarity(self, x: int, y: int) -> tuple[int, float]:
        left, right = self.narrow[x], self.narrow[y]
        if not left or not right:
            return 0, -1
        common = len(left & right)
        jaccard = common / (len(left) + len(right) - common)
        if jaccard >= self.floor and self.system[x] != self.system[y]:
            left, right = self.wide[x] or left, self.wide[y] or right
            wide = len(left & right)
            jaccard = min(jaccard, wide / (len(left) + len(right) - wide))
        return common, jaccard if jaccard >= self.floor else -1

    def alike(self, x: int, y: int, least: float) -> bool:
        key = ((min(x, y) << 32) | max(x, y)) + 1
        slot = (((key * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF) >> 20) & self.mask
        if self.failed.get(slot) == key:
            return False
        common, jaccard = self.similarity(x, y)
        if jaccard >= 0:
            self.log.append((min(x, y), max(x, y), common, jaccard))
        if jaccard < self.tie:
            self.failed[slot] = key
        return jaccard >= least

    def joins(self, x: int, head: int) -> bool:
        """Whether x is alike one of the latest members of a group: those are tried whose sketches agree most."""
        best: list[tuple[int, int]] = []
        y = head
        for _ in range(LOOK):
            if y < 0:
                break
            same = self.agree(x, y)
            if same >= self.least:
                best.append((same, y))
            y = self.before[y]
        best = sorted(best, key=lambda item: -item[0])[:TRY]
        return any(self.alike(x, y, self.tie) for _, y in best)

    def bucket(self, rows: list[int]) -> None:
        """Tie the samples of one bucket; each meets every group there once."""
        heads: list[int] = []
        for x in rows:
            own = self.root(x)
            mine = -1
            k = 0
            while k < len(heads):
                other = self.root(heads[k])
                if other != own:
                    if not self.joins(x, heads[k]):
                        k += 1
                        continue
                    self.parent[max(own, other)] = min(own, other)
                    own = min(own, other)
                if mine < 0:
                    mine = k
                    k += 1
                    continue
                tail = heads[k]
                while self.before[tail] >= 0:
                    tail = self.before[tail]
                self.before[tail] = heads[mine]
                heads[mine] = heads[k]
                last = heads.pop()
                if k < len(heads):
                    heads[k] = last
            self.before[x] = heads[mine] if mine >= 0 else -1
            if mine >= 0:
                heads[mine] = x
            elif len(heads) < HEADS:
                heads.append(x)
            else:
                heads[x & (HEADS - 1)] = x

    def assign(self, members: list[int], keeper: NDArray[np.int32]) -> None:
        """Give each member of a group the keeper it was verified against; who has none becomes a keeper."""
        keepers: list[int] = []
        for x in members:
            scores = [(self.agree(x, y), -place, y) for place, y in enumerate(keepers)]
            likely = sorted((score for score in scores if score[0] >= self.least), reverse=True)[:TRIES]
            keeper[x] = next((y for _, _, y in likely if self.alike(x, y, self.drop)), x)
            if keeper[x] == x:
                keepers.append(x)


def relate(  # noqa: PLR0913, PLR0917  (the compiled kernel's signature)
    values: Hashes,
    offsets: Ints,
    wide: Hashes,
    wide_offsets: Ints,
    system: Hashes,
    lanes: NDArray[np.uint8],
    bands: list[tuple[NDArray[np.int32], Ints]],
    tie: float,
    drop: float,
    floor: float,
    least: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Ints, NDArray[np.float64]]:
    """Tie samples by the buckets of every band, then choose keepers; see the public wrapper."""
    n = len(offsets) - 1
    mask = 1
    while mask < 4 * n:
        mask *= 2
    state = _Relation(_sets(values, offsets), _sets(wide, wide_offsets), system.tolist(), mask - 1)
    state.tie, state.drop, state.floor, state.least, state.lanes = tie, drop, floor, least, lanes
    for rows, starts in bands:
        for begin, end in zip(starts.tolist(), starts.tolist()[1:], strict=False):
            state.bucket(rows[begin:end].tolist())
    group = np.array([state.root(x) for x in range(n)], np.int32)
    keeper = np.arange(n, dtype=np.int32)
    for members in np.split(np.argsort(group, kind="stable"), np.flatnonzero(np.diff(np.sort(group))) + 1):
        if len(members) > 1:
            state.assign(members.tolist(), keeper)
    ends = np.array([pair[:2] for pair in state.log], np.int32).reshape(-1, 2)
    common = np.array([pair[2] for pair in state.log], np.int64)
    return group, keeper, ends, common, np.array([pair[3] for pair in state.log], np.float64)


def _sets(values: Hashes, offsets: Ints) -> list[set[int]]:
    return [set(values[a:b].tolist()) for a, b in zip(offsets.tolist(), offsets.tolist()[1:], strict=False)]


def buckets(keys: Hashes, order: Ints, rows: NDArray[np.int32], starts: Ints) -> tuple[int, int]:
    """Group the keys ``keys[order[i]]``; numbers i of equal keys go to ``rows``, rising. Returns how many groups, rows."""
    held = keys[order]
    sort = np.argsort(held, kind="stable")
    fresh = np.ones(len(sort), bool)
    fresh[1:] = held[sort][1:] != held[sort][:-1]
    run = np.cumsum(fresh) - 1
    sizes = np.bincount(run, minlength=1)
    crowded = sizes > 1
    chosen = sort[crowded[run]] if len(sort) else sort
    rows[: len(chosen)] = chosen
    starts[: crowded.sum()] = np.concatenate([[0], np.cumsum(sizes[crowded])])[:-1]
    return int(crowded.sum()), len(chosen)
