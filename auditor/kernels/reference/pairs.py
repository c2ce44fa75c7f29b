"""Tie samples that share a bucket into groups, every tie proved by exact similarity; choose keepers."""

from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints

HEADS, LOOK, TRY, TRIES = 256, 32, 2, 8


class _Relation:
    """The state of one relation: sets, groups, pairs known to fail, and the log of pairs."""

    def __init__(self, narrow: list[set[int]], wide: list[set[int]], system: list[int]) -> None:
        self.narrow, self.wide, self.system = narrow, wide, system
        self.parent = list(range(len(narrow)))
        self.before = [-1] * len(narrow)
        self.failed: set[tuple[int, int]] = set()
        self.position = [0] * len(narrow)
        self.log: list[tuple[int, int, int, float]] = []
        self.tie = self.drop = self.floor = 0.0
        self.least = 0
        self.exact = False
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
        pair = (min(x, y), max(x, y))
        if pair in self.failed:
            return False
        common, jaccard = self.similarity(x, y)
        if jaccard >= 0:
            self.log.append((*pair, common, jaccard))
        if jaccard < self.tie:
            self.failed.add(pair)
        return jaccard >= least

    def possible(self, x: int, y: int) -> bool:
        """Whether two samples can be alike, by sizes and by where a shared shingle stands in their prefixes."""
        sizes = len(self.narrow[x]), len(self.narrow[y])
        most = min(sizes[0] - self.position[x], sizes[1] - self.position[y])
        reach = self.tie if self.tie <= 1 else self.floor
        return most * (1 + reach) + 1e-6 >= reach * sum(sizes)

    def joins(self, x: int, head: int) -> bool:
        """Whether x is alike one of the latest members of a group: of those not tried yet whose sketches agree most."""
        best: list[tuple[int, int]] = []
        y = head
        for _ in range(LOOK):
            if y < 0:
                break
            tried = (min(x, y), max(x, y)) in self.failed
            if not tried and self.possible(x, y) and (same := self.agree(x, y)) >= self.least:
                best.append((same, y))
            y = self.before[y]
        best = sorted(best, key=lambda item: -item[0])[:TRY]
        return any(self.alike(x, y, self.tie) for _, y in best)

    def bucket(self, rows: list[int]) -> None:
        """Tie the samples of one bucket; each meets every group there once."""
        heads: list[int] = []
        for at, x in enumerate(rows):
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
                slots = [(at + k) & (HEADS - 1) for k in range(HEADS)]
                alone = (slot for slot in slots[:-1] if self.before[heads[slot]] < 0)
                heads[next(alone, slots[-1])] = x

    def whole_bucket(self, rows: list[int]) -> None:
        """Tie the samples of one bucket; each meets every other that it is not tied to."""
        for at, x in enumerate(rows):
            for y in rows[:at]:
                own, other = self.root(x), self.root(y)
                if own != other and self.possible(x, y) and self.alike(x, y, self.tie):
                    self.parent[max(own, other)] = min(own, other)

    def assign(self, members: list[int], keeper: NDArray[np.int32]) -> None:
        """Give each member of a group the keeper it was verified against; who has none becomes a keeper."""
        keepers: list[int] = []
        for x in members:
            scores = [(self.agree(x, y), -place, y) for place, y in enumerate(keepers)]
            likely = sorted((score for score in scores if self.exact or score[0] >= self.least), reverse=True)
            likely = likely if self.exact else likely[:TRIES]
            keeper[x] = next((y for _, _, y in likely if self.alike(x, y, self.drop)), x)
            if keeper[x] == x:
                keepers.append(x)


def relate(  # noqa: PLR0913, PLR0917  (the compiled kernel's signature)
    values: Hashes,
    starts: Ints,
    ends: Ints,
    wide: Hashes,
    wide_starts: Ints,
    wide_ends: Ints,
    system: Hashes,
    lanes: NDArray[np.uint8],
    bands: list[tuple[NDArray[np.int32], Ints, NDArray[np.int32]]],
    tie: float,
    drop: float,
    floor: float,
    least: int,
    exact: bool,  # noqa: FBT001
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Ints, NDArray[np.float64]]:
    """Tie samples by the buckets of every band, then choose keepers; see the public wrapper."""
    n = len(starts)
    state = _Relation(_sets(values, starts, ends), _sets(wide, wide_starts, wide_ends), system.tolist())
    state.tie, state.drop, state.floor, state.least, state.lanes = tie, drop, floor, least, lanes
    state.exact = exact
    for rows, borders, places in bands:
        for begin, end in pairwise(borders.tolist()):
            for row, place in zip(rows[begin:end].tolist(), places[begin:end].tolist(), strict=False):
                state.position[row] = place
            (state.whole_bucket if exact else state.bucket)(rows[begin:end].tolist())
        state.position = [0] * n
    group = np.array([state.root(x) for x in range(n)], np.int32)
    keeper = np.arange(n, dtype=np.int32)
    for members in np.split(np.argsort(group, kind="stable"), np.flatnonzero(np.diff(np.sort(group))) + 1):
        if len(members) > 1:
            state.assign(members.tolist(), keeper)
    tied = np.array([pair[:2] for pair in state.log], np.int32).reshape(-1, 2)
    common = np.array([pair[2] for pair in state.log], np.int64)
    return group, keeper, tied, common, np.array([pair[3] for pair in state.log], np.float64)


def _sets(values: Hashes, starts: Ints, ends: Ints) -> list[set[int]]:
    return [set(values[start:end].tolist()) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def join(rows: NDArray[np.int32], starts: Ints, parent: NDArray[np.int32]) -> None:
    """Tie all samples of each bucket; the parent of a tied sample is a lower one."""

    def root(x: int) -> int:
        while parent[x] != x:
            x = int(parent[x])
        return x

    for begin, end in pairwise(starts.tolist()):
        for left, right in pairwise(rows[begin:end].tolist()):
            x, y = root(left), root(right)
            parent[max(x, y)] = min(x, y)


def tally(values: Hashes, counts: NDArray[np.uint16]) -> None:
    """Count values in a table of places, a power of two; a place that is full stays so."""
    found = np.bincount((values & np.uint64(len(counts) - 1)).astype(np.int64), minlength=len(counts))
    counts[:] = np.minimum(counts + found, 65535)


def prefixes(  # noqa: PLR0913, PLR0917  (the compiled kernel's signature)
    values: Hashes,
    starts: Ints,
    ends: Ints,
    least: float,
    counts: NDArray[np.uint16],
    keys: Hashes,
    rows: NDArray[np.int32],
    places: NDArray[np.int32],
) -> int:
    """Write a key for each shingle of each set's prefix that another set has too, and its place in the prefix."""
    mask = np.uint64(len(counts) - 1)
    out = 0
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        own = values[start:end]
        wanted = min(len(own), len(own) - ceil(least * len(own) - 1e-9) + 1)
        rarity = counts[(own & mask).astype(np.int64)].astype(np.uint64)
        ranked = np.sort((rarity << np.uint64(48)) | (own >> np.uint64(16)))[:wanted]
        place = np.flatnonzero(ranked >> np.uint64(48) > 1)
        shared = ranked[place]
        keys[out : out + len(shared)] = shared * np.uint64(0x9E3779B97F4A7C15)
        places[out : out + len(shared)] = place
        rows[out : out + len(shared)] = row
        out += len(shared)
    return out


def buckets(keys: Hashes, order: Ints, rows: NDArray[np.int32], starts: Ints) -> tuple[int, int]:
    """Group the keys ``keys[order[i]]``; numbers i of equal keys go to ``rows``. Returns how many groups, rows."""
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
