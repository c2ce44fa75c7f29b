"""Tokens of many texts, by the definitions of ``auditor.text``."""

import unicodedata

import numpy as np

from auditor import text as model
from auditor.kernels.flat import Hashes, Ints, Lanes, Texts, flat

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
