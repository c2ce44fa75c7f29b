"""Compiled kernels beside the reference that defines them, on the first rows of a corpus.

    python benchmarks/kernels.py CORPUS.jsonl [--rows 1000]

The reference runs where no compiler and no wheel is at hand: the same results, and how much later.
"""

import argparse
import importlib
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from auditor.dialects import Dialects
from auditor.kernels import flat, pairs, repeats, sketch, tokens
from auditor.reader import read, stream
from auditor.sources import find

BEST_OF = 5


def main() -> None:
    """Time every kernel both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rows", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        part = Path(work, "part.jsonl")
        with given.corpus.open(encoding="utf-8") as lines:
            part.write_text("".join(islice(lines, given.rows)), encoding="utf-8")
        source = find([str(part)], Path(work))[0][0]
        texts = read(next(stream(source, 1 << 28)), Dialects({}, "")).batch.texts
    size = len(texts.buffer)
    print(
        f"{given.rows} rows, {size / 1e6:.2f} MB\n\n| kernel | compiled MB/s | reference MB/s | times |\n| --- |"
        + " --- |" * 3
    )
    for name, module, job in jobs(texts):
        fast, slow = _seconds(module, job, compiled=True), _seconds(module, job, compiled=False)
        print(f"| {name} | {size / fast / 1e6:,.0f} | {size / slow / 1e6:,.2f} | {slow / fast:,.0f} |")


def jobs(texts: flat.Texts) -> list[tuple[str, Any, Callable[[], object]]]:
    """Return the kernels to time: name, module, and a call."""
    held = tokens.normalise(texts)
    found = tokens.tokens(held)
    signatures = sketch.signatures(found.hashes, found.bounds, 5)
    sets = sketch.shingle_sets(found.hashes, found.bounds, 5)
    keys = sketch.band_keys(signatures, 25, 5)
    bands = [pairs.buckets(band, np.arange(texts.number)) for band in keys]
    nothing = sketch.Sets(np.zeros(0, np.uint64), np.zeros(texts.number + 1, np.int64))
    system = np.zeros(texts.number, np.uint64)
    corpus = pairs.Corpus(sets, nothing, system, signatures.astype(np.uint8))
    whole = np.arange(texts.number + 1)
    return [
        ("normalise", tokens, lambda: tokens.normalise(texts)),
        ("tokens", tokens, lambda: tokens.tokens(held)),
        ("copy hashes", tokens, lambda: tokens.copy_hashes(held)),
        ("MinHash, 128 permutations", sketch, lambda: sketch.signatures(found.hashes, found.bounds, 5)),
        ("shingle sets", sketch, lambda: sketch.shingle_sets(found.hashes, found.bounds, 5)),
        ("repeated n-grams, 2 to 10", repeats, lambda: repeats.ngrams(found.hashes, found.sizes, found.bounds)),
        ("repeated lines", repeats, lambda: repeats.pieces(held, whole)),
        ("verified pairs", pairs, lambda: pairs.relate(corpus, bands, pairs.Levels(0.8, 0.8, 0.5))),
    ]


def _seconds(module: Any, job: Callable[[], object], *, compiled: bool) -> float:
    """Return the best time of a kernel, or of its reference (once: it is slow)."""
    before = module.kernel if hasattr(module, "kernel") else None, getattr(module, "COMPILED", False)
    if not compiled:
        module.COMPILED = False
        if before[0] is not None:
            module.kernel = importlib.import_module(f"auditor.kernels.reference.{module.__name__.rpartition('.')[2]}")
    try:
        return min(_once(job) for _ in range(BEST_OF if compiled else 1))
    finally:
        module.COMPILED = before[1]
        if before[0] is not None:
            module.kernel = before[0]


def _once(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
