"""A tokenizer counts its own tokens, wherever it is read from, and says clearly when it cannot."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import AuditorError, EnvironmentFault, InputError, UsageError
from auditor.vocab import counter

TEXTS = ["how do you do", "你好吗", "", "do do\nhow", "half \ud83d"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder with a tokenizer of bytes, that would cut at two tokens and adds marks."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.ByteLevelBPETokenizer()
    made.train_from_iterator(["how do you do " * 9, "你好"], vocab_size=280, special_tokens=["<s>", "</s>"])
    made.enable_truncation(2)
    made.enable_padding(length=50)
    path = tmp_path_factory.mktemp("model")
    made.save(str(path / "tokenizer.json"))
    return path


def test_a_folder_counts_as_its_tokenizer_does(folder: Path) -> None:
    """Counts are those of the library itself, without its marks, cuts or padding."""
    from tokenizers import Tokenizer

    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    plain.no_truncation()
    plain.no_padding()
    wanted = [len(plain.encode(text, add_special_tokens=False).ids) for text in [*TEXTS[:-1], "half �"]]
    assert counter(str(folder))(TEXTS).tolist() == wanted
    assert counter(str(folder / "tokenizer.json"))(TEXTS).tolist() == wanted
    assert wanted[2] == 0
    assert max(wanted) > 2
    assert len(counter(str(folder))(["a"] * 4_500)) == 4_500


def test_sentencepiece(tmp_path: Path) -> None:
    """InternLM's and Llama's tokenizer.model is read as well."""
    pieces = pytest.importorskip("sentencepiece")
    with (tmp_path / "tokenizer.model").open("wb") as out:
        pieces.SentencePieceTrainer.train(
            sentence_iterator=iter(["how do you do"] * 9), model_writer=out, vocab_size=16, hard_vocab_limit=False,
            minloglevel=2,
        )  # fmt: skip
    held = pieces.SentencePieceProcessor(model_file=str(tmp_path / "tokenizer.model"))
    found = counter(str(tmp_path))(TEXTS[:4]).tolist()
    assert found == [len(held.encode(text)) for text in TEXTS[:4]]
    assert found[0] > 1


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("./no/such/model", UsageError, "no such file"),
        ("a/b/c", UsageError, "no such file"),
        ("bad name!/x", UsageError, "holds no tokenizer"),
        ("{empty}", UsageError, "holds no tokenizer"),
        ("{broken}/tokenizer.json", InputError, "is it a tokenizer.json?"),
        ("{broken}/other.model", InputError, "is it a tokenizer.model?"),
    ],
)
def test_what_is_no_tokenizer(name: str, kind: type[AuditorError], said: str, tmp_path: Path) -> None:
    """One sentence and one hint, never a library's traceback."""
    pytest.importorskip("tokenizers")
    pytest.importorskip("sentencepiece")
    empty, broken = tmp_path / "empty", tmp_path / "broken"
    for made in (empty, broken):
        made.mkdir()
    for file in ("tokenizer.json", "other.model"):
        (broken / file).write_text("{}")
    with pytest.raises(kind) as caught:
        counter(name.format(empty=empty, broken=broken))
    assert said in f"{caught.value} {caught.value.hint}"
    assert caught.value.hint


def test_without_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A name on the hub that cannot be reached is a fault of the surroundings."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="internlm/none could not be fetched"):
        counter("internlm/none")


@pytest.mark.parametrize(("file", "library"), [("tokenizer.json", "tokenizers"), ("tokenizer.model", "sentencepiece")])
def test_without_the_library(file: str, library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The extra to install is named."""
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == library:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    (tmp_path / file).write_text("{}")
    with pytest.raises(EnvironmentFault) as caught:
        counter(str(tmp_path))
    assert library in str(caught.value)
    assert "[tokenizer]" in caught.value.hint
