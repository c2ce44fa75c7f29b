"""Groups are what verified pairs tie together; compiled and reference agree; every claim is true."""

import itertools
import random

import numpy as np
import pytest

from auditor.kernels import pairs as kernel
from auditor.kernels.flat import flat
from auditor.kernels.reference import pairs as plain
from auditor.kernels.sketch import Sets, band_keys, shingle_sets, signatures
from auditor.kernels.tokens import normalise, tokens


def corpus(seed: int, rows: int = 150, bands: tuple[int, int] = (25, 5)) -> tuple[kernel.Corpus, list[kernel.Band]]:
    """Rows poured from a few originals, with more and fewer edits, and a few system texts."""
    rng = random.Random(seed)
    originals = [[f"{rng.choice('abcdefgh')}{rng.randrange(99)}" for _ in range(40)] for _ in range(6)]
    texts = []
    for _ in range(rows):
        words = list(rng.choice(originals))
        for _ in range(rng.choice([0, 1, 1, 2, 4, 8])):
            words[rng.randrange(40)] = f"x{rng.randrange(99)}"
        texts.append(" ".join(words))
    found = tokens(normalise(flat(texts)))
    sketch = signatures(found.hashes, found.bounds, 5)
    sets = shingle_sets(found.hashes, found.bounds, 5)
    wide = Sets(np.zeros(0, np.uint64), np.zeros(rows + 1, np.int64))
    system = np.array([rng.randrange(2) for _ in texts], np.uint64)
    return kernel.Corpus(sets, wide, system, sketch.astype(np.uint8)), [
        kernel.buckets(keys, np.arange(rows)) for keys in band_keys(sketch, *bands)
    ]


LEVELS = kernel.Levels(0.6, 0.75, 0.4)


@pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("exact", [False, True])
def test_kernel_equals_reference(seed: int, exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups, keepers and pairs, value for value."""
    held, bands = corpus(seed)
    mine = kernel.relate(held, bands, LEVELS, exact=exact)
    monkeypatch.setattr(kernel, "kernel", plain)
    theirs = kernel.relate(held, bands, LEVELS, exact=exact)
    assert mine.group.tolist() == theirs.group.tolist()
    assert mine.keeper.tolist() == theirs.keeper.tolist()
    assert verified(mine) == verified(theirs)


def verified(found: kernel.Related) -> set[tuple[int, ...]]:
    """The pairs that were verified, once each, with what was found."""
    return set(zip(*found.ends.T.tolist(), found.common.tolist(), found.jaccard.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_claims_are_true(seed: int) -> None:
    """Every pair has the Jaccard it claims, ties only within groups, and keepers are alike enough."""
    held, bands = corpus(seed)
    found = kernel.relate(held, bands, LEVELS)
    values, offsets = held.narrow
    sets = [set(values[a:b].tolist()) for a, b in itertools.pairwise(offsets)]
    claimed = {}
    for (a, b), jaccard in zip(found.ends.tolist(), found.jaccard.tolist(), strict=True):
        assert jaccard == pytest.approx(len(sets[a] & sets[b]) / len(sets[a] | sets[b]), abs=1e-15)
        assert jaccard >= LEVELS.floor
        if jaccard >= LEVELS.tie:
            assert found.group[a] == found.group[b]
        claimed[a, b] = jaccard
    for row, keeper in enumerate(found.keeper.tolist()):
        assert found.keeper[keeper] == keeper
        assert keeper <= row
        if keeper != row:
            assert claimed[min(row, keeper), max(row, keeper)] >= LEVELS.drop


def test_all_pairs_are_found() -> None:
    """Against brute force over every pair: what ties is in one group, with bands that propose such pairs."""
    held, bands = corpus(99, 300, (42, 3))
    found = kernel.relate(held, bands, LEVELS)
    values, offsets = held.narrow
    sets = [set(values[a:b].tolist()) for a, b in itertools.pairwise(offsets)]
    alike = [
        (a, b) for b in range(300) for a in range(b) if len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= LEVELS.tie
    ]
    tied = sum(found.group[a] == found.group[b] for a, b in alike)
    assert tied / len(alike) > 0.999


@pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
@pytest.mark.parametrize("distinct", [1, 2, 40, 1 << 40])
def test_buckets_equal_reference(distinct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same buckets, rows rising in each, for few keys and many, in any order of rows."""
    draw = np.random.default_rng(distinct)
    for rows in (0, 1, 2, 300):
        keys = draw.integers(0, distinct, rows).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        order = draw.permutation(rows)
        mine = kernel.buckets(keys, order)
        monkeypatch.setattr(kernel, "kernel", plain)
        theirs = kernel.buckets(keys, order)
        monkeypatch.undo()
        assert [part.tolist() for part in mine] == [part.tolist() for part in theirs]


def test_rows_outside_are_refused() -> None:
    """A bucket that names a sample that is not there is an error of the caller."""
    held, bands = corpus(1, 20)
    with pytest.raises(ValueError, match="not there"):
        kernel.relate(held, [kernel.Band(np.array([0, 99], np.int32), np.array([0, 2], np.int64)), *bands], LEVELS)


def test_no_samples() -> None:
    """Nothing to relate is no error."""
    empty = Sets(np.zeros(0, np.uint64), np.zeros(1, np.int64))
    none = kernel.Corpus(empty, empty, np.zeros(0, np.uint64), np.zeros((0, 128), np.uint8))
    assert len(kernel.relate(none, [], LEVELS).group) == 0


def prefixed(sets: Sets, least: float) -> kernel.Band:
    """The buckets of all samples' prefixes."""
    counts = kernel.tallied([sets.values], len(sets.values))
    return kernel.prefixed(kernel.prefixes(sets, np.arange(len(sets.offsets) - 1), counts, least))


def test_prefixes_miss_no_pair() -> None:
    """Every pair that is alike enough shares a bucket, at places from which so much can still be shared."""
    held, _ = corpus(3, 200)
    values, offsets = held.narrow
    sets = [set(values[a:b].tolist()) for a, b in itertools.pairwise(offsets)]
    for least in (0.5, 0.8, 1.0):
        rows, starts, _ = prefixed(held.narrow, least)
        together = {
            pair
            for a, b in itertools.pairwise(starts.tolist())
            for pair in itertools.combinations(sorted(set(rows[a:b].tolist())), 2)
        }
        alike = {
            (a, b) for b in range(200) for a in range(b) if len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= least
        }
        assert alike <= together
        assert least == 1.0 or 20 < len(alike) < len(together) < 199 * 100


@pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
@pytest.mark.parametrize("least", [0.3, 0.8, 1.0])
def test_prefixes_equal_reference(least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same buckets and places, also where a set is empty."""
    held, _ = corpus(5, 120)
    gaps = Sets(held.narrow.values, np.concatenate([[0, 0], held.narrow.offsets[1:]]))
    mine = prefixed(gaps, least)
    monkeypatch.setattr(kernel, "kernel", plain)
    theirs = prefixed(gaps, least)
    assert [part.tolist() for part in mine] == [part.tolist() for part in theirs]


@pytest.mark.parametrize("exact", [False, True])
def test_prefixes_are_related_like_bands(exact: bool) -> None:
    """Buckets of rare shingles, with the places of these, tie what brute force ties."""
    held, _ = corpus(7, 200)
    found = kernel.relate(held, [prefixed(held.narrow, LEVELS.tie)], LEVELS, exact=exact)
    values, offsets = held.narrow
    sets = [set(values[a:b].tolist()) for a, b in itertools.pairwise(offsets)]
    system = held.system.tolist()
    for b in range(200):
        for a in range(b):
            if system[a] == system[b] and len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= LEVELS.tie:
                assert found.group[a] == found.group[b]
