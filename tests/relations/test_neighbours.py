"""Shares can be related apart; crowded buckets give way to rare shingles; nothing is tied twice or lost."""

import numpy as np
import pytest

from auditor.kernels.pairs import Band, tied
from auditor.relations.neighbours import CROWD, distinct, shares, uncrowded


def random_bands(seed: int, samples: int, number: int = 5) -> list[Band]:
    """Bands whose buckets hold two to five samples each."""
    draw = np.random.default_rng(seed)
    bands = []
    for _ in range(number):
        sizes = draw.integers(2, 6, samples // 40)
        rows = draw.permutation(samples)[: sizes.sum()]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        parts = [np.sort(part) for part in np.split(rows, starts[1:-1])]
        bands.append(Band(np.concatenate(parts).astype(np.int32), starts))
    return bands


def buckets_of(bands: list[Band]) -> list[list[list[int]]]:
    """Every bucket of every band."""
    return [[part.tolist() for part in np.split(band.rows, band.starts[1:-1])] for band in bands]


@pytest.mark.parametrize(("seed", "most"), [(0, 1), (1, 50), (2, 400), (3, 10**9)])
def test_shares_hold_every_bucket_once(seed: int, most: int) -> None:
    """Put together again, shares are the buckets they were cut from, in order, and samples keep their order."""
    bands = random_bands(seed, 1000)
    weights = np.random.default_rng(seed).integers(1, 9, 1000)
    found = list(shares(bands, weights, most))
    assert sorted(np.concatenate([share.samples for share in found]).tolist()) == list(range(1000))
    assert all((np.diff(share.samples) > 0).all() for share in found)
    for number, whole in enumerate(buckets_of(bands)):
        parts = [
            share.samples[bucket].tolist()
            for share in found
            if len(share.bands[number].rows)
            for bucket in buckets_of([share.bands[number]])[0]
        ]
        assert sorted(parts) == sorted(whole)
    lowest = tied(bands, 1000)
    for share in found:
        weight, whole_weights = weights[share.samples].sum(), np.bincount(lowest, weights)
        assert weight < most + whole_weights.max()


def test_no_samples_no_shares() -> None:
    """Nothing to cut is no error."""
    assert list(shares([], np.zeros(0, np.int64), 5)) == []


def test_crowded_buckets_are_taken_out() -> None:
    """What is left has only small buckets; the samples of the others are named once each, in order."""
    crowd = np.arange(5, 5 + CROWD + 1)
    band = Band(np.concatenate([[0, 1], crowd, [2, 3, 4]]).astype(np.int32), np.array([0, 2, CROWD + 3, CROWD + 6]))
    left, taken = uncrowded([band, band])
    assert [part.rows.tolist() for part in left] == [[0, 1, 2, 3, 4]] * 2
    assert [part.starts.tolist() for part in left] == [[0, 2, 5]] * 2
    assert taken.tolist() == crowd.tolist()


def test_distinct_pairs_rise() -> None:
    """Each pair once, in order of its rows, however often it was verified."""
    pairs = np.array([[5, 9], [1, 2], [5, 9], [1, 9], [1, 2]])
    assert pairs[distinct(pairs)].tolist() == [[1, 2], [1, 9], [5, 9]]
