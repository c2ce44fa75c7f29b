"""Planted near duplicates are found as often as the bands promise, and a loss of recall is seen."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made import digests, write

from auditor import Run, scan, sketches
from auditor.calibrate import binomial, wilson
from auditor.kernels.flat import Hashes

HAN = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨"
WORDS = [f"{a}{b}" for a in ("ba", "ke", "mi", "lo", "nu", "sa", "te") for b in ("dor", "fen", "gil", "hup", "jat")]


def rows(number: int) -> list[str]:
    """Half Chinese, half English rows, of their own each."""
    found = []
    for seed in range(number):
        rng = random.Random(seed)
        size = rng.randrange(60, 160)
        words = [rng.choice(HAN if seed % 2 else WORDS) for _ in range(size)]
        said = ("" if seed % 2 else " ").join(words)
        found.append(json.dumps({"conversation": [{"input": f"{seed} 请说" * 3, "output": said}]}, ensure_ascii=False))
    return found


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with room for planting."""
    return write(tmp_path_factory.mktemp("data") / "x.jsonl", rows(900))


def calibrated(run: Run) -> dict[str, Any]:
    """What calibration says."""
    held: dict[str, Any] = json.loads((run.path / "calibration.json").read_bytes())
    return held


def test_measured_recall_is_as_promised(tmp_path: Path, source: Path) -> None:
    """Every bin lies within the binomial interval; nothing of the shadow enters the scan's results."""
    run = scan(source, tmp_path / "run", report=False, select=["D"], calibrated=True)
    told = calibrated(run)
    assert told["planted"] == 900
    assert told["agrees"]
    assert sum(each["pairs"] for each in told["bins"]) > 800
    assert all(each["pairs"] > 20 for each in told["bins"][1:9])
    assert told["recall"]["share"] > 0.999
    assert told["precision"]["share"] == 1
    assert all(kind["pairs"] > 30 for kind in told["kinds"].values())
    plain = scan(source, tmp_path / "plain", report=False, select=["D"])
    assert {name: held for name, held in digests(run).items() if name != "calibration.json"} == digests(plain)
    again = scan(source, tmp_path / "again", report=False, select=["D"], calibrated=True, workers=1)
    assert calibrated(again) == told


def test_lost_bands_are_seen(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With keys that no other row has in half of the bands, fewer pairs are found than promised."""
    real = sketches.band_keys

    def half(signature: Any, number: int, size: int) -> Hashes:
        keys = np.array(real(signature, number, size))
        keys[: number // 2] = np.random.default_rng(0).integers(1, 1 << 62, keys[: number // 2].shape)
        return keys

    monkeypatch.setattr(sketches, "band_keys", half)
    told = calibrated(scan(source, tmp_path / "run", report=False, select=["D"], calibrated=True))
    assert not told["agrees"]
    assert sum(not each["agrees"] for each in told["bins"]) >= 3


@pytest.mark.parametrize(("number", "chance"), [(1, 0.5), (40, 0.1), (500, 0.99), (1000, 0.5)])
def test_intervals_hold_what_they_promise(number: int, chance: float) -> None:
    """The interval of counts leaves out no more than asked for; that of the share holds the share."""
    drawn = np.random.default_rng(1).binomial(number, chance, 20_000)
    low, high = binomial(number, chance, 0.05)
    assert ((drawn < low) | (drawn > high)).mean() < 0.06
    near, far = wilson(int(number * chance), number)
    assert near <= int(number * chance) / number <= far
