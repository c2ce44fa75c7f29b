"""Sizes of memory are read as people write them; a scan finds the same with little of it."""

import gc
from pathlib import Path

import pyarrow as pa
import pytest
from made import digests, made_up, write

from auditor import api, near, scan, store
from auditor.audit import Audit
from auditor.errors import UsageError
from auditor.memory import LEAST, budget, limit


@pytest.mark.parametrize(
    ("text", "size"),
    [("64M", 64 << 20), ("4G", 4 << 30), ("1.5GiB", 3 << 29), (" 2 tb ", 2 << 40), ("999999999", 999999999)],
)
def test_sizes(text: str, size: int) -> None:
    """Units are powers of 1,024, in any case, with or without a B."""
    assert budget(text) == size


@pytest.mark.parametrize("text", ["", "many", "-4G", "4X", "4 G G", "1e9", "63M", "0"])
def test_no_sizes(text: str) -> None:
    """Anything else is named in an error."""
    with pytest.raises(UsageError):
        budget(text)


def test_default_is_half() -> None:
    """Without a size it is half of what machine and container give."""
    assert budget() == max(LEAST, limit() // 2)


def test_memory_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes, whether all rows are related at once or in as many shares as can be."""
    source = write(tmp_path / "x.jsonl", made_up(3, 300))
    whole = scan(source, tmp_path / "whole", memory="8G", report=False)
    cut: list[int] = []
    related = near._related

    def counted(*args: object) -> object:
        cut.append(1)
        return related(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(near, "_related", counted)
    monkeypatch.setattr(near, "SHARE", 1)
    monkeypatch.setattr(near, "SHARES", 1 << 40)
    shared = scan(source, tmp_path / "shared", memory="64M", report=False)
    assert len(cut) > 5
    assert digests(shared) == digests(whole)


def test_released_pages_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapped table says the same after its pages were given back."""
    monkeypatch.setattr(store, "LITTLE", 0)
    table = pa.table({"number": range(100_000), "text": ["\N{CJK UNIFIED IDEOGRAPH-6570}"] * 100_000})
    store.write_tables(tmp_path / "x.arrow", {"held": table})
    held = store.read_tables(tmp_path / "x.arrow")["held"]
    assert held.equals(table)
    store.released()
    assert held.equals(table)


def test_tables_of_a_unit(tmp_path: Path) -> None:
    """Any number of tables in one file: empty ones, with metadata, under any name; each can be read alone."""
    tables = {
        "none": pa.table({}),
        "empty": pa.schema([("a", pa.int8()), ("文", pa.list_(pa.string()))], {"rows": "3"}).empty_table(),
        "held": pa.table({"a": pa.chunked_array([[1, 2], [3]]), "text": ["x", None, "中" * 100]}),
    }
    store.write_tables(tmp_path / "unit", tables)
    found = store.read_tables(tmp_path / "unit")
    assert list(found) == list(tables)
    assert all(found[name].equals(table, check_metadata=True) for name, table in tables.items())
    assert found["held"].column(0).num_chunks == 1
    assert list(store.read_tables(tmp_path / "unit", "held")) == ["held"]
    assert all(buffer.address % 8 == 0 for buffer in found["held"]["a"].chunk(0).buffers() if buffer is not None)


def test_an_audit_is_gone_before_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the report is rendered, what the scan held is no longer in memory."""
    left: list[int] = []
    rendered = api._rendered

    def looked(*args: object, **options: object) -> Path:
        left.append(sum(isinstance(each, Audit) for each in gc.get_objects()))
        return rendered(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(api, "_rendered", looked)
    before = sum(isinstance(each, Audit) for each in gc.get_objects())
    scan(write(tmp_path / "x.jsonl", made_up(3, 50)), tmp_path / "run")
    assert left == [before]
