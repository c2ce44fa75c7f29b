"""All pairs of near duplicates of a corpus by our own definition, found without sketches and without our relations.

Run with the interpreter of the harness's ``score`` environment: ``truth.py HARNESS SETS.npz PAIRS.npz FLOOR``. The sets
come from ``bench.py``; the join is the harness's own, which was checked against brute force.
"""

import json
import sys

import numpy as np

harness, sets, target, floor = sys.argv[1:5]
sys.path.insert(0, harness)
import score  # noqa: E402  (the harness is no package)


def main() -> None:
    """Join and write."""
    held = np.load(sets)
    flat, bounds = held["values"], held["offsets"]
    names, rank, counts = np.unique(flat, return_inverse=True, return_counts=True)
    order = np.empty(len(names), np.int64)
    order[np.argsort(counts, kind="stable")] = np.arange(len(names))
    ranks = order[rank].astype(np.int64)
    score._sort_rows(ranks, bounds)  # noqa: SLF001
    start = np.concatenate([[0], np.cumsum(np.bincount(ranks, minlength=len(names)))])
    by_size = np.argsort(np.diff(bounds), kind="stable")
    join, room = score._join, 5_000_000  # noqa: SLF001
    while True:
        low, high, jaccard = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
        posted, used = np.empty(len(ranks), np.int64), np.zeros(len(names), np.int64)
        found = join(ranks, bounds, by_size, start, posted, used, float(floor), low, high, jaccard)
        if found <= room:
            break
        room = found
    np.savez(target, i=low[:found], j=high[:found], s=jaccard[:found], docs=len(bounds) - 1)
    print(json.dumps({"docs": len(bounds) - 1, "pairs": found, "alike": int((jaccard[:found] >= 0.8).sum())}))


main()
