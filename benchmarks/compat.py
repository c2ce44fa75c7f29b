"""Hold the numbers of the compat packs to the tools they are named after, on real rows.

    python benchmarks/compat.py --data FOLDER --envs FOLDER [--rows 2000] [--out docs]

``--envs`` holds one environment for each tool, made like this:

    python -m venv datatrove;       datatrove/bin/pip install datatrove==0.10.1 spacy==3.8.18
    python -m venv compat-dolma;    compat-dolma/bin/pip install --no-deps dolma==1.2.1 msgspec 'numpy<2'
    python -m venv compat-curator;  compat-curator/bin/pip install --no-deps nemo-curator==1.4.0 loguru
    python -m venv compat-redpajama/venv; compat-redpajama/venv/bin/pip install nltk msgspec numpy typing_extensions
    git clone https://github.com/togethercomputer/RedPajama-Data compat-redpajama/RedPajama-Data  (at 855a8e0)

The rows are taken at even steps from the files below, go through
``auditor scan --profile compat-all``, and are read again from the run; the tools get the same texts.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from auditor import scan
from auditor.rule import profile
from auditor.signals.compat import pack_of

FILES = (
    ("sft_stanford_alpaca/alpaca_5000.json", {}),
    ("sft_llamafactory_demos/alpaca_zh_demo.json", {}),
    ("sft_llamafactory_demos/c4_demo.jsonl", {}),
    ("sft_llamafactory_demos/glaive_toolcall_en_demo.json", {}),
    ("sft_bentsao_medical/llama_data.json", {}),
    ("recipes_godofcookery_xtuner/eval_dataset_test.json", {}),
    ("xtuner_emollm/datasets__aiwei.json", {}),
    ("scale_alpaca_eval_outputs/Mixtral-8x7B-Instruct-v0.1/model_outputs.json", {}),
    (
        "loops_coderepetition_outputs/repetition/CodeLlama3/GreedySearch/HumanEval_CodeLlama3.jsonl",
        {"prompt": "prompt", "answer": "predict"},
    ),
    (
        "loops_contrastive_search_gpt2/greedy/greedy_result.json",
        {"prompt": "prefix_text", "answer": "generated_result.0"},
    ),
)
TOOLS = ("datatrove", "redpajama", "dolma", "curator")
CLOSE = 1e-6


def main() -> int:
    """Measure by both, compare, print a page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--envs", type=Path, required=True)
    options.add_argument("--rows", type=int, default=2000)
    options.add_argument("--out", type=Path, help="Write the differences here, row by row.")
    given = options.parse_args()
    texts, ours, where = rows(given.data, given.rows)
    print(f"{len(texts)} rows of {len(FILES)} sets, {sum(map(len, texts)):,} characters")
    listed, failed = [], 0
    for tool in TOOLS:
        theirs = scored(tool, texts, given.envs)
        found = list(differences(tool, ours, theirs, where))
        total = sum(pack_of(name).startswith(tool) for name in ours)
        causes = Counter(item["cause"] for item in found)
        failed += causes[""]
        print(f"\n{tool} ({pinned(tool, given.envs)}): {total * len(texts):,} numbers, {len(found)} differ")
        other = scored(tool, texts, given.envs, "1")
        moved = sum(a.get(name) != b[name] for a, b in zip(theirs, other, strict=True) for name in b)
        print(f"  it differs from itself in {moved} numbers when Python's hash seed is another")
        for cause, number in causes.most_common():
            print(f"  {number:>6}  {cause or 'NOT EXPLAINED'}")
        listed += found
    if given.out:
        lines = [
            f"{d['tool']}\t{d['row']}\t{d['measure']}\t{d['auditor']}\t{d['theirs']}\t{d['cause']}" for d in listed
        ]
        given.out.write_text("\n".join(["tool\trow\tmeasure\tauditor\ttheirs\tcause", *lines, ""]), encoding="utf-8")
    agreement(ours, len(texts))
    return 1 if failed else 0


def rows(data: Path, wanted: int) -> tuple[list[str], dict[str, np.ndarray], list[str]]:
    """Take rows at even steps from every file, as many as it has or are due: texts, our numbers, places."""
    texts, columns, where = [], {}, []
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            (name, scan(data / name, Path(folder) / str(at), rules="compat-all", report=False, fields=fields))
            for at, (name, fields) in enumerate(FILES)
        ]
        runs.sort(key=lambda item: item[1].samples.num_rows)
        for at, (name, run) in enumerate(runs):
            due = min(run.samples.num_rows, (wanted - len(texts)) // (len(runs) - at))
            chosen = np.linspace(0, run.samples.num_rows - 1, due).astype(int)
            for row, turns in run.turns(chosen).items():
                texts.append("\n".join(turn.text for turn in turns if turn.trained))
                where.append(f"{name}:{run.samples['line'][row].as_py()}")
            for column in run.samples.column_names:
                if pack_of(column):
                    columns.setdefault(column, []).append(run.samples[column].to_numpy()[chosen])
    return texts, {name: np.concatenate(parts) for name, parts in columns.items()}, where


def scored(tool: str, texts: list[str], envs: Path, seed: str = "0") -> list[dict]:
    """Let a tool score texts in its own environment; ``seed`` orders Python's hashes there."""
    more = [str(envs / "compat-redpajama" / "RedPajama-Data")] if tool == "redpajama" else []
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    script = Path(__file__).with_name("compat_peers.py")
    done = subprocess.run(
        [python(tool, envs), str(script), tool, *more], input=lines, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{tool}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def python(tool: str, envs: Path) -> str:
    """Return a tool's interpreter."""
    folder = {"datatrove": "datatrove", "redpajama": "compat-redpajama/venv"}.get(tool, f"compat-{tool}")
    return str(envs / folder / "bin" / "python")


def pinned(tool: str, envs: Path) -> str:
    """Return the versions that a tool was installed in."""
    if tool == "redpajama":
        return "togethercomputer/RedPajama-Data at 855a8e0"
    names = {"datatrove": ("datatrove", "spacy"), "dolma": ("dolma",), "curator": ("nemo-curator",)}[tool]
    code = f"from importlib.metadata import version\nprint(*(n + ' ' + version(n) for n in {names}), sep=', ')"
    return subprocess.run([python(tool, envs), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def differences(tool: str, ours: dict, theirs: list[dict], where: list[str]):
    """Yield every number that is not equal, with its cause where it is a known fault of the tool."""
    for column, values in ours.items():
        name = column.partition("_")[2]
        if not column.startswith(f"{tool}_"):
            continue
        for at, (mine, held) in enumerate(zip(values.tolist(), theirs, strict=True)):
            other = held.get(name)
            equal = np.isnan(mine) if other is None else abs(mine - other) <= CLOSE
            if not equal:
                cause = explained(tool, name, mine, other, held)
                yield {
                    "tool": tool,
                    "row": where[at],
                    "measure": name,
                    "auditor": mine,
                    "theirs": other,
                    "cause": cause,
                }
    if tool == "datatrove":
        yield from verdicts(ours, theirs, where)


def explained(tool: str, name: str, mine: float, other: float | None, held: dict) -> str:
    """Return the fault of the tool that explains a difference."""
    ties = held.get(f"ties_{name[4:5]}", [])
    if tool == "curator" and name.startswith("top_") and other is not None and len(ties) > 1:
        among = all(min(abs(value - tie) for tie in ties) <= CLOSE for value in (mine, other))
        return "several n-grams are equally frequent: it takes one by the order of Python's hashes" if among else ""
    return ""


def verdicts(ours: dict, theirs: list[dict], where: list[str]):
    """Yield the rows where the first limit that we see passed is not the one that datatrove's filters name."""
    order = [("dup_paragraph", "dup_para_frac"), ("dup_paragraph_chars", "dup_para_char_frac"),
             ("dup_line", "dup_line_frac"), ("dup_line_chars", "dup_line_char_frac"),
             *((f"top_{n}gram", f"top_{n}_gram") for n in (2, 3, 4)),
             *((f"dup_{n}gram", f"duplicated_{n}_n_grams") for n in range(5, 11))]  # fmt: skip
    limits = {rule.target: rule.where["above"] for rule in profile("compat-fineweb").rules}
    for at, held in enumerate(theirs):
        passed = [says for name, says in order if ours[f"datatrove_{name}"][at] > limits[f"datatrove_{name}"]]
        mine = "empty" if np.isnan(ours["datatrove_dup_line"][at]) else (passed or [""])[0]
        if mine != held["verdict"]:
            yield {
                "tool": "datatrove",
                "row": where[at],
                "measure": "verdict",
                "auditor": mine,
                "theirs": held["verdict"],
                "cause": "",
            }
        value = ours["fineweb_dup_line_chars"][at]
        mine = value > limits["fineweb_dup_line_chars"]
        if not np.isnan(value) and mine != (held["fineweb"] == "char_dup_ratio"):
            yield {
                "tool": "datatrove",
                "row": where[at],
                "measure": "fineweb",
                "auditor": mine,
                "theirs": held["fineweb"],
                "cause": "",
            }


def agreement(ours: dict, number: int) -> None:
    """Print how many rows each pack calls repetitive, and how many any two agree on."""
    hits = {}
    for tool, name in zip(TOOLS, ("gopher", "redpajama", "dolma", "nemo"), strict=True):
        hit = np.zeros(number, bool)
        for rule in profile(f"compat-{name}").rules:
            values, where = ours[rule.target], rule.where
            hit |= values < where["below"] if "below" in where else values > where["above"]
        hits[tool] = hit
    print(f"\nrows called repetitive, of {number}")
    for tool, hit in hits.items():
        both = "  ".join(f"{other} {int((hit & hits[other]).sum()):>5}" for other in TOOLS)
        print(f"  {tool:<10} {int(hit.sum()):>5}   also by: {both}")
    votes = np.sum(list(hits.values()), axis=0)
    print("  by none, one, two, three, all:", *np.bincount(votes, minlength=5).tolist())


if __name__ == "__main__":
    sys.exit(main())
