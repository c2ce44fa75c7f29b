"""Structures: layouts of lines that many answers share, and how concentrated layouts are."""

import re
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
import xxhash

from auditor.corpus import Corpus
from auditor.kernels.flat import Ints
from auditor.patterns.phrases import concentrated
from auditor.relations.copies import Copies

LEAST = 8
"""Different answers that share a layout."""

PARTS = 2
"""Kinds of lines that a layout has at least, one of them no prose: less is no structure."""


class Structure(NamedTuple):
    """A family of layouts: its form, its most frequent layout, and the rows that have it."""

    name: str
    layout: str
    rows: Ints
    model: int


def form(layout: str) -> str:
    """Return what similar layouts have in common: how long lists and paragraphs are does not count.

    >>> form("sln+s"), form("kskn+") == form("klkn")
    ('pnp', True)
    """
    plain = re.sub("[sl]", "p", layout.replace("+", ""))
    return re.sub(r"(.)\1+", r"\1", plain)


def structured(shape: str) -> bool:
    """Tell whether a form is more than prose, or one list alone.

    >>> [structured(shape) for shape in ("p", "n", "pn", "p/p/p", "knkn")]
    [False, False, True, False, True]
    """
    parts = shape.replace("/", "")
    return len(parts) >= PARTS and bool(set(parts) - {"p"})


def structures(corpus: Corpus, answer: Copies) -> tuple[list[Structure], dict[str, float]]:
    """Find the layouts that many different answers share, the most frequent first, and how concentrated they are."""
    encoded = corpus.samples["layout"].combine_chunks().dictionary_encode()
    layouts = encoded.dictionary.to_pylist()
    forms = [form(layout) for layout in layouts]
    names = sorted(set(forms))
    number = {name: k for k, name in enumerate(names)}
    of_layout = np.array([number[name] for name in forms], np.int64)
    code = np.asarray(pc.fill_null(encoded.indices, 0).to_numpy(), np.int64)
    shape = of_layout[code] if len(of_layout) else code
    distinct = (answer.keeper == np.arange(corpus.rows)) & np.array([bool(layout) for layout in layouts], bool)[code]
    concentration = concentrated(shape.astype(np.uint64), distinct)
    counts = np.bincount(shape[distinct], minlength=len(names))
    order = np.argsort(shape, kind="stable")
    starts = np.searchsorted(shape[order], np.arange(len(names) + 1))
    found = []
    for k in np.flatnonzero(counts >= LEAST).tolist():
        if structured(names[k]):
            rows = np.sort(order[starts[k] : starts[k + 1]])
            held, times = np.unique(code[rows], return_counts=True)
            best = min((-n, layouts[c]) for c, n in zip(held.tolist(), times.tolist(), strict=True))[1]
            digest = xxhash.xxh3_64_hexdigest(names[k].encode())[:12]
            found.append(Structure(f"structure-{digest}", best, rows, int(rows[0])))
    return sorted(found, key=lambda each: (-len(each.rows), each.name)), concentration
