"""Measure quality on real data: one JSON document and one table.

    python benchmarks/quality.py --data DIR [--only NAME]… [--json FILE] [--hits FILE]

DIR holds archives (NAME.tar.xz) or folders of the sets that docs/quality.md names; a set that is absent is named as
absent and never counted as passed. Every figure goes through ``auditor.scan``; expected values are computed here by
other means.
"""

import argparse
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import patterns
import pyarrow.compute as pc

from auditor import scan
from auditor.outputs.cleaned import clean
from auditor.signals.loops import loops
from auditor.text import jaccard, shingle_hashes, tokens

Rows = list[dict[str, Any]]


@dataclass
class Figure:
    """One measured figure beside the bar it must clear; ``passed`` is None where there is no bar."""

    name: str
    value: Any
    bar: str = ""
    passed: bool | None = None


@dataclass
class Bench:
    """The data and the scratch folder of one measurement."""

    data: Path
    work: Path
    hits: list[str] = field(default_factory=list)

    def root(self, name: str) -> Path | None:
        """Return the folder of a set, unpacked where it is an archive; None if it is absent."""
        folder, archive = self.data / name, self.data / f"{name}.tar.xz"
        if folder.is_dir():
            return folder
        target = self.work / "data" / name
        if not target.is_dir() and archive.is_file():
            with tarfile.open(archive) as held:
                held.extractall(target.parent, filter="data")
        return target if target.is_dir() else None

    def run(self, label: str, *data: Path, **options: Any) -> Any:
        """Scan into a scratch folder."""
        return scan(list(data), self.work / f"{label}.audit", report=False, overwrite=True, **options)

    def rows(self, label: str, rows: Rows) -> Path:
        """Write rows as a file of XTuner's standard form."""
        path = self.work / f"{label}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path


def row(prompt: str, answer: str) -> dict[str, Any]:
    """Return a row of XTuner's standard form."""
    return {"conversation": [{"input": prompt, "output": answer}]}


def lines(path: Path) -> Iterator[Any]:
    """Yield the values of a JSONL file."""
    for line in path.read_bytes().split(b"\n"):
        if line.strip():
            yield json.loads(line)


def near_groups(run: Any) -> list[str | None]:
    """Return what group of copies or near duplicates each sample is in."""
    near, copy = run.samples["near_group"].to_pylist(), run.samples["copy_group"].to_pylist()
    return [a or b for a, b in zip(near, copy, strict=True)]


def personal_assistant(bench: Bench, root: Path) -> list[Figure]:
    """Ten thousand and one equal rows: one group, one line left, equal to the first."""
    source = next(root.glob("*.json"))
    run = bench.run("personal", source)
    sizes = run.groups.filter(pc.equal(run.groups["kind"], "copy"))["size"].to_pylist()
    clean(run, run.path)
    left = json.loads((run.path / "cleaned" / source.name).read_bytes())
    text = source.read_text(encoding="utf-8")
    decoder = json.JSONDecoder()
    _, end = decoder.raw_decode(text, text.index("{"))
    first = text[text.index("{") : end]
    kept = (run.path / "cleaned" / source.name).read_text(encoding="utf-8")
    return [
        Figure("copy groups", sizes, "[10001]", sizes == [10001]),
        Figure("rows left", len(left), "1", len(left) == 1),
        Figure("first row's bytes kept", first in kept, "True", first in kept),
    ]


def recipe_pairs(bench: Bench, root: Path) -> list[Figure]:
    """Recipes that another tool took for duplicates: of pairs that are none, none is tied; all that are, are."""
    traces = bench.root("recipes_dedup_traces")
    if traces is None:
        return [Figure("recipes_dedup_traces", "absent")]
    labels = list(lines(root / "recipe_trace_pairs_silver.jsonl"))
    held: dict[str, Rows] = {}
    rows: Rows = []
    for label in labels:
        held.setdefault(label["file"], list(lines(traces.parent / label["file"])))
        for side in ("dup1", "dup2"):
            recipe = held[label["file"]][label["line"] - 1][side]
            rows.append(row(recipe["name"], "\n".join([*recipe["recipeIngredient"], *recipe["recipeInstructions"]])))
    groups = near_groups(bench.run("recipes", bench.rows("recipes", rows)))
    tied = [groups[2 * n] is not None and groups[2 * n] == groups[2 * n + 1] for n in range(len(labels))]
    wrong = [label for label, hit in zip(labels, tied, strict=True) if hit and label["silver"] == "not_dup"]
    lost = [label for label, hit in zip(labels, tied, strict=True) if not hit and label["silver"] == "near_dup"]
    return [
        Figure("not_dup pairs in one group", len(wrong), "0", not wrong),
        Figure("near_dup pairs apart", [label["name1"] for label in lost], "none", not lost),
        Figure("pairs", dict(Counter(label["silver"] for label in labels))),
    ]


def gsm8k(bench: Bench, root: Path) -> list[Figure]:
    """Two editions of the same questions: aligned pairs over the threshold are found; every pair is as it claims."""
    other = bench.root("sft_alpacadatacleaned")
    if other is None:
        return [Figure("sft_alpacadatacleaned", "absent")]
    left = [row(item["question"], item["answer"]) for item in lines(root / "train.jsonl")]
    right = [
        row(item["instruction"], item["output"])
        for item in json.loads((other / "gsm_8k_train.json").read_text(encoding="utf-8"))
    ]
    run = bench.run("gsm8k", bench.rows("gsm8k", left + right))
    sets = [_shingles(item) for item in left + right]
    threshold = run.summary["settings"]["threshold"]
    groups = near_groups(run)
    true = [n for n in range(len(left)) if jaccard(sets[n], sets[n + len(left)]) >= threshold]
    found = [n for n in true if groups[n] is not None and groups[n] == groups[n + len(left)]]
    pairs = run.pairs.to_pylist()
    claims = [abs(pair["jaccard"] - jaccard(sets[pair["row_a"]], sets[pair["row_b"]])) for pair in pairs]
    recall = len(found) / len(true)
    return [
        Figure("aligned pairs over the threshold", len(true)),
        Figure("of them found", round(recall, 5), ">= 0.995", recall >= 0.995),
        Figure("pairs whose Jaccard is not as claimed", sum(c > 1e-12 for c in claims), "0", max(claims) <= 1e-12),
        Figure("pairs written", len(pairs)),
    ]


def _shingles(held: dict[str, Any]) -> set[int]:
    turn = held["conversation"][0]
    return set(shingle_hashes(tokens(turn["input"]))) | set(shingle_hashes(tokens(turn["output"])))


def gold_loops(bench: Bench, root: Path) -> list[Figure]:
    """The gold set of loops, with its own scorer."""
    sys.path.insert(0, str(root))
    from texts import iter_gold  # type: ignore[import-not-found]  # noqa: PLC0415  (comes with the data)

    _unpack_all(bench)
    held = list(iter_gold(root / "loops_dev.jsonl", _data_root(bench)))
    run = bench.run("gold", bench.rows("gold", [row("?", text) for _, text in held]))
    names = ("loop_kind", "loop_unit", "loop_period", "loop_times", "loop_start", "loop_end", "loop_cut")
    found = run.samples.select(["line", *names]).to_pylist()
    predictions = bench.work / "loops.jsonl"
    with predictions.open("w", encoding="utf-8") as out:
        for (key, _), got in zip(held, found, strict=True):
            hit = got["loop_kind"] not in (None, "debris")
            told = {name: value for name, value in key.items() if name != "cut_rule"} | {"loop": hit}
            if hit:
                told |= {name.removeprefix("loop_"): got[name] for name in names[1:]}
                told["unit_chars"] = got["loop_period"]
            out.write(json.dumps(told, ensure_ascii=False) + "\n")
    command = [sys.executable, str(root / "score_loops.py"), str(root / "loops_dev.jsonl"), str(predictions)]
    told = subprocess.run(
        [*command, "--root", str(_data_root(bench)), "--errors"], check=True, capture_output=True, text=True
    )
    bench.hits.append(told.stdout)
    return _scores(told.stdout)


def _scores(told: str) -> list[Figure]:
    """Read the scorer's table."""
    whole, sure = (float(f1) for f1 in re.findall(r"F1 ([0-9.]+)", told)[:2])
    unit = float(re.search(r"unit match .*= ([0-9.]+)", told)[1])  # type: ignore[index]
    times = float(re.search(r"times within 1 .*?= ([0-9.]+)", told)[1])  # type: ignore[index]
    span = float(re.search(r"span IoU +mean ([0-9.]+)", told)[1])  # type: ignore[index]
    return [
        Figure("F1, all rows", whole, ">= 0.96", whole >= 0.96),
        Figure("F1, not doubtful", sure, ">= 0.98", sure >= 0.98),
        Figure("unit right", unit, ">= 0.98", unit >= 0.98),
        Figure("times right", times, ">= 0.98", times >= 0.98),
        Figure("span IoU, mean", span, ">= 0.97", span >= 0.97),
    ]


def rpg(bench: Bench, root: Path) -> list[Figure]:
    """Code that was given a loop of known unit and count, prompt and continuation as one text.

    Where the text ends within a copy the set states only a piece of the unit. It also counts frames repeated with
    other words, bare numbers and line ends, which are no loops by the public definition, and some counts that the text
    does not bear out; so the rows whose stated unit stands as often in a row as is stated are scored by themselves.
    """
    items = list(lines(root / "ArtificialSynthesis.jsonl"))
    right, looping = 0, []
    for number, item in enumerate(items, 1):
        text = item["prompt"] + item["samples"][0]
        unit = "".join(map(_piece, item["repetition"]["repeated_phrase"]))
        small, stated = _cycle(unit), item["repetition"]["repeated_times"]
        size = len(_squeezed(unit)) or len(unit)
        found = loops(text)
        times = [loop.times * (len(_squeezed(loop.unit)) or 1) / size for loop in found if _same(loop.unit, unit)]
        times += [loop.times for loop in found if _piece_of(_squeezed(unit), _cycle(loop.unit))]
        hit = any(abs(count - stated) <= 1 for count in times)
        right += hit
        runs = re.findall(rf"(?:{re.escape(small)}){{3,}}", _squeezed(text))
        there = any(abs(len(run) / size - stated) <= 1 for run in runs)
        if there and re.search(r"[^\W\d_]", small) and size * stated >= 24:
            looping.append(hit)
        if not hit:
            bench.hits.append(f"rpg {number}: {small[:60]!r} x {stated}, found {times}")
    share = sum(looping) / len(looping)
    return [
        Figure("unit and count right, all rows", round(right / len(items), 4), ">= 0.98", right / len(items) >= 0.98),
        Figure("rows whose stated loop is one by the definition", len(looping)),
        Figure("of them right", round(share, 4), ">= 0.98", share >= 0.98),
    ]


def _piece(token: str) -> str:
    """Return the text of one token as the set writes it."""
    return re.sub(r"<0x([0-9A-F]{2})>", lambda code: chr(int(code[1], 16)), token).replace("\u2581", " ")


def _piece_of(piece: str, unit: str) -> bool:
    """Whether a piece is most of a unit, up to rotation."""
    return 2 * len(piece) > len(unit) and piece in 3 * unit


def _squeezed(text: str) -> str:
    """Return a text without white space, every number as one digit."""
    return re.sub(r"\d+", "0", re.sub(r"\s", "", text))


def _cycle(unit: str) -> str:
    """Return the shortest string whose repetition a repeated unit is, numbers as one digit; line ends as they are."""
    held = (_squeezed(unit * 4)[1:-1] or "0") if unit.strip() else unit * 4
    return next((held[:size] for size in range(1, len(held) // 2 + 1) if held[size:] == held[:-size]), held)


def _same(mine: str, theirs: str) -> bool:
    """Whether two units are one up to rotation."""
    left, right = _cycle(mine), _cycle(theirs)
    return len(left) == len(right) and left in right * 2


ORDINARY = (
    "sft_stanford_alpaca", "sft_llamafactory_demos", "sft_gsm8k", "sft_alpacadatacleaned", "sft_bentsao_medical",
    "xtuner_emollm", "roleplay_huanhuan", "xtuner_tutorial_medqa", "xtuner_tutorial_ruozhiba", "xtuner_self_cognition",
    "recipes_godofcookery_xtuner",
)  # fmt: skip


def ordinary(bench: Bench, _root: Path) -> list[Figure]:
    """Loops found in ordinary training text; each is written to --hits, to be judged by reading."""
    rows = hits = 0
    for name in ORDINARY:
        root = bench.root(name)
        if root is None:
            continue
        run = bench.run(f"ordinary-{name}", root)
        rows += run.samples.num_rows
        hits += _told_hits(bench, run)
    poems = bench.root("scale_chinese_poetry")
    if poems is not None:
        files = sorted(poems.rglob("poet.*.json"))
        run = bench.run("ordinary-poems", *files, fields={"text": "paragraphs"})
        rows += run.samples.num_rows
        hits += _told_hits(bench, run)
    return [Figure("rows", rows), Figure("loops found (to be read)", hits)]


def _told_hits(bench: Bench, run: Any) -> int:
    held = run.samples.filter(
        pc.and_(pc.is_valid(run.samples["loop_kind"]), pc.not_equal(run.samples["loop_kind"], "debris"))
    )
    for item in held.select(["file", "line", "loop_kind", "loop_unit", "loop_times", "loop_severity"]).to_pylist():
        told = f"{item['loop_kind']} {item['loop_times']} x {item['loop_unit'][:60]!r} {item['loop_severity']}"
        bench.hits.append(f"{item['file']}:{item['line']} {told}")
    return int(held.num_rows)


def emollm(bench: Bench, root: Path) -> list[Figure]:
    """The same dialogues three times, in two formats: each one's three rows stand in one group."""
    names = ("datasets__data.json", "evaluate__data_dir__data.json", "evaluate__data_dir__converted.json")
    run = bench.run("emollm", *(root / name for name in names))
    groups = near_groups(run)
    files = run.samples["file"].to_pylist()
    turns = run.samples["turns"].to_pylist()
    by_file = {
        name: [g for g, file, n in zip(groups, files, turns, strict=True) if file.endswith(name) and n]
        for name in names
    }
    first, second, third = by_file.values()
    pairs = [a is not None and a == b for a, b in zip(first, second, strict=True)]
    triples = [a is not None and a == b == c for a, b, c in zip(first, second, third, strict=True)]
    return [
        Figure("dialogues", len(triples)),
        Figure("equal files tied", sum(pairs) / len(pairs), "1.0", all(pairs)),
        Figure("all three tied", round(sum(triples) / len(triples), 4), ">= 0.99", sum(triples) / len(triples) >= 0.99),
    ]


def counts(bench: Bench, _root: Path) -> list[Figure]:
    """Every set scans, with the row counts of an independent count; then all of them in one scan."""
    _unpack_all(bench)
    wrong, sets, total = [], 0, 0
    root = _data_root(bench)
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        files = {
            path: n
            for path in sorted(folder.rglob("*"))
            if path.suffix in (".json", ".jsonl") and (n := _count(path)) is not None
        }
        if not files:
            continue
        sets += 1
        total += sum(files.values())
        read = _read(bench, folder)
        wrong += [] if read == sum(files.values()) else [f"{folder.name}: {read} for {sum(files.values())}"]
    whole = bench.run("everything", root).summary["totals"]["read"]
    return [
        Figure("sets", sets),
        Figure("sets whose rows differ", wrong, "none", not wrong),
        Figure("all in one scan", whole, str(total), whole == total),
    ]


def _read(bench: Bench, folder: Path) -> int:
    """Return how many rows a scan of a folder read; one without a known shape says how many it refused."""
    command = [
        sys.executable,
        "-m",
        "auditor",
        "scan",
        str(folder),
        "--no-report",
        "--overwrite",
        "--json",
        "-o",
        str(bench.work / "count.audit"),
    ]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    if "Traceback" in told.stderr:
        return -1
    if told.stdout:
        return int(json.loads(told.stdout)["totals"]["read"])
    refused = re.search(r"none of ([0-9]+) rows", told.stderr)
    return int(refused[1]) if refused else 0


def _count(path: Path) -> int | None:
    """Count the rows of a file without the auditor: elements of an array, else lines."""
    data = path.read_bytes()
    if data.lstrip()[:1] == b"[":
        try:
            held = json.loads(data)
        except ValueError:
            return data.count(b"\n") + (not data.endswith(b"\n"))
        return len(held)
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def _unpack_all(bench: Bench) -> None:
    for archive in bench.data.glob("*.tar.xz"):
        bench.root(archive.name.removesuffix(".tar.xz"))


def _data_root(bench: Bench) -> Path:
    return bench.work / "data" if any(bench.data.glob("*.tar.xz")) else bench.data


def _figures(measure: Callable[[Bench, Path], patterns.Told]) -> Callable[[Bench, Path], list[Figure]]:
    return lambda bench, root: [Figure(*figure) for figure in measure(bench, root)]


MEASURES: dict[str, tuple[str, Callable[[Bench, Path], list[Figure]]]] = {
    "personal_assistant": ("xtuner_personal_assistant", personal_assistant),
    "recipe_pairs": ("labels", recipe_pairs),
    "gsm8k": ("sft_gsm8k", gsm8k),
    "loops": ("gold_loops", gold_loops),
    "rpg": ("loops_rpg_code", rpg),
    "ordinary": ("sft_stanford_alpaca", ordinary),
    "emollm": ("xtuner_emollm", emollm),
    "counts": ("labels", counts),
    **{name: (needed, _figures(measure)) for name, (needed, measure) in patterns.MEASURES.items()},
}


def main() -> int:
    """Measure, print, and return 1 if a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", action="append", choices=list(MEASURES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--hits", type=Path)
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options.data.resolve(), Path(work))
        for name in options.only or MEASURES:
            needed, measure = MEASURES[name]
            root = bench.root(needed)
            results[name] = [vars(figure) for figure in measure(bench, root)] if root else "absent"
            _print(name, results[name])
        if options.hits:
            options.hits.write_text("\n".join(bench.hits), encoding="utf-8")
    told = json.dumps(results, ensure_ascii=False, indent=1)
    if options.json:
        options.json.write_text(told, encoding="utf-8")
    else:
        print(told)
    return int(any(figure["passed"] is False for held in results.values() if held != "absent" for figure in held))


def _print(name: str, held: Any) -> None:
    if held == "absent":
        print(f"{name:20} absent", file=sys.stderr)
        return
    for figure in held:
        mark = {True: "ok", False: "MISSED", None: ""}[figure["passed"]]
        print(f"{name:20} {figure['name']:42} {figure['value']!s:20} {figure['bar']:10} {mark}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
