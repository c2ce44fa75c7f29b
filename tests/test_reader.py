"""Bytes to batches: places, faults, and the same for any cut."""

import bz2
import gzip
import json
import lzma
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import chunks, reader, sources
from auditor import source as one
from auditor.dialects import Dialects
from auditor.errors import InputError, UsageError
from auditor.reader import Read
from auditor.sample import Places, content_ids
from auditor.source import Source
from auditor.sources import find

ROW = '{"conversation": [{"input": "问", "output": "%s"}]}'


def read_all(source: Source) -> list[Read]:
    """Read every chunk."""
    return [reader.read(chunk, Dialects()) for chunk in reader.stream(source)]


def read_bytes(folder: Path, data: bytes, name: str = "data.jsonl") -> tuple[list[str], list[tuple[str, int, int]]]:
    """Write and read a file: its answers, and its faults by kind, line and offset."""
    path = folder / name
    path.write_bytes(data)
    found, _ = find([str(path)], folder)
    reads = read_all(found[0])
    texts = [text for read in reads for text in read.batch.turns["text"].to_pylist()[1::2]]
    return texts, [(fault.kind, fault.line, fault.offset) for read in reads for fault in read.faults]


GOOD = [(ROW % letter).encode() for letter in "abc"]
N = len(GOOD[0]) + 1


@pytest.mark.parametrize(
    ("data", "answers", "faults"),
    [
        (b"\n".join(GOOD), "abc", []),
        (b"\r\n".join(GOOD) + b"\r\n", "abc", []),
        (b"\n".join([GOOD[0], b"", GOOD[1], b"  \t", GOOD[2], b""]), "abc", [("blank", 2, N), ("blank", 4, 2 * N + 1)]),
        (b"\n".join([GOOD[0], b'{"conversation": [', GOOD[1]]), "ab", [("json", 2, N + 18)]),
        (b"\n".join([GOOD[0], GOOD[1] + GOOD[2]]), "a", [("json", 2, 2 * N - 1)]),
        (b"\n".join([GOOD[0], b'{"a": "\xff"}', GOOD[1]]), "ab", [("utf8", 2, N + 7)]),
        (b"\xef\xbb\xbf" + GOOD[0], "a", [("bom", 1, 0)]),
        (b"\n".join([GOOD[0], b"[" * 100_000, GOOD[1]]), "ab", [("deep", 2, N)]),
        (b'{"conversation": [{"input": "q", "output": "x", "output": "a"}]}', "a", [("duplicate_key", 1, 0)]),
        (b'{"conversation": [{"input": "q", "output": "a\\ud83d"}]}', ["a\ufffd"], [("surrogate", 1, 0)]),
        (b'{"n": NaN, "conversation": [{"input": "q", "output": "a"}]}', "a", [("nonfinite", 1, 0)]),
        (
            b'{"n": 12345678901234567890123, "conversation": [{"input": "q", "output": "a"}]}',
            "a",
            [("big_number", 1, 0)],
        ),
        (b'{"n": 1' + b"0" * 5000 + b"}", "", [("number", 1, 0)]),
        (b'{"conversation": []}', "", [("no_turns", 1, 0)]),
        (b'{"what": 1}', "", [("unknown", 1, 0)]),
        (b"\n".join([GOOD[0], b"\x00" * 4, GOOD[1]]), "ab", [("truncated", 2, N)]),
        (b"null\n" + GOOD[0], "a", [("shape", 1, 0)]),
        ('{"conversation": [{"input": "q", "output": "a\u2028b\u0085c"}]}'.encode(), ["a\u2028b\u0085c"], []),
    ],
)
def test_lines(tmp_path: Path, data: bytes, answers: list[str], faults: list[tuple[str, int, int]]) -> None:
    """A bad line is a fault with kind, line and offset; the rest goes on."""
    got, seen = read_bytes(tmp_path, data)
    assert got == list(answers)
    assert seen == faults


def placed(places: list[tuple[int, int, int]]) -> Places:
    """Places in columns."""
    return Places(*np.array(places, np.int64).T.copy())


def test_places_point_at_the_bytes(tmp_path: Path) -> None:
    """Offset and length of every sample cut exactly its row out of the file, lines and arrays alike."""
    rows = [json.loads(row) for row in GOOD]
    for name, data in (
        ("a.jsonl", b"\n".join(GOOD)),
        ("b.json", json.dumps(rows).encode()),
        ("c.json", json.dumps(rows, indent=2, ensure_ascii=False).encode()),
        ("d.jsonl", b"\xef\xbb\xbf\r\n[\n" + b" ,\n ".join(GOOD) + b"\n]\n"),
    ):
        (tmp_path / name).write_bytes(data)
        source = find([str(tmp_path / name)], tmp_path)[0][0]
        samples = [row for read in read_all(source) for row in read.batch.samples.to_pylist()]
        places = [(row["line"], row["offset"], row["length"]) for row in samples]
        assert [line for line, _, _ in places] == [1, 2, 3]
        assert [json.loads(data[offset : offset + length]) for _, offset, length in places] == rows
        again = reader.again(source, placed(places[1:]), Dialects())
        ids = [name for read in read_all(source) for name in content_ids(read.batch).to_pylist()]
        assert content_ids(again).to_pylist() == ids[1:]


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"\n".join(GOOD), "lines"),
        (b"[" + b",".join(GOOD) + b"]", "array"),
        (b"[\n" + b",\n".join(GOOD) + b"\n]\n", "array"),
        (b'[{"role": "user", "content": "x"}]', "lines"),
        (b'[{"role": "user", "content": "x"}]\n[{"role": "user", "content": "y"}]', "lines"),
        (b"[]", "array"),
        (b"", "lines"),
    ],
)
def test_forms_are_told_by_content(tmp_path: Path, data: bytes, form: str) -> None:
    """Names lie: an array calls itself .jsonl, and lines call themselves .json."""
    for name in ("x.json", "x.jsonl"):
        (tmp_path / name).write_bytes(data)
        assert find([str(tmp_path / name)], tmp_path)[0][0].form == form


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: pa.compress(data, "zstd", asbytes=True)]
)
def test_compressed(tmp_path: Path, pack) -> None:  # noqa: ANN001
    """Content is told by its first bytes, whatever the name; a stream that is cut is a fault, not an end."""
    whole = pack(b"\n".join(GOOD * 400))
    texts, faults = read_bytes(tmp_path, whole)
    assert (len(texts), faults) == (1200, [])
    texts, faults = read_bytes(tmp_path, whole[: len(whole) * 2 // 3])
    assert len(texts) < 1200
    assert [kind for kind, _, _ in faults] == ["truncated"]


def test_zstd_frames_and_gzip_members(tmp_path: Path) -> None:
    """Several members one after the other are one file."""
    for pack in (gzip.compress, lambda data: pa.compress(data, "zstd", asbytes=True)):
        texts, faults = read_bytes(tmp_path, b"".join(pack(row + b"\n") for row in GOOD))
        assert (texts, faults) == (["a", "b", "c"], [])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.sampled_from(["lines", "array", "pretty"]))
def test_any_cut_gives_the_same(tmp_path_factory: pytest.TempPathFactory, size: int, form: str) -> None:
    """However small the pieces that a file is read in, rows, places and faults are the same."""
    folder = tmp_path_factory.mktemp("cut")
    rows = [json.loads(row) for row in GOOD]
    data = b"\n".join([GOOD[0], b"", GOOD[1], b"{", GOOD[2]])
    if form != "lines":
        data = json.dumps(rows, indent=2 if form == "pretty" else None).encode()
    (folder / "x.json").write_bytes(data)
    source = find([str(folder / "x.json")], folder)[0][0]

    def told() -> list[object]:
        reads = read_all(source)
        places = [row for read in reads for row in read.batch.samples.to_pylist()]
        return [places, [tuple(fault) for read in reads for fault in read.faults]]

    whole = told()
    before, one.PIECE = one.PIECE, size
    try:
        assert told() == whole
    finally:
        one.PIECE = before


def test_long_lines_are_set_aside(tmp_path: Path) -> None:
    """A line over the limit is skipped without being held; lines around it are read."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\n".join([GOOD[0], b'"' + b"x" * 5000 + b'"', GOOD[1]]))
    source = find([str(path)], tmp_path)[0][0]
    before, one.PIECE = one.PIECE, 1000
    try:
        reads = [reader.read(chunk, Dialects()) for chunk in chunks.chunks(source, longest=1500)]
    finally:
        one.PIECE = before
    assert sum(read.batch.rows for read in reads) == 2
    assert [(fault.kind, fault.line) for read in reads for fault in read.faults] == [("long", 2)]
    assert [line for read in reads for line in read.batch.samples["line"].to_pylist()] == [1, 3]


@pytest.mark.parametrize("data", [b"[" + GOOD[0], b"[" + GOOD[0] + b",", b'["a', b"[" + GOOD[0] + b"] x"])
def test_broken_arrays(tmp_path: Path, data: bytes) -> None:
    """An array that does not close, or that something follows, is a fault."""
    _, faults = read_bytes(tmp_path, data, "x.json")
    assert faults


def test_other_encodings_and_archives(tmp_path: Path) -> None:
    """UTF-16 and archives are refused with advice, and the other files are read."""
    (tmp_path / "a.jsonl").write_bytes(GOOD[0].decode().encode("utf-16"))
    (tmp_path / "b.jsonl").write_bytes(b"PK\x03\x04 and so on")
    (tmp_path / "c.jsonl").write_bytes(GOOD[0])
    found, skipped = find([str(tmp_path)], tmp_path)
    assert [Path(source.name).name for source in found] == ["c.jsonl"]
    assert ["UTF-16" in item.reason or "zip" in item.reason for item in skipped] == [True, True]


def test_inputs_are_found_once(tmp_path: Path) -> None:
    """Folders, globs and links to the same file count once; runs and links in a circle are left out."""
    data = tmp_path / "data"
    (data / "more").mkdir(parents=True)
    (data / "a.jsonl").write_bytes(GOOD[0])
    (data / "more" / "b.json").write_bytes(GOOD[1])
    (data / "notes.txt").write_text("x")
    (data / "copy.jsonl").symlink_to(data / "a.jsonl")
    (data / "round").symlink_to(data)
    (data / "old.audit").mkdir()
    (data / "old.audit" / sources.MARKER).write_text("")
    (data / "old.audit" / "cleaned.jsonl").write_bytes(GOOD[0])
    found, skipped = find([str(data), str(data / "*.jsonl")], tmp_path)
    assert [Path(source.name).name for source in found] == ["a.jsonl", "b.json"]
    assert {item.template for item in skipped} >= {"the same file as {about}", "not a data file by its name"}


@pytest.mark.parametrize("name", ["missing.jsonl", "*.nothing", "empty"])
def test_nothing_found_is_an_error(tmp_path: Path, name: str) -> None:
    """An input that names nothing is a mistake of the command."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError):
        find([str(tmp_path / name)], tmp_path)


def test_order_of_arguments_is_of_no_account(tmp_path: Path) -> None:
    """Files are read in the order of their names."""
    for name in "cab":
        (tmp_path / f"{name}.jsonl").write_bytes(GOOD[0])
    paths = [str(tmp_path / f"{name}.jsonl") for name in "cab"]
    assert find(paths, tmp_path)[0] == find(paths[::-1], tmp_path)[0]


def test_tables(tmp_path: Path) -> None:
    """Parquet, Arrow and saved data sets are read through datasets, row by row."""
    import datasets

    held = datasets.Dataset.from_list([{"instruction": "Q", "input": "", "output": answer} for answer in "abc"])
    held.to_parquet(tmp_path / "x.parquet")
    held.save_to_disk(str(tmp_path / "saved"))
    with pa.ipc.new_stream(str(tmp_path / "y.arrow"), held.data.schema) as writer:
        writer.write_table(held.with_format("arrow")[:])
    for name in ("x.parquet", "saved", "y.arrow"):
        source = find([str(tmp_path / name)], tmp_path)[0][0]
        reads = read_all(source)
        assert [text for read in reads for text in read.batch.turns["text"].to_pylist()[1::2]] == ["a", "b", "c"]
        again = reader.again(source, placed([(2, 0, 0)]), Dialects())
        assert again.turns["text"].to_pylist()[-1] == "b"


def test_rows_far_apart_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a plain file are the same whether it is mapped or they are sought; neither is read beyond its end."""
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"".join(b"%06d\n" % number for number in range(5000)))
    source = find([str(file)], tmp_path)[0][0]
    offsets, lengths = np.array([7, 14_000, 34_993]), np.array([6, 13, 6])

    def held() -> list[bytes]:
        data, starts = one.stretches(source, offsets, lengths)
        return [data[start : start + length].tobytes() for start, length in zip(starts, lengths, strict=True)]

    sought: list[str] = []
    real = one._sought
    monkeypatch.setattr(one, "_sought", lambda path, wanted: sought.append(path) or real(path, wanted))
    apart = held()
    assert apart == [b"000001", b"002000\n002001", b"004999"]
    assert sought == [str(file)]
    monkeypatch.setattr(one, "SPARSE", 1 << 40)
    assert held() == apart
    assert len(sought) == 1
    monkeypatch.undo()
    file.write_bytes(b"000000\n")
    with pytest.raises(InputError, match="changed while it was read"):
        held()


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz"])
def test_a_file_that_shrinks_is_named(tmp_path: Path, name: str) -> None:
    """Read again after it was cut short, a file is an error of the input, not of ours."""
    path = tmp_path / name
    write = gzip.open if name.endswith("gz") else open
    with write(path, "wb") as out:
        out.write(b"\n".join(GOOD) + b"\n")
    source = find([str(path)], tmp_path)[0][0]
    samples = [row for read in read_all(source) for row in read.batch.samples.to_pylist()]
    places = placed([(row["line"], row["offset"], row["length"]) for row in samples])
    with write(path, "wb") as out:
        out.write(GOOD[0] + b"\n")
    with pytest.raises(InputError, match="changed"):
        reader.again(source, places, Dialects())
