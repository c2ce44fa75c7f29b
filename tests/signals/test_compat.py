"""Other tools' measures: the columnar way gives what each definition says, one text at a time."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import scan
from auditor.api import _settings
from auditor.cli import main
from auditor.outputs.run import Run
from auditor.rule import profile
from auditor.signals.compat import PACKS, curator, datatrove, dolma, redpajama
from auditor.signals.compat.redpajama import normalised

TEXTS = st.lists(st.text(st.sampled_from("ab \n好.Éß"), max_size=60), max_size=6)


def grams(words: list[str], n: int) -> list[tuple[str, ...]]:
    """All n-grams."""
    return [tuple(words[at : at + n]) for at in range(len(words) - n + 1)]


def size(gram: tuple[str, ...]) -> int:
    """Characters of an n-gram."""
    return sum(map(len, gram))


def same(found: float, wanted: float | None) -> bool:
    """Equal, or both without a value."""
    return math.isnan(found) if wanted is None else found == pytest.approx(wanted, abs=1e-8)


@settings(deadline=None)
@given(TEXTS)
def test_redpajama(texts: list[str]) -> None:
    """A mask over all occurrences; the most frequent n-gram only if it occurs twice."""
    found = redpajama.measure(texts)
    for row, text in enumerate(texts):
        words = normalised(text).split()
        whole = sum(map(len, words)) or 1
        for n in (2, 3, 4):
            top, times = Counter(grams(words, n)).most_common(1)[0] if len(words) >= n else ((), 0)
            assert same(found[f"redpajama_top_{n}gram"][row], size(top) * times / whole if times > 1 else 0)
        for n in range(5, 11):
            counts = Counter(grams(words, n))
            under = {at + k for at, gram in enumerate(grams(words, n)) if counts[gram] > 1 for k in range(n)}
            assert same(found[f"redpajama_dup_{n}gram"][row], sum(len(words[at]) for at in under) / whole)
        assert same(found["redpajama_unique_words"][row], len(set(words)) / len(words) if words else None)


@settings(deadline=None)
@given(TEXTS)
def test_dolma(texts: list[str]) -> None:
    """The mass of repeated n-grams over that of all; lines counted with their first occurrence."""
    found = dolma.measure(texts)
    for row, text in enumerate(texts):
        words = text.split()
        for n in range(2, 11):
            counts = Counter(grams(words, n))
            wanted = None
            if counts and n < 5:
                top, times = counts.most_common(1)[0]
                wanted = times * size(top) / sum(map(len, words))
            elif counts:
                mass = {gram: times * size(gram) for gram, times in counts.items()}
                wanted = sum(mass[gram] for gram, times in counts.items() if times > 1) / sum(mass.values())
            assert same(found[f"dolma_{'top' if n < 5 else 'dup'}_{n}gram"][row], wanted)
        lines = Counter(text.split("\n"))
        repeated = sum(times for times in lines.values() if times > 1) if text else 0
        assert same(found["dolma_dup_line_v1"][row], repeated / sum(lines.values()))


@settings(deadline=None)
@given(TEXTS)
def test_curator(texts: list[str]) -> None:
    """Repeats without their first occurrence, new words and blanks of each; too short a text is the worst."""
    found = curator.measure(texts)
    for row, text in enumerate(texts):
        words = text.split()
        for n in range(5, 11):
            seen: set[tuple[str, ...]] = set()
            end = chars = 0
            for at, gram in enumerate(grams(words, n)):
                if gram in seen:
                    fresh = words[max(at, end) : at + n]
                    chars += size(tuple(fresh)) + min(len(fresh), n - 1)
                    end = at + n
                seen.add(gram)
            assert same(found[f"curator_dup_{n}gram"][row], chars / len(text) if len(words) >= n else 1)
        parts = text.split("\n\n")
        assert same(found["curator_unique_paragraphs"][row], len(set(parts)) / len(parts))


def test_datatrove_lines() -> None:
    """Repeats without their first occurrence; characters over all characters, line ends included."""
    found = datatrove.lines(["", "a\nbb\na\n\na", "xy\n\nxy\n\nz", "\n"])
    assert np.isnan(found["datatrove_dup_line"][0])
    assert found["datatrove_dup_line"][1:].tolist() == [2 / 4, 1 / 3, 1 / 2]
    assert found["datatrove_dup_line_chars"][1:].tolist() == [2 / 9, 2 / 9, 0]
    assert found["datatrove_dup_paragraph"][1:].tolist() == [0, 1 / 3, 0]
    assert found["fineweb_dup_line_chars"][1] == 2 / 5
    assert np.isnan(found["fineweb_dup_line_chars"][3])


def test_datatrove_ngrams() -> None:
    """The most frequent n-gram counts even if it occurs once; repeats jump, and forget where words end."""
    pytest.importorskip("spacy", reason="datatrove splits words by spaCy: pip install '.[compat]'")
    text = "The capital of France is Paris."
    found = datatrove.ngrams([text, "", "ab c d e f a bc d e f", "IS_ALPHA", "one two " * 6])
    assert found["datatrove_top_2gram"][0] == len("The capital") / len(text)
    assert np.isnan(found["datatrove_top_2gram"][1])
    assert found["datatrove_dup_5gram"][2] == 6 / 21
    assert found["datatrove_dup_5gram"][4] == 2 * 15 / 48


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n\n", "\0", "\ufffd" * 9, "😀" * 50, "a" * 100_000, "\u202e\u200b x" * 40]
)
def test_odd_texts(text: str) -> None:
    """No text is too odd, and a batch gives each text what it gets alone."""
    for name, measure in PACKS.items():
        if name != "datatrove":
            alone, among = measure([text]), measure(["a b c", text, ""])
            for column, values in alone.items():
                assert len(values) == 1
                assert values[0] == among[column][1] or np.isnan(values[0])
    assert all(
        not values.size for name, measure in PACKS.items() if name != "datatrove" for values in measure([]).values()
    )


def test_nothing_of_it_on_the_default_path(tmp_path: Path) -> None:
    """Default rules measure none of it, and a run has no such column."""
    for name in ("default", "strict", "lenient", "pretrain"):
        assert not set(PACKS) & set(_settings(profile(name), {}, 1).signals)
    (tmp_path / "x.jsonl").write_text('{"text": "a b c"}\n')
    run = scan(tmp_path / "x.jsonl", tmp_path / "run", report=False)
    assert not [name for name in run.samples.column_names if name.startswith(tuple(PACKS))]
    assert "packs" not in run.summary


def test_where_they_disagree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the rules of several tools a run tells which rows which of them call repetitive."""
    long = " ".join(f"{letter}{other}word" for letter in "abcdef" for other in "ghijkl")
    rows = [long, "Paris.", "very good " * 30, long + " " + long]
    data = tmp_path / "x.jsonl"
    data.write_text("".join(json.dumps({"prompt": "?", "completion": row}) + "\n" for row in rows))
    out = str(tmp_path / "run")
    fields = ["--fields", "prompt=prompt,answer=completion"]
    arguments = ["scan", str(data), "-o", out, "--profile", "compat-all", "--ignore", "G1", *fields]
    assert main(["--lang", "en", *arguments]) == 0
    told = capsys.readouterr().out
    assert "RedPajama-v2 2" in told
    assert "No verdict: these rules look for neither loops" in told
    found = Run.open(out).summary["packs"]
    assert found["tools"] == {"RedPajama-v2": 2, "Dolma": 2, "NeMo Curator": 3}
    sets = {tuple(item["tools"]): item["rows"] for item in found["sets"]}
    assert sets == {(): 1, ("NeMo Curator",): 1, ("RedPajama-v2", "Dolma", "NeMo Curator"): 2}
    assert next(item for item in found["sets"] if item["tools"] == ["NeMo Curator"])["examples"][0]["line"] == 2
    page = (tmp_path / "run" / "report" / "rules.html").read_text(encoding="utf-8")
    assert "NeMo Curator" in page
    assert 'id="packs"' in page
