"""Corpora that are large or mean, and what a scan of each takes: time, memory, and what it finds.

    python benchmarks/scale.py --harness ../shared/bench [--work .bench] [--cases template,same,en1000k,zh1000k]

``template``: 100,000 rows of one template, any two 0.4 to 0.7 alike, with 5,000 planted near duplicates. ``same``: a
million equal rows. ``en100k``, ``zh1000k`` and so on: the harness's corpora of that size, above a million rows in files
of a million each (``en10000k`` takes 10 GB of disk). Modes ``near1`` and ``whole1`` use one worker.
"""

import argparse
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from bench import USUAL

ROOT = Path(__file__).parents[1]
SEED, PART = 11, 1_000_000
"""The first seed of corpora, and rows of one file."""

PLANTED = 5000
"""Near duplicates among the rows of one template."""

NEAR, ONE = ["--select", "D102", "--no-report"], ["--workers", "1"]
MODES = {"near": NEAR, "near1": [*NEAR, *ONE], "whole": [], "whole1": ONE}
"""What is scanned for, by all workers or by one."""


def main() -> None:
    """Make each corpus, scan it both ways, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--harness", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench")
    parser.add_argument("--bases", type=Path)
    parser.add_argument("--cases", default="en100k,zh100k,template,same,en1000k,zh1000k")
    parser.add_argument("--modes", default="near,whole")
    parser.add_argument("--memory", help="passed on to the scan")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    print("| corpus | part | rows | seconds | µs a row | CPU s | MB | stages | found |\n| --- |" + " --- |" * 8)
    for case in given.cases.split(","):
        corpus = _corpus(given, case)
        for mode in given.modes.split(","):
            print("| " + " | ".join(map(str, _scanned(given, corpus, case, mode))) + " |", flush=True)


def _scanned(given: argparse.Namespace, corpus: Path, case: str, mode: str) -> tuple[Any, ...]:
    """Scan once; return a row of the table."""
    run = given.work / "results" / f"{case}.{mode}.audit"
    run.parent.mkdir(exist_ok=True)
    shutil.rmtree(run, ignore_errors=True)
    options = [*MODES[mode], *(["--memory", given.memory] if given.memory else [])]
    command = [Path(sys.executable).with_name("auditor"), "scan", corpus, "-o", run, *options]
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, env=USUAL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        return case, mode, "-", f"exit {os.waitstatus_to_exitcode(status)}", "", "", "", "", ""
    told = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    rows = told["totals"]["samples"]
    stages = ", ".join(f"{name} {stage['seconds']:.1f}" for name, stage in told["stages"].items())
    cpu = usage.ru_utime + usage.ru_stime
    found = _recall(run) if case == "template" else f"{told['totals']['dropped']} dropped"
    return (
        case,
        mode,
        rows,
        f"{wall:.1f}",
        f"{wall / rows * 1e6:.1f}",
        f"{cpu:.1f}",
        usage.ru_maxrss >> 10,
        stages,
        found,
    )


def _recall(run: Path) -> str:
    """Say how many of the planted pairs stand in one group."""
    samples = pq.read_table(run / "samples.parquet", columns=["near_group", "copy_group"])
    group = np.array(samples["near_group"].to_pylist(), object)
    planted = np.load(run.parent.parent / "template.npz")["pairs"]
    tied = sum(group[a] is not None and group[a] == group[b] for a, b in planted.tolist())
    return f"{tied} of {len(planted)} planted pairs"


def _corpus(given: argparse.Namespace, case: str) -> Path:
    """Make a corpus unless it is there."""
    target = given.work / f"{case}.jsonl"
    if target.exists():
        return target
    if case == "template":
        _written(target, _poured(given.work / "template.npz"))
    elif case == "same":
        answer = "Mix the flour with water, salt and yeast, knead for ten minutes and let the dough rest overnight."
        _written(target, (_line("How do I make bread?", answer) for _ in range(1_000_000)))
    elif size := re.fullmatch(r"(en|zh)(\d+)k", case):
        rows = int(size[2]) * 1000
        if rows > PART:
            return _parts(given, case, size[1], rows // PART)
        if not _made(given, target.with_suffix(""), size[1], rows, SEED):
            raise SystemExit(f"{case} could not be made")
    else:
        raise SystemExit(f"no case {case}")
    return target


def _parts(given: argparse.Namespace, case: str, language: str, number: int) -> Path:
    """Make a folder of files of a million rows each, since the maker holds all rows of one in memory."""
    folder = given.work / case
    folder.mkdir(exist_ok=True)
    for seed in itertools.count(SEED):
        if sum("." not in path.stem for path in folder.glob("*.jsonl")) >= number:
            return folder
        name = folder / f"{seed}"
        if not name.with_suffix(".jsonl").exists() and _made(given, name, language, PART, seed):
            for extra in (".text.jsonl", ".truth.npz"):
                Path(f"{name}{extra}").unlink(missing_ok=True)
    raise AssertionError


def _made(given: argparse.Namespace, name: Path, language: str, rows: int, seed: int) -> bool:
    """Let the harness make a corpus; at some seeds it cannot."""
    bases = ["--bases", given.bases] if given.bases else []
    made = ["make", "--lang", language, "--docs", rows, "--seed", seed, "--out", name, *bases]
    return subprocess.run([sys.executable, given.harness / "corpus.py", *map(str, made)], check=False).returncode == 0


def _written(target: Path, lines: Iterator[str]) -> None:
    with target.open("w", encoding="utf-8") as out:
        out.writelines(lines)


def _line(asked: str, told: str) -> str:
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]
    return json.dumps({"messages": turns}) + "\n"


def _poured(truth: Path, rows: int = 100_000) -> Iterator[str]:
    """Yield the rows of one template: 200 fixed words, and after every twenty of them a slot of one to six words.

    Every twentieth row is a near duplicate of the row before it: one word of a slot is another.
    """
    draw = np.random.default_rng(5)
    fixed = np.array_split([f"fixed{n}" for n in range(200)], 10)
    pairs = np.array([[row - 1, row] for row in range(19, rows, rows // PLANTED)])
    twins = set(pairs[:, 1].tolist())
    slots: list[list[str]] = []
    for row in range(rows):
        if row in twins:
            slots = [list(slot) for slot in slots]
            slots[5][0] = f"other{row}"
        else:
            size = int(draw.integers(1, 7))
            slots = [[f"w{word}" for word in draw.integers(0, 50_000, size)] for _ in fixed]
        text = " ".join(word for part, slot in zip(fixed, slots, strict=True) for word in (*part, *slot))
        yield _line("Fill in the form.", text)
    np.savez(truth, pairs=pairs)


if __name__ == "__main__":
    main()
