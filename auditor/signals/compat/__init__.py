"""Repetition as other tools count it, number for number: measured only where a rule asks.

Each tool's own definition is followed, odd ends included; ``docs/compat.md`` names them, and says how these numbers
were held to those of the tools themselves. A value is null where the tool has none, or fails.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.sample import Batch
from auditor.signals.compat import curator, datatrove, dolma, redpajama
from auditor.views import sums

Column = NDArray[np.float64]

PACKS: Mapping[str, Callable[[Sequence[str]], dict[str, Column]]] = {
    "datatrove": datatrove.ngrams,
    "datatrove_lines": datatrove.lines,
    "redpajama": redpajama.measure,
    "dolma": dolma.measure,
    "curator": curator.measure,
}
"""What can be measured: the columns of a pack begin with its tool's name."""


def pack_of(signal: str) -> str:
    """Return what measures a signal, or nothing.

    >>> pack_of("datatrove_dup_line"), pack_of("datatrove_top_2gram"), pack_of("dolma_dup_5gram"), pack_of("loop_share")
    ('datatrove_lines', 'datatrove', 'dolma', '')
    """
    tool, _, rest = signal.partition("_")
    if tool == "fineweb" or (tool == "datatrove" and not rest.endswith("gram")):
        return "datatrove_lines"
    return tool if tool in PACKS else ""


def measure(batch: Batch, packs: Sequence[str]) -> pa.Table:
    """Measure every sample's answer by some packs."""
    texts = answers(batch)
    columns = {name: values for pack in packs for name, values in PACKS[pack](texts).items()}
    return pa.table({name: pa.array(values, pa.float64(), from_pandas=True) for name, values in columns.items()})


def answers(batch: Batch) -> list[str]:
    """Return what each sample trains, raw, as the one text that those tools know: turns are joined by a line end."""
    texts = batch.turns["text"].filter(pa.array(batch.trained)).to_pylist()
    ends = sums(batch.trained.astype(np.int64), batch.first).cumsum().tolist()
    return ["\n".join(texts[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
