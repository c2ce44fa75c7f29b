"""Tokens of many texts, by the definitions of ``auditor.text``."""

import unicodedata
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from auditor import text as model
from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes, Texts, flat
from auditor.kernels.reference.sketch import mix

UNICODE = unicodedata.unidata_version


def normalise(texts: Texts) -> Texts:
    """Normalise every text."""
    return flat(model.normalise(text) for text in texts.strings())


def tokens(texts: Texts, order: Ints) -> tuple[Hashes, Lanes, Ints]:
    """Hash the tokens of normalised texts, taken in ``order``."""
    hashes: list[int] = []
    sizes: list[int] = []
    bounds = [0]
    for index in order.tolist():
        text = texts.text(index)
        for start, end in model.spans(text):
            hashes.append(model.token_hash(text[start:end]))
            sizes.append(end - start)
        bounds.append(len(hashes))
    return np.array(hashes, np.uint64), np.array(sizes, np.uint32), np.array(bounds, np.int64)


def copy_hashes(texts: Texts) -> Hashes:
    """Hash every normalised text with its white space folded, to 128 bits."""
    return np.array([model.copy_hash(text) for text in texts.strings()], np.uint64).reshape(-1, 2)


def part_keys(  # noqa: PLR0913, PLR0917  (the compiled kernel's signature)
    hashes: Hashes,
    part: NDArray[np.int8],
    role: NDArray[np.int8],
    offsets: Ints,
    first: Ints,
    parts: int,
    out: Hashes,
) -> None:
    """Hash each sample's turns of some parts (a bit each), with their roles and order; zeros where all are empty."""
    filled = np.diff(offsets) > 0
    for sample, (begin, end) in enumerate(pairwise(first.tolist())):
        turns = begin + np.flatnonzero(parts >> part[begin:end] & 1)
        tags = mix((np.arange(len(turns)) * 16 + role[turns] + 1).astype(np.uint64))
        out[sample] = mix(hashes[turns] ^ tags[:, None]).sum(axis=0, dtype=np.uint64) * filled[turns].any()


def characters(buffer: Bytes, offsets: Ints, out: Ints) -> None:
    """Count the code points of every text."""
    out[:] = [len(text) for text in Texts(buffer, offsets).strings()]
