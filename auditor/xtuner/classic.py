"""Data sets and evaluation hooks of a classic configuration: what ``train_dataloader`` and ``custom_hooks`` hold."""

from collections.abc import Mapping
from typing import Any

from auditor.loading import maps
from auditor.xtuner.parts import Dataset, Found, Hook, strings, whole
from auditor.xtuner.values import Table, Unknown, last_of, name_of, unknowns

FILE_KEYS = ("data_files", "data_file", "data_path", "data_paths", "data_dir", "folder", "dataset_folder")
WRAPPERS = {"ConcatDataset"}
HUBS = {"load_dataset", "load"}
INNER = ("dataset", "dataset_cfg")


def found(names: Mapping[str, Any]) -> Found:
    """Return what a classic configuration's names say."""
    result = Found()
    roots = _roots(names)
    if not roots:
        result.missing("train_dataloader", Unknown("no data set is named", 0))
    for root in roots:
        _walk(root, result)
    for hook in _hooks(names):
        result.hooks.append(_hook(hook, result))
    checkpoint = _get(_get(names, "default_hooks"), "checkpoint")
    result.save_every = whole(_get(checkpoint, "interval"))
    return result


def _get(held: Any, key: str) -> Any:  # noqa: ANN401
    return held.get(key) if isinstance(held, dict | Mapping) else None


def _roots(names: Mapping[str, Any]) -> list[Any]:
    """Return the data sets that training reads: of the data loader, or with the Hugging Face trainer the data set."""
    loader = names.get("train_dataloader")
    root = _get(loader, "dataset") or names.get("train_dataset") or _get(loader, "datasets")
    if isinstance(loader, Unknown):
        root = loader
    return root if isinstance(root, list) else [root] if root is not None else []


def _walk(node: Any, result: Found) -> None:  # noqa: ANN401
    """Add the data sets below a node of the tree."""
    if isinstance(node, Unknown):
        result.missing("dataset", node)
        return
    if not isinstance(node, dict):
        return
    if last_of(node.get("type")) in WRAPPERS or ("datasets" in node and "dataset" not in node):
        inner = node.get("datasets")
        for part in inner if isinstance(inner, list | tuple) else [inner]:
            _walk(part, result)
        return
    dataset = _dataset(node, result)
    if dataset is not None:
        result.datasets.append(dataset)


def _dataset(node: dict[str, Any], result: Found) -> Dataset | None:
    """Return one data set: its loader, what it reads, and how rows are mapped."""
    inner = next((node[key] for key in INNER if isinstance(node.get(key), dict)), None)
    leaf = inner if inner is not None else node
    if last_of(leaf.get("type")) in WRAPPERS:
        _walk(leaf, result)
        return None
    for where in unknowns([node.get(key) for key in (*INNER, *FILE_KEYS)]):
        result.missing("dataset", where)
    outer, loader = last_of(node.get("type")) or "?", last_of(leaf.get("type")) or "?"
    files, hub = _files(leaf, loader)
    map_fn = name_of(node.get("dataset_map_fn"))
    return Dataset(
        loader=outer if inner is None else f"{outer}({loader})",
        line=leaf.line if isinstance(leaf, Table) else 0,
        files=files, hub=hub, map_fn=map_fn, custom=map_fn is not None and maps.known(map_fn) is None,
        template=last_of(_get(node.get("template_map_fn"), "template")),
        max_length=whole(node.get("max_length")),
        pack=bool(node.get("pack_to_max_length", inner is not None and outer == "process_hf_dataset")),
        split=name_of(leaf.get("split")), times=float(whole(node.get("repeat_times")) or 1),
        name=name_of(leaf.get("name")),
    )  # fmt: skip


def _files(leaf: dict[str, Any], loader: str) -> tuple[list[str], str | None]:
    """Return local paths, and the hub's name where the data come from there."""
    files = [path for key in FILE_KEYS for path in strings(leaf.get(key))]
    path = leaf.get("path")
    if loader == "load_json_file" and "suffix" in leaf:
        return files, None
    if files and (path is None or path in {"json", "text", "csv", "parquet"}):
        return files, None
    hub = path if isinstance(path, str) else leaf.get("dataset_id")
    if loader == "load_from_disk":
        return strings(leaf.get("dataset_path") or path), None
    if isinstance(hub, str) and loader in HUBS and hub.startswith((".", "/", "~")):
        return [hub], None
    return files, hub if isinstance(hub, str) else _hub_of(leaf)


def _hub_of(leaf: dict[str, Any]) -> str | None:
    first = leaf.get("dataset_name")
    return first if isinstance(first, str) else None


def _hooks(names: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = names.get("custom_hooks")
    listed = held if isinstance(held, list | tuple) else []
    return [
        hook for hook in listed if isinstance(hook, dict) and str(last_of(hook.get("type"))).startswith("EvaluateChat")
    ]


def _hook(held: dict[str, Any], result: Found) -> Hook:
    """Return one evaluation hook."""
    for where in unknowns(held.get("evaluation_inputs")):
        result.missing("evaluation_inputs", where)
    generation = held.get("generation_kwargs")
    words = held.get("stop_words")
    return Hook(
        line=held.line if isinstance(held, Table) else 0, inputs=strings(held.get("evaluation_inputs")),
        every=whole(held.get("every_n_iters")), system=name_of(held.get("system")) or None,
        template=last_of(held.get("prompt_template")), max_new_tokens=whole(held.get("max_new_tokens")) or 600,
        stop_words=None if words is None else strings(words),
        generation=generation if isinstance(generation, dict) else {},
    )  # fmt: skip
