"""Data sets of a V1 configuration: every ``DatasetConfig(…)`` that its names hold, and V1's JSON files."""

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.loading.question import TOKENIZERS
from auditor.xtuner.parts import Dataset, Found, strings, whole
from auditor.xtuner.values import Built, Symbol, Unknown, last_of, unknowns

LISTS = ("dataset_config_list", "dataset_config", "dataset_configs", "datasets")


def is_v1(names: Mapping[str, Any]) -> bool:
    """Say whether a file's names belong to V1: it builds trainers and data sets by calls, not by ``dict(type=…)``."""
    symbols = [
        value if isinstance(value, Symbol) else value.symbol
        for value in names.values()
        if isinstance(value, Symbol | Built)
    ]
    return any(symbol.name.startswith("xtuner.v1.") for symbol in symbols)


def found(names: Mapping[str, Any]) -> Found:
    """Return the data sets that a V1 configuration's names hold, each once."""
    result = Found()
    seen: set[int] = set()
    roots = [names["trainer"]] if isinstance(names.get("trainer"), Built) else []
    for root in [*roots, *names.values()]:
        for pair in _pairs(root, seen):
            result.datasets.append(_dataset(pair, result))
        for held in _lists(root):
            for where in unknowns(held):
                result.missing("dataset_config_list", where)
    if not result.datasets and not result.unresolved:
        result.missing("trainer", Unknown("no data set is named", 0))
    return result


def _lists(root: Any, depth: int = 0) -> Iterator[Any]:  # noqa: ANN401
    """Yield what a loader was given as its list of data sets."""
    if depth < 8 and isinstance(root, Built):
        for key, value in root.named.items():
            if key in LISTS and isinstance(value, Unknown | list):
                yield value
            yield from _lists(value, depth + 1)


def _pairs(node: Any, seen: set[int], depth: int = 0) -> Iterator[tuple[Built, Any]]:  # noqa: ANN401
    """Yield every data set below a node with the tokenising function beside it."""
    if id(node) in seen or depth > 12 or not isinstance(node, Built | dict | list | tuple):
        return
    seen.add(id(node))
    if isinstance(node, Built):
        if node.symbol.last == "DatasetConfig":
            yield node, None
            return
        inner: list[Any] = [*node.positional, *node.named.values()]
    elif isinstance(node, dict):
        data = node.get("dataset")
        if isinstance(data, Built) and data.symbol.last == "DatasetConfig":
            if id(data) not in seen:
                seen.add(id(data))
                yield data, node.get("tokenize_fn")
            return
        inner = list(node.values())
    else:
        inner = list(node)
    for item in inner:
        yield from _pairs(item, seen, depth + 1)


def _dataset(pair: tuple[Built, Any], result: Found) -> Dataset:
    data, tokenize = pair
    held = data.named
    path = held.get("anno_path", data.positional[0] if data.positional else None)
    for where in unknowns(path):
        result.missing("anno_path", where)
    fn = tokenize if isinstance(tokenize, Built) else None
    kind = fn.symbol.last if fn else None
    length = whole(fn.named.get("max_length")) if fn else None
    template = fn.named.get("chat_template") if fn else None
    return _made(held, strings(path), kind, (length, template if isinstance(template, str) else None), data.line)


def _made(
    held: Mapping[str, Any], files: list[str], kind: str | None, shape: tuple[int | None, str | None], line: int
) -> Dataset:
    ratio, tag, folder, name = (held.get(key) for key in ("sample_ratio", "cache_tag", "cache_dir", "name"))
    return Dataset(
        loader=str(held.get("class_name") or "JsonlDataset"), line=line, files=files, map_fn=kind,
        custom=kind is not None and kind not in TOKENIZERS, max_length=shape[0], template=shape[1],
        pack=True, times=float(ratio) if isinstance(ratio, int | float) else 1.0,
        cache_tag=tag if isinstance(tag, str) else None, cache_dir=folder if isinstance(folder, str) else None,
        name=name if isinstance(name, str) else None,
    )  # fmt: skip


def is_meta(held: Any) -> bool:  # noqa: ANN401  (any JSON value)
    """Say whether a JSON value lists data sets by name, or is a trainer's dump.

    >>> is_meta({"recipes": {"annotation": "a.jsonl"}}), is_meta([{"messages": []}])
    (True, False)
    """
    return bool(from_json(held).datasets) if isinstance(held, dict) else False


def from_json(held: Any) -> Found:  # noqa: ANN401  (any JSON value)
    """Return the data sets of a list by name (``annotation``), or of a ``trainer_config.json`` (``anno_path``)."""
    result = Found()
    if isinstance(held, dict) and held and all(isinstance(v, dict) and "annotation" in v for v in held.values()):
        for name, entry in held.items():
            result.datasets.append(_made({**entry, "name": name}, strings(entry["annotation"]), None, (None, None), 0))
        return result
    for entry, tokenize in _dumped(held, 0):
        length, template = whole(tokenize.get("max_length")), tokenize.get("chat_template")
        shape = (length, template if isinstance(template, str) else None)
        result.datasets.append(_made(entry, strings(entry["anno_path"]), last_of(tokenize.get("type")), shape, 0))
    return result


def _dumped(node: Any, depth: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:  # noqa: ANN401
    """Yield every object with an ``anno_path``, and the tokenising function beside it."""
    if depth > 12 or not isinstance(node, dict | list):
        return
    if isinstance(node, dict):
        data = node.get("dataset")
        if isinstance(data, dict) and "anno_path" in data:
            held = node.get("tokenize_fn")
            yield data, held if isinstance(held, dict) else {}
            return
        if "anno_path" in node:
            yield node, {}
            return
    for item in node.values() if isinstance(node, dict) else node:
        yield from _dumped(item, depth + 1)
