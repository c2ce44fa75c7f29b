"""Users' patterns: how often each matches in a sample, and where first."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from auditor.kernels.flat import Ints
from auditor.patterned import compiled
from auditor.views import ANSWER, Views


class Pattern(NamedTuple):
    """A pattern, the column that counts its matches, and the turns it is looked for in: answer, prompt or both."""

    column: str
    pattern: str
    part: str = "answer"


def measure(views: Views, wanted: Sequence[Pattern]) -> pa.Table:
    """Count matches in every sample's turns; ``…_turn``, ``…_start`` and ``…_end`` (code points) place the first."""
    texts = views.batch.turns["text"].to_pylist()
    columns: dict[str, pa.Array] = {}
    for column, pattern, part in wanted:
        chosen = np.ones(len(texts), bool) if part == "both" else (views.part == ANSWER) == (part == "answer")
        count, place = _matches(views, pattern, np.flatnonzero(chosen), texts)
        columns[column] = pa.array(count)
        for index, (name, kind) in enumerate((("turn", pa.int32()), ("start", pa.int64()), ("end", pa.int64()))):
            columns[f"{column}_{name}"] = pa.array(place[:, index], kind, mask=count == 0)
    return pa.table(columns)


def _matches(views: Views, pattern: str, turns: Ints, texts: Sequence[str]) -> tuple[Ints, Ints]:
    """Return each sample's matches (empty ones do not count), and turn, start and end of the first."""
    first = views.batch.first
    count, place = np.zeros(len(first) - 1, np.int64), np.zeros((len(first) - 1, 3), np.int64)
    samples = np.searchsorted(first, turns, "right") - 1
    search = compiled(pattern)
    for turn, sample in zip(turns.tolist(), samples.tolist(), strict=True):
        for match in search.finditer(texts[turn]):
            if match.end() > match.start():
                if not count[sample]:
                    place[sample] = turn - first[sample], match.start(), match.end()
                count[sample] += 1
    return count, place
