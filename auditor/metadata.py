"""How much each row says beside its dialogue: fields such as sources, labels and scores."""

from typing import Any

import numpy as np

from auditor.corpus import Corpus
from auditor.kernels.flat import Ints
from auditor.reader import objects


def metadata(corpus: Corpus, rows: Ints) -> Ints:
    """Count the filled values of some rows (rising), read again; -1 for all others.

    Rows that are alike have the same dialogue, so whoever has more of them has more metadata.
    """
    found = np.full(corpus.rows, -1, np.int64)
    counts = [filled(row) for part in corpus.parts(rows) for row in objects(part.source, part.places)]
    found[rows] = counts
    return found


def filled(value: Any) -> int:  # noqa: ANN401  (any JSON)
    """Count the values in JSON that say something.

    >>> filled({"a": "x", "b": [], "c": {"d": 0, "e": None}})
    2
    """
    if isinstance(value, dict):
        return sum(map(filled, value.values()))
    if isinstance(value, list):
        return sum(map(filled, value))
    return int(value is not None and value != "")
