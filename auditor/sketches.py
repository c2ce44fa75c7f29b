"""What relations need to know of a batch: keys of copies, band keys and small sketches of near duplicates."""

from functools import lru_cache, reduce
from operator import or_
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Lanes
from auditor.kernels.reference.sketch import mix
from auditor.kernels.sketch import PERMUTATIONS, Sets, band_keys, shingle_sets, signatures, united
from auditor.views import ANSWER, FRAME, PROMPT, View, Views

RECALL = 0.9995
"""Least share of pairs at the threshold that must share a band."""


class Bands(NamedTuple):
    """How a signature is cut for proposing pairs: ``number`` bands of ``rows`` values."""

    number: int
    rows: int

    def chance(self, jaccard: float) -> float:
        """Return how likely a pair of this similarity shares a band.

        >>> round(Bands(25, 5).chance(0.8), 5)
        0.99995
        """
        return 1 - (1 - jaccard**self.rows) ** self.number


ANSWERS = Bands(4, 3)
"""How the signature of an answer is cut: enough for pairs that are nearly equal."""


@lru_cache
def bands_for(threshold: float, permutations: int = PERMUTATIONS) -> Bands:
    """Return the most selective bands that still find nearly every pair at the threshold.

    >>> bands_for(0.8), bands_for(0.5)
    (Bands(number=25, rows=5), Bands(number=64, rows=2))
    """
    fitting = [Bands(permutations // rows, rows) for rows in range(permutations, 0, -1)]
    return next((bands for bands in fitting if bands.chance(threshold) >= RECALL), fitting[-1])


def sketch(views: Views, size: int, bands: Bands) -> pa.Table:
    """Sketch a batch: one row for each sample.

    ``sample_key``, ``prompt_key``, ``answer_key`` (16 bytes, null where there is nothing) are equal for copies;
    ``frame`` hashes what near duplicates must share exactly (media, and a prompt or answer too short for shingles),
    ``system`` the system text; ``shingles`` counts them with repeats, and where there are none, the keys of the bands
    (``band_00`` and so on) and the low bytes of the signature (``lanes``) mean nothing. ``answer_bands`` are four short
    keys of the answer alone, null without shingles.
    """
    signature = signatures(views.answer.hashes, views.answer.bounds, size)
    answers = _answer_bands(signature)
    signature = signatures(views.prompt.hashes, views.prompt.bounds, size, signature)
    shingles = _shingles(views.prompt, size) + _shingles(views.answer, size)
    media = _media(views)
    frame = media ^ mix(_short(views, PROMPT, size) ^ mix(_short(views, ANSWER, size)))
    keys = band_keys(signature, *bands)
    keys ^= mix(frame)
    none = shingles == 0
    return pa.table(
        {
            "sample_key": _binary(views.keys(PROMPT, ANSWER, FRAME) ^ media[:, None]),
            "prompt_key": _binary(views.keys(PROMPT, FRAME) ^ media[:, None]),
            "answer_key": _binary(views.keys(ANSWER)),
            "system": pa.array(views.keys(FRAME)[:, 0]),
            "frame": pa.array(frame),
            "shingles": pa.array(shingles),
            "lanes": _binary(signature.astype(np.uint8), none),
            "answer_bands": _binary(answers, views.answer.counts < size),
            **{band_name(number): pa.array(band) for number, band in enumerate(keys)},
        }
    )


def _answer_bands(answer: Lanes) -> Lanes:
    """Return keys that two answers of similarity J share with a chance of J cubed each; shape (samples, 4)."""
    first = np.ascontiguousarray(answer[:, : ANSWERS.number * ANSWERS.rows])
    return np.ascontiguousarray((band_keys(first, *ANSWERS) >> np.uint64(32)).astype(np.uint32).T)


def band_name(number: int) -> str:
    """Return the column of one band's keys; bands lie apart, so that one at a time is in memory."""
    return f"band_{number:02}"


def _shingles(view: View, size: int) -> NDArray[np.int64]:
    return np.maximum(view.counts - size + 1, 0)


def _short(views: Views, part: int, size: int) -> Hashes:
    """Hash a part that is too short to be sketched, so that it must be equal; zero for any other."""
    key = views.keys(part)[:, 0]
    return np.where(views.parts[part].counts < size, key, np.uint64(0))


def _media(views: Views) -> Hashes:
    """Hash each sample's images and the like; zero for none."""
    named = views.batch.samples["media"]
    if not pc.any(pc.not_equal(named, "")).as_py():
        return np.zeros(len(named), np.uint64)
    return np.array([hash_of(name) if name else 0 for name in named.to_pylist()], np.uint64)


def hash_of(text: str) -> int:
    """Hash a string to 64 bits."""
    return int(xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")))


def _binary(rows: NDArray[Any], null: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return rows of numbers as fixed-size binary; rows of zeros (or those named) are null."""
    null = reduce(or_, rows.T) == 0 if null is None else null
    width = rows.shape[1] * rows.itemsize
    data = pa.py_buffer(np.ascontiguousarray(rows))
    valid = pa.array(~null).buffers()[1]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(rows), [valid, data])


def conversation_sets(views: Views, size: int) -> tuple[Sets, Sets]:
    """Return each sample's shingles: of its conversation (prompt and answer), and with its system text too.

    Where there is no system text the second set is empty: it would be the first again.
    """
    prompt, answer, frame = (shingle_sets(part.hashes, part.bounds, size) for part in views.parts)
    narrow = united(prompt, answer)
    if not len(frame.values):
        return narrow, frame
    wide = united(narrow, frame)
    framed = np.repeat(np.diff(frame.offsets) > 0, np.diff(wide.offsets))
    kept = np.concatenate([[0], np.cumsum(framed)])
    return narrow, Sets(wide.values[framed], kept[wide.offsets])
