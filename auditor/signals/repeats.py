"""Repeated n-grams, lines and paragraphs inside a sample's answer."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.kernels.flat import Ints, taken
from auditor.kernels.repeats import COVERS, TOPS, Pieces, ngrams, pieces
from auditor.views import ANSWER, Views


def measure(views: Views) -> pa.Table:
    """Measure every sample's answer; shares of its characters.

    ``top_{n}gram_share`` and ``dup_{n}gram_share`` follow RedPajama-v2 (rps_doc_frac_chars_top/dupe_{n}gram), the
    first held to 1, which overlapping n-grams can exceed;
    ``repeated_ngram_share`` is the one for n = 5. ``distinct_{n}`` is distinct over all n-grams (1 - rep-n).
    ``repeated_line_share`` and ``repeated_paragraph_share`` count the characters of repeats of an earlier one.
    """
    answer = views.answer
    found = ngrams(answer.hashes, answer.sizes, answer.bounds)
    columns = {f"top_{n}gram_share": np.minimum(found.top[:, i], 1) for i, n in enumerate(TOPS)}
    columns |= {f"dup_{n}gram_share": found.cover[:, i] for i, n in enumerate(COVERS)}
    columns["repeated_ngram_share"] = found.cover[:, 0]
    for i, n in enumerate(TOPS):
        total = np.maximum(answer.counts - n + 1, 0)
        columns[f"distinct_{n}"] = 1 - _share(found.surplus[:, i], total)
    for name, paragraphs in (("line", False), ("paragraph", True)):
        held = _pieces(views, paragraphs=paragraphs)
        columns[f"repeated_{name}_share"] = _share(held.repeated_chars, held.chars)
        columns[f"repeated_{name}_count_share"] = _share(held.repeats, held.number)
    return pa.table({name: pa.array(values, pa.float64()) for name, values in columns.items()})


def _pieces(views: Views, *, paragraphs: bool) -> Pieces:
    """Count the lines of every sample's trained turns."""
    trained = views.part == ANSWER
    groups = np.concatenate([[0], np.cumsum(trained)])[views.batch.first]
    return pieces(taken(views.texts, np.flatnonzero(trained)), groups, paragraphs=paragraphs)


def _share(part: Ints, whole: Ints) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
