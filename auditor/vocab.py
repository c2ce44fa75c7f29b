"""Count a model's own tokens with its tokenizer, read from a folder, a file or the hub; no code of a model is run."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auditor.errors import EnvironmentFault, InputError, UsageError

Counter = Callable[[Sequence[str]], NDArray[np.int64]]
"""How many tokens each text has, marks of beginning and end aside."""

FILES = ("tokenizer.json", "tokenizer.model")
"""What a tokenizer can be read from, best first: of the libraries tokenizers and sentencepiece."""

BLOCK = 2_000
"""Texts counted at once; a tokenizer holds every one of their tokens meanwhile."""

EXTRA = "pip install 'repetition-auditor[tokenizer]'"


def counter(name: str) -> Counter:
    """Return what counts tokens with a tokenizer: of a model's folder, of one of its FILES, or of a model on the hub.

    Raises UsageError where there is none of that name, InputError where it cannot be read, EnvironmentFault where a
    library or the hub is missing.
    """
    path = _local(name) or _hub(name)
    count = _fast(path) if path.suffix == ".json" else _pieces(path)

    def counted(texts: Sequence[str]) -> NDArray[np.int64]:
        return np.fromiter((size for block in _blocks(texts) for size in count(block)), np.int64, len(texts))

    return counted


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield texts block by block; half surrogates, which no tokenizer takes, become what the audit reads too."""
    for start in range(0, len(texts), BLOCK):
        yield [_whole(text) for text in texts[start : start + BLOCK]]


def _whole(text: str) -> str:
    r"""Put U+FFFD in place of half a surrogate pair.

    >>> _whole("a\ud83d")
    'a�'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _local(name: str) -> Path | None:
    """Return the file of a local tokenizer; None for what looks like a name on the hub."""
    path = Path(name).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        found = next((path / file for file in FILES if (path / file).is_file()), None)
        if found is None:
            raise _empty(name)
        return found
    parts = name.split("/")
    if name.startswith((".", "/", "~")) or name.endswith(FILES) or len(parts) > 2 or not all(parts):
        raise UsageError("no such file: {name}", hint="give a model's folder, or its name on the hub", name=name)
    return None


def _hub(name: str) -> Path:
    """Fetch a tokenizer's file from the hub, or from what was fetched before."""
    found = next((path for file in FILES if (path := _fetched(name, file))), None)
    if found is None:
        raise _empty(name)
    return found


def _fetched(name: str, file: str) -> Path | None:
    """Fetch one file of a model; None where the model has no such file."""
    from huggingface_hub import errors, hf_hub_download  # noqa: PLC0415  (slow to import, and only this road needs it)

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # the error says it once
    try:
        return Path(hf_hub_download(name, file))
    except (errors.RemoteEntryNotFoundError, errors.HFValidationError):
        return None
    except (errors.HfHubHTTPError, OSError) as fault:
        raise EnvironmentFault(
            "the tokenizer {name} could not be fetched: {fault}",
            hint="give the folder of a model that you have, or set HF_ENDPOINT to a mirror",
            name=name, fault=str(fault).strip().partition("\n")[0].partition(". ")[0],
        ) from None  # fmt: skip


def _fast(path: Path) -> Callable[[list[str]], Iterator[int]]:
    """Read a ``tokenizer.json``."""
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415  (an extra)
    except ImportError:
        raise _absent("tokenizers") from None
    try:
        held = Tokenizer.from_file(str(path))
    except Exception as fault:  # noqa: BLE001  (the library raises nothing more special)
        raise InputError("{name}: {fault}", hint="is it a tokenizer.json?", name=path, fault=fault) from None
    held.no_truncation()
    held.no_padding()
    return lambda texts: (len(one.ids) for one in held.encode_batch_fast(texts, add_special_tokens=False))


def _pieces(path: Path) -> Callable[[list[str]], Iterator[int]]:
    """Read a ``tokenizer.model``, as InternLM and Llama have it."""
    try:
        from sentencepiece import SentencePieceProcessor  # noqa: PLC0415  (an extra)
    except ImportError:
        raise _absent("sentencepiece") from None
    try:
        held = SentencePieceProcessor(model_file=str(path))
    except Exception as fault:  # noqa: BLE001  (the library raises nothing more special)
        raise InputError(
            "{name}: {fault}", hint="is it a tokenizer.model?", name=path, fault=str(fault).partition("\n")[0]
        ) from None
    return lambda texts: (len(ids) for ids in held.encode(texts))


def _empty(name: str) -> UsageError:
    return UsageError(
        "{path} holds no tokenizer", hint="a model's folder has {files}", path=name, files=" / ".join(FILES)
    )


def _absent(library: str) -> EnvironmentFault:
    return EnvironmentFault("this tokenizer needs the library {library}", hint=EXTRA, library=library)
