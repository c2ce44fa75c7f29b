"""What phrases cover of answers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.patterns.covered import Wanted, covered
from auditor.store import write_tables

TOKENS = st.lists(st.lists(st.sampled_from([20, 21, 22, 23]), max_size=14), min_size=1, max_size=5)
PHRASES = st.lists(
    st.lists(st.sampled_from([20, 21, 22]), min_size=1, max_size=4), min_size=1, max_size=4, unique_by=tuple
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where units lie."""
    return tmp_path_factory.mktemp("units")


@settings(max_examples=100, deadline=None)
@given(TOKENS, PHRASES, st.integers(0, 4), st.data())
def test_every_covered_token_counts_once(
    folder: Path, texts: list[list[int]], phrases: list[list[int]], nested: int, data: st.DataObject
) -> None:
    """The share is that of the tokens inside any phrase, opening or closing, by marking them one by one."""
    lengths = [data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))) for text in texts]
    opening, closing = np.array(lengths, np.uint8).reshape(-1, 2).T
    sizes = [[1 + token % 3 for token in text] for text in texts]
    columns = {
        "answer": pa.array(texts, pa.large_list(pa.uint32())),
        "answer_sizes": pa.array(sizes, pa.large_list(pa.uint8())),
    }
    write_tables(folder / "unit.arrow", {"streams": pa.table(columns)})
    with ThreadPoolExecutor(1) as pool:
        found = covered(
            [folder / "unit.arrow"], Wanted(phrases, nested, [], np.zeros(len(texts), bool), opening, closing), pool
        )
    standing = {(row, at, phrase) for row, phrase, at, _ in found.places.tolist()}
    for row, text in enumerate(texts):
        marked = set(range(opening[row])) | set(range(len(text) - closing[row], len(text)))
        for number, phrase in enumerate(phrases):
            for at in range(len(text)):
                if text[at : at + len(phrase)] == phrase:
                    assert (row, at, number) in standing or number < nested
                    marked |= set(range(at, at + len(phrase)))
        whole = sum(sizes[row])
        assert found.share[row] == pytest.approx(sum(sizes[row][k] for k in marked) / whole if whole else 0)
