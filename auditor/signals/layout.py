"""The layout of each sample's answers: what kinds of lines they are made of."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.kernels.layout import layouts
from auditor.views import ANSWER, Views


def measure(views: Views) -> pa.Table:
    """Return the layout of every sample: its trained turns' layouts, joined by slashes."""
    chosen = views.part == ANSWER
    found = layouts(views.texts, np.flatnonzero(chosen))
    bounds = np.concatenate([[0], np.cumsum(chosen)])[views.batch.first]
    turns = pa.LargeListArray.from_arrays(pa.array(bounds, pa.int64()), found)
    return pa.table({"layout": pc.binary_join(turns, pa.scalar("/", pa.large_string())).cast(pa.string())})
