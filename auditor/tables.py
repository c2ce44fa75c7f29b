"""Rows of Parquet and Arrow files and of saved Hugging Face data sets, read through ``datasets``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from auditor.chunks import Chunk
from auditor.errors import InputError
from auditor.faults import Fault
from auditor.source import Source
from auditor.store import whole

if TYPE_CHECKING:
    import datasets

ROWS = 2000
"""Rows in a chunk."""


def opened(source: Source) -> "datasets.Dataset":
    """Open a table; it stays on disk, memory-mapped."""
    import datasets  # noqa: PLC0415  (takes seconds to import, and few inputs need it)

    datasets.disable_progress_bars()
    try:
        if source.form == "dataset":
            held = datasets.load_from_disk(source.path)
            return datasets.concatenate_datasets(list(held.values())) if isinstance(held, dict) else held
        if source.form == "arrow":
            return datasets.Dataset.from_file(source.path)
        return datasets.Dataset.from_parquet(source.path, keep_in_memory=False)
    except Exception as fault:  # noqa: BLE001  (datasets raises what pyarrow, pandas and the file system raise)
        raise InputError("{name} cannot be read as a table: {fault}", name=source.name, fault=fault) from None


def chunks(source: Source) -> Iterator[Chunk]:
    """Yield a table's rows in order; a table that cannot be read is one fault."""
    try:
        table = opened(source)
    except InputError as fault:
        yield Chunk(0, 1, b"", None, [], [Fault(1, 0, source.size, "truncated", str(fault))])
        return
    for at in range(0, table.num_rows, ROWS):
        rows = table[at : at + ROWS]
        yield Chunk(0, at + 1, b"", None, _by_row(rows), [])


def _by_row(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Turn columns into rows, without the nulls that a column adds to rows that lack it."""
    names = list(columns)
    return [
        {name: value for name, value in zip(names, values, strict=True) if value is not None}
        for values in zip(*columns.values(), strict=True)
    ]


def rows(source: Source, wanted: list[int]) -> list[dict[str, Any]]:
    """Return single rows by index."""
    return _by_row(opened(source)[wanted])


def save(table: "datasets.Dataset", chosen: list[int], path: Path, form: str) -> None:
    """Write some rows of a table, in its own format."""
    held = table.select(chosen)
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "dataset":
        held.save_to_disk(str(path))
    elif form == "parquet":
        with whole(path) as out:
            held.to_parquet(out)
    else:
        with whole(path) as out, pa.ipc.new_stream(out, held.data.schema) as writer:
            for batch in held.with_format("arrow").iter(ROWS):
                writer.write_table(batch)
