"""Rows made up for tests, and what of a run must always be the same."""

import json
import random
from pathlib import Path
from typing import Any

from auditor import Run, sources

WORDS = (
    "river", "stone", "lamp", "cloud", "bread", "chair", "window", "garden", "paper", "violin", "harbour", "candle",
    "mountain", "engine", "feather",
)  # fmt: skip
"""Words that have nothing in common."""


def line_of(prompt: str, answer: str, **extra: Any) -> str:
    """One row of XTuner's standard form."""
    return json.dumps({"conversation": [{"input": prompt, "output": answer}], **extra}, ensure_ascii=False)


def made_up(seed: int, rows: int = 120) -> list[str]:
    """Rows with copies, near copies, loops, short ones, blank and broken lines, in some order."""
    rng = random.Random(seed)
    words = [f"{a}{b}" for a in "鱼肉菜豆面ABCDEF" for b in "一二三四五xyz"]
    texts = [" ".join(rng.choices(words, k=rng.randrange(3, 60))) for _ in range(rows // 4)]
    found = []
    for _ in range(rows):
        text = rng.choice(texts).split(" ")
        for _ in range(rng.choice([0, 0, 0, 1, 2])):
            text[rng.randrange(len(text))] = rng.choice(words)
        answer = " ".join(text) + rng.choice(["", "", "", "", "好好好吃" * 9])
        found.append(rng.choice([line_of(rng.choice("问答吗"), answer)] * 9 + ["", "{broken"]))
    return found


def write(path: Path, lines: list[str]) -> Path:
    """Write lines."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def digests(run: Run) -> dict[str, Any]:
    """What must not depend on how a scan was run: every file but the manifest, and seconds."""
    found: dict[str, Any] = {}
    for path in sorted(run.path.rglob("*")):
        if path.is_file() and path.name not in ("manifest.json", "summary.json", sources.MARKER):
            found[path.relative_to(run.path).as_posix()] = path.read_bytes()
    return {**found, "summary": {key: value for key, value in run.summary.items() if key != "stages"}}
