"""Our stages and other tools on one corpus, in one run: times, memory, and how right each is.

    python benchmarks/bench.py --harness ../shared/bench [--work .bench] [--docs 100000] [--runs 3] [--peers gaoya,…]

The harness makes corpora with planted near duplicates, gives each tool its own virtual environment, and scores clusters
against the exact truth. A task is one process, from its start to its end: imports count. Tasks take turns, so that a
busy moment of the machine does not fall on one tool alone; what takes more than 20 seconds (``--slow``) is run once.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.api import cores
from auditor.dialects import Dialects
from auditor.reader import read, stream
from auditor.sketches import conversation_sets
from auditor.sources import find
from auditor.views import views

ROOT = Path(__file__).parents[1]
UNITS = {"en": "word", "zh": "char"}
PEERS = {
    "gaoya": ("gaoya", ""),
    "rensa": ("rensa-keep", ""),
    "datasketch": ("datasketch", ""),
    "data-juicer": ("data-juicer", ""),
    "text-dedup": ("text-dedup", ""),
    "text-dedup-verified": ("text-dedup", "--verify"),
    "datatrove": ("datatrove", ""),
}
"""The runner and its options, of each peer."""

OWN = {
    "auditor: near duplicates": ["--select", "D102", "--no-report"],
    "auditor: the same, 1 worker": ["--select", "D102", "--no-report", "--workers", "1"],
    "auditor: the same, --exact": ["--select", "D102", "--no-report", "--exact"],
    "auditor: whole scan": [],
}
USUAL = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""What processes are told by their environment: nothing that makes Python do other than it does for users."""

THRESHOLD = 0.8


@dataclass
class Task:
    """One process to time, and what its runs took."""

    name: str
    command: list[str]
    result: Path
    own: bool
    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    fault: str = ""

    def run(self, limit: float) -> None:
        """Run once; a fault is kept as the last line it printed."""
        if self.own and self.result.exists():
            shutil.rmtree(self.result)
        with Path(os.devnull).open("wb") as nothing, (self.result.parent / "stderr").open("w+b") as told:
            start = time.perf_counter()
            process = subprocess.Popen(self.command, stdout=nothing, stderr=told, env=USUAL, start_new_session=True)
            status, usage = _waited(process, start + limit)
            wall = time.perf_counter() - start
            told.seek(0)
            last = told.read().decode(errors="replace").strip().split("\n")[-1]
        if usage is None:
            self.fault = f"not done after {limit:.0f} s"
            return
        if status:
            self.fault = f"exit {status}: {last[:200]}"
            return
        self.walls.append(wall)
        self.cpus.append(usage.ru_utime + usage.ru_stime)
        self.peaks.append(usage.ru_maxrss / 1024)

    def told(self) -> dict[str, Any]:
        """Return the medians."""
        if not self.walls:
            return {"name": self.name, "fault": self.fault}
        middle = {"seconds": self.walls, "cpu": self.cpus, "mb": self.peaks}
        return {
            "name": self.name, "runs": len(self.walls), "lowest": round(min(self.walls), 2),
            **{key: round(statistics.median(values), 2) for key, values in middle.items()},
        }  # fmt: skip


def _waited(process: subprocess.Popen[bytes], until: float) -> tuple[int, Any]:
    """Wait for a process; one that takes too long is ended with its children, and has no usage."""
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), usage
        if time.perf_counter() > until:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait(), None
        time.sleep(0.002)


def main() -> None:
    """Make, run, score, print."""
    given = _arguments()
    given.work.mkdir(parents=True, exist_ok=True)
    found = {"machine": _machine(), "docs": given.docs, "threshold": THRESHOLD, "versions": {}, "tasks": []}
    auditor = given.auditor or _installed(given.work)
    found["versions"] = _versions(given, auditor)
    for language in given.langs.split(","):
        corpus = _corpus(given, language)
        tasks = [*_own(auditor, corpus, given.work), *_peers(given, corpus, language)]
        for turn in range(given.runs):
            for task in tasks:
                if not task.fault and not (turn and max(task.walls, default=0) > given.slow):
                    task.run(given.limit)
                    print(language, turn + 1, task.name, task.fault or f"{task.walls[-1]:.2f} s", file=sys.stderr)
        truths = _truths(given, corpus, language)
        for task in tasks:
            scored = {name: _scored(given, path, task) for name, path in truths.items()} if task.walls else {}
            found["tasks"].append({"language": language, **task.told(), "quality": scored})
    target = given.json or given.work / "bench.json"
    target.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n".join(table(found)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--harness", type=Path, required=True, help="folder of corpus.py, peers.py, score.py")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench", help="corpora, environments and results")
    parser.add_argument("--bases", type=Path, help="sentence pools for the corpora; without them texts are made up")
    parser.add_argument("--docs", type=int, default=100_000)
    parser.add_argument("--langs", default="en,zh")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--slow", type=float, default=20, help="seconds from which a task is run only once")
    parser.add_argument("--limit", type=float, default=1800, help="seconds after which a process is ended")
    parser.add_argument("--auditor", type=Path, help="an auditor already installed; without it a wheel is built")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    name = next(
        (line.split(":", 1)[1].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")),
        platform.processor(),
    )
    return {"cpu": name, "cores": cores(), "gib": memory, "python": platform.python_version()}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _installed(work: Path) -> Path:
    """Install the project as a wheel, as users do, in an environment of its own."""
    home = work / "venvs" / "auditor"
    if not (home / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [home / "bin" / "pip", "install", "--quiet"]
    subprocess.run([*pip, ROOT], check=True)
    subprocess.run([*pip, "--force-reinstall", "--no-deps", ROOT], check=True)
    return home / "bin" / "auditor"


def _versions(given: argparse.Namespace, auditor: Path) -> dict[str, str]:
    """Return what each environment says its tool's version is."""
    found = {
        "auditor": subprocess.run([auditor, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    }
    for name in given.peers.split(","):
        package = {"data-juicer": "py-data-juicer"}.get(name, name.removesuffix("-verified"))
        asked = f"import importlib.metadata as m; print(m.version({package!r}))"
        told = subprocess.run([_python(given, name), "-c", asked], capture_output=True, text=True, check=False)
        found[name] = told.stdout.strip() or "not installed"
    return found


def _python(given: argparse.Namespace, name: str) -> Path:
    return given.work / "venvs" / name.removesuffix("-verified") / "bin" / "python"


def _corpus(given: argparse.Namespace, language: str) -> Path:
    """Make the corpus unless it is there; return its nested form."""
    name = f"{language}{given.docs // 1000}k"
    target = given.work / f"{name}.jsonl"
    if not target.exists():
        bases = ["--bases", given.bases] if given.bases else []
        made = ["make", "--lang", language, "--docs", given.docs, "--seed", 7, "--out", given.work / name, *bases]
        subprocess.run([sys.executable, given.harness / "corpus.py", *map(str, made)], check=True)
    return target


def _own(auditor: Path, corpus: Path, work: Path) -> Iterator[Task]:
    for number, (name, options) in enumerate(OWN.items()):
        target = work / "results" / f"{corpus.stem}.{number}.audit"
        target.parent.mkdir(exist_ok=True)
        yield Task(name, [str(part) for part in (auditor, "scan", corpus, "-o", target, *options)], target, own=True)


def _peers(given: argparse.Namespace, corpus: Path, language: str) -> Iterator[Task]:
    for name in given.peers.split(","):
        runner, options = PEERS[name]
        target = given.work / "results" / f"{corpus.stem}.{name}.npz"
        text = corpus.with_suffix(".text.jsonl")
        command = (
            _python(given, name),
            given.harness / "peers.py",
            runner,
            text,
            "--unit",
            UNITS[language],
            "--out",
            target,
        )
        task = Task(name, [*map(str, command), *options.split()], target, own=False)
        if not _python(given, name).exists():
            task.fault = "not installed"
        yield task


def _truths(given: argparse.Namespace, corpus: Path, language: str) -> dict[str, Path]:
    """Return the pairs of the harness's truth (white-space words or code points), and of ours (tokens, turns)."""
    theirs, ours = (given.work / f"{corpus.stem}.{name}.npz" for name in ("pairs", "own_pairs"))
    python = _python(given, "score")
    if not theirs.exists():
        text = corpus.with_suffix(".text.jsonl")
        command = (python, given.harness / "score.py", "truth", text, "--unit", UNITS[language], "--out", theirs)
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    if not ours.exists():
        sets = given.work / f"{corpus.stem}.sets.npz"
        np.savez(sets, **_sets(corpus, given.work))
        command = (python, ROOT / "benchmarks" / "truth.py", given.harness, sets, ours, 0.7)
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
        sets.unlink()
    return {"harness": theirs, "own": ours}


def _sets(corpus: Path, work: Path) -> dict[str, Any]:
    """Return every row's shingles, as the auditor defines them."""
    values, sizes = [], []
    for source in find([str(corpus)], work)[0]:
        for chunk in stream(source, 1 << 28):
            held, _ = conversation_sets(views(read(chunk, Dialects({}, "")).batch), 5)
            values.append(held.values)
            sizes.append(np.diff(held.offsets))
    return {"values": np.concatenate(values), "offsets": np.concatenate([[0], np.cumsum(np.concatenate(sizes))])}


def _scored(given: argparse.Namespace, pairs: Path, task: Task) -> dict[str, Any]:
    """Score a task's clusters, and of ours the pairs that were accepted."""
    result = task.result
    if task.own:
        result = task.result.with_suffix(".npz")
        np.savez(result, **_labels(task.result))
    if not result.exists():
        return {}
    command = (_python(given, "score"), given.harness / "score.py", "score", pairs, result, "--threshold", THRESHOLD)
    told = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if told.returncode:
        return {"fault": told.stderr.strip().split("\n")[-1][:200]}
    found: dict[str, Any] = json.loads(told.stdout.strip().split("\n")[-1])
    kept = {key: found.get(key) for key in ("pair_recall", "keep_recall", "keep_precision", "removed")}
    if task.own:
        held = np.load(pairs)
        alike = held["i"][held["s"] >= THRESHOLD - 1e-12] << 32 | held["j"][held["s"] >= THRESHOLD - 1e-12]
        claimed = np.load(result)["accepted"]
        kept["accepted_pairs"], kept["accepted_right"] = len(claimed), round(float(np.isin(claimed, alike).mean()), 5)
    return kept


def _labels(run: Path) -> dict[str, Any]:
    """Return the groups, kept rows and accepted pairs of a run; copies count as alike."""
    samples = pq.read_table(run / "samples.parquet", columns=["copy_group", "near_group", "action"])
    rows = samples.num_rows
    labels = np.arange(rows) + rows
    for name in ("near_group", "copy_group"):
        held = samples[name].combine_chunks()
        codes = (held if pa.types.is_dictionary(held.type) else held.dictionary_encode()).indices
        hit = codes.is_valid().to_numpy(zero_copy_only=False) & (labels >= rows)
        labels[hit] = codes.fill_null(0).to_numpy()[hit] + (2 * rows if name == "copy_group" else 0)
    pairs = pq.read_table(run / "pairs.parquet", columns=["row_a", "row_b", "accepted"])
    pairs = pairs.filter(pairs["accepted"])
    keys = pairs["row_a"].to_numpy() << 32 | pairs["row_b"].to_numpy()
    return {"labels": labels, "keep": np.array(samples["action"].to_pylist()) != "drop", "accepted": keys}


def table(found: dict[str, Any]) -> list[str]:
    """Lay the figures out as Markdown; ratios are to our near-duplicate part."""
    machine = found["machine"]
    lines = [
        f"{machine['cores']} cores, {machine['cpu']}, {machine['gib']} GiB, Python {machine['python']}; "
        + ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
        "",
        "| corpus | tool | runs | seconds (lowest) | CPU s | MB | times ours | pairs found | keep recall | precision |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    base = {
        task["language"]: task["seconds"]
        for task in found["tasks"]
        if task["name"] == next(iter(OWN)) and "seconds" in task
    }
    for task in found["tasks"]:
        if "seconds" not in task:
            lines.append(f"| {task['language']} | {task['name']} | {task['fault']} |" + " |" * 7)
            continue
        lines.append(_row(task, base.get(task["language"], 0)))
    return lines


def _row(task: dict[str, Any], base: float) -> str:
    own = task["name"].startswith("auditor")
    quality = task["quality"].get("own" if own else "harness", {})
    cells: Sequence[Any] = (
        task["language"], task["name"], task["runs"], f"{task['seconds']} ({task['lowest']})", task["cpu"],
        round(task["mb"]), f"{task['seconds'] / base:.1f}" if base else "-",
        *(quality.get(key) or "-" for key in ("pair_recall", "keep_recall", "keep_precision")),
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main()
