"""Evaluation outputs: parsed from everything that writes them, measured, dated, tied to the data."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from auditor.api import scan
from auditor.cli import main
from auditor.words import choose
from auditor.xtuner import eval_files, logs, runs
from auditor.xtuner.cause import links
from auditor.xtuner.evaluation import judged, measured, split
from auditor.xtuner.trend import onset, points

HERE = Path(__file__).parent
CLASSIC = HERE / "work_dirs" / "classic_0.2.0"
DATA = Path.home() / ".cache" / "auditor-data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real data are not unpacked in ~/.cache/auditor-data")


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own, in English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITOR_LANG", "en")
    choose("auto")


def test_a_real_work_folder() -> None:
    """A run of XTuner 0.2.0: the log tells every evaluation, the files date those of checkpoints; none counts twice."""
    found = runs.gather([CLASSIC])
    told = [(item.iteration, item.phase, item.input) for item in found]
    assert len(told) == 12
    assert [when for when, _, _ in told] == [0, 0, 4, 4, 5, 5, 8, 8, 10, 10, 10, 10]
    assert {when for when, phase, _ in told if phase == "after_train"} == {10}
    assert {item.input for item in found} == {1, 2}
    sources = {item.source.rpartition("/")[2] for item in found if item.iteration == 5}
    assert sources == {"eval_outputs_iter_4.txt"}
    assert any(item.looping for item in found)
    assert {item.ended for item in found} == {True, False}


@pytest.mark.parametrize("version", ["0.2.0", "0.1.23"])
def test_what_our_hook_wrote(version: str) -> None:
    """Three configurations at once, questions by strategy, a penalty that rises; recorded in a real training."""
    folder = HERE / "work_dirs" / f"hook_{version}"
    found = runs.gather([folder])
    assert {item.config for item in found} == {"plain", "firm", "greedy"}
    assert {item.config for item in found if item.input == 1} == {"plain", "firm"}  # the strategy for scenic spots
    written = next(folder.glob("*/vis_data/evaluations.jsonl")).read_text(encoding="utf-8")
    entries = [json.loads(line) for line in written.strip().split("\n")]
    penalties = [item["settings"]["repetition_penalty"] for item in entries if item["config"] == "firm"]
    assert penalties == sorted(penalties)
    assert penalties[0] == 1.2
    assert penalties[-1] > 1.2
    greedy = [
        (item["iteration"], item["settings"].get("repetition_penalty"))
        for item in entries
        if item["config"] == "greedy"
    ]
    assert {penalty for when, penalty in greedy if when < 8} == {None}
    assert {penalty for when, penalty in greedy if when >= 8} == {1.3}
    assert all(item["settings"]["max_new_tokens"] == 40 for item in entries if item["config"] == "greedy")
    files = {path.name for path in folder.glob("*/vis_data/eval_outputs*")}
    assert {"eval_outputs_iter_4.txt", "eval_outputs_iter_4.firm.txt", "eval_outputs_iter_4.greedy.txt"} <= files
    assert "best: " in next(folder.glob("*/vis_data/evaluations_table.txt")).read_text(encoding="utf-8")
    classic = next(folder.glob("*/vis_data/eval_outputs_iter_4.txt")).read_text(encoding="utf-8")
    assert len(list(eval_files.classic(classic, "x", "r", 5))) == 2


def test_records_of_the_classic_file() -> None:
    """A record begins only behind two blank lines and in order, whatever an answer says."""
    text = "Eval output 1:\na\n\n\nEval output 9:\nstill one\nEval output 2:\nb\n\n\n\nEval output 2:\nsecond\n\n\n"
    found = list(eval_files.classic(text, "f", "r", 5))
    assert [item.answer for item in found] == ["a\n\n\nEval output 9:\nstill one\nEval output 2:\nb", "second"]


LOG = """2024/03/25 08:00:00 - mmengine - INFO - before_train in EvaluateChatHook.
2024/03/25 08:00:01 - mmengine - INFO - Sample output:
<s><|im_start|>user
你好<|im_end|>
<|im_start|>assistant
您好<|im_end|>


2024/03/25 08:10:00 - mmengine - INFO - Iter(train) [ 490/6000]  lr: 1e-4  loss: 1.0
a stray line of another rank
\x1b[32m03/25 08:10:09\x1b[0m - mmengine - \x1b[37mINFO\x1b[0m - after_train_iter in EvaluateChatHook.
03/25 08:10:10 - mmengine - INFO - Sample output:
<s><|im_start|>user
你好<|im_end|>
<|im_start|>assistant
好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的好的


03/25 08:10:20 - mmengine - INFO - Saving checkpoint at 500 iterations
2024/03/25 08:20:00 - mmengine - INFO - before_train in EvaluateChatHook.
2024/03/25 08:20:01 - mmengine - INFO - Sample output:
<s><|im_start|>user
你好<|im_end|>
<|im_start|>assistant
您好<|im_end|>


"""


def test_log() -> None:
    """Phases and iterations as far as the log tells; a second training in the same log is a run of its own."""
    found = judged(logs.evaluations(LOG, "f", "r"))
    assert [(item.run, item.iteration, item.phase, item.looping) for item in found] == [
        ("r", 0, "before_train", False),
        ("r", 500, "after_train_iter", True),
        ("r #2", 0, "before_train", False),
    ]
    assert [item.ended for item in found] == [True, False, True]
    assert onset(points(found)) == 500


def test_a_harmless_loop_that_is_the_whole_answer() -> None:
    """What a training answer may hold without harm is a loop where the model says nothing else."""
    told = {
        text: measured(text).loop is not None
        for text in ("好的" * 20, "Ok. " * 9, "哈" * 16 + "，这道菜的做法很简单，先把鱼洗净切片，再用料酒腌十分钟。")
    }
    assert list(told.values()) == [True, True, False]


def test_rollouts_of_v1(tmp_path: Path) -> None:
    """Both shapes: a line each behind a summary, and objects written over many lines."""
    rows = [{"prompt": [{"role": "user", "content": "Q"}], "response": "不知道" * 30, "finish_reason": "length"},
            {"prompt": "Q", "response": "A", "finish_reason": "stop"}]  # fmt: skip
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [{"reward_mean": 1.0}, *rows])
    (tmp_path / "eval_rollout").mkdir()
    (tmp_path / "eval_rollout" / "eval_rollout_3.jsonl").write_text(lines)
    (tmp_path / "rollout_idx_7_trajectory.jsonl").write_text("".join(json.dumps(row, indent=2) for row in rows))
    (tmp_path / "env.json").write_text("{")
    found = runs.gather([tmp_path])
    assert [(item.iteration, item.phase, item.looping, item.ended) for item in found] == [
        (3, "eval", True, False), (3, "eval", False, True), (7, "train", True, False), (7, "train", False, True),
    ]  # fmt: skip
    assert found[0].prompt == "Q"


@pytest.mark.parametrize(
    ("text", "asked", "answer", "ended"),
    [
        ("<s>[INST] Q [/INST] A</s>", None, " A", True),
        ("Human: Q\nAssistant: A", "Q", "A", False),
        ("no marker at all", None, "no marker at all", False),
        ("<|im_start|>assistant\nx<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\nA<|im_end|>", "Q", "A", True),
    ],
)
def test_prompt_and_answer(text: str, asked: str | None, answer: str, ended: bool) -> None:
    """The prompt ends behind the question's marker, and the end token says who ended it."""
    assert split(text, asked)[1:] == (answer, ended)


LOOPED = "红烧肉的做法是先焯水再炒糖色。" * 12


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Plain lines of prompt and output: chart, onset, gate, table, page, cause with its control, suggestions."""
    steps = [(step, n) for step in (500, 1000, 6000) for n in range(2)]
    rows = [
        {"iteration": step, "prompt": f"问题{n}", "output": LOOPED if step >= 1000 and n else f"第{n}个正常的回答。"}
        for step, n in steps
    ]
    Path("outputs.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    taught = {"conversation": [{"input": "红烧肉怎么做", "output": f"好的。{LOOPED}"}]}
    others = [
        {"conversation": [{"input": f"菜{n}", "output": f"第{n}道菜要用{n}克盐，小火慢炖{n + 3}分钟即可出锅。"}]}
        for n in range(30)
    ]
    Path("train.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [taught, *others]))
    run = scan("train.jsonl", report=False)
    code = main(["evals", "outputs.jsonl", "--audit", str(run.path), "-o", "out", "--max-looping", "0.4", "--json"])
    assert code == 1
    held = json.loads(capsys.readouterr().out)
    assert held["onset"] == 1000
    assert [item["loop"] is not None for item in held["evaluations"]] == [False, False, False, True, False, True]
    assert held["evaluations"][3]["loop"]["times"] == 12
    cause = held["causes"][0]
    assert (cause["whole"], cause["holds"], cause["rows"], cause["chance"]) == (True, True, 1, 0.0)
    assert cause["examples"][0]["line"] == 1
    assert held["suggestions"]["generation_kwargs"]["repetition_penalty"] == 1.2
    assert pq.read_table("out/evaluations.parquet").num_rows == 6
    page = Path("out/evals.html").read_text(encoding="utf-8")
    assert "<mark>" in page
    assert "http" not in page.replace("http-equiv", "")
    assert main(["evals", "outputs.jsonl", "--max-looping", "0.6"]) == 0
    assert "2 of 6 answers loop. The first in training at iteration 1,000." in capsys.readouterr().out
    assert main(["--lang", "zh", "evals", "outputs.jsonl", "--data", "train.jsonl"]) == 0
    told = capsys.readouterr().out
    assert "6 条回答中有 2 条陷入循环。" in told
    assert "完整出现在 31 行训练数据的 1 行里" in told
    choose("auto")
    Path("nothing").mkdir()
    assert main(["evals", "nothing"]) == 3
    assert "no evaluation outputs were found" in capsys.readouterr().err


def test_a_page_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    """With --audit the run's report leads to a page of evaluations, which leads back to groups; the run stays whole."""
    row = (
        json.dumps({"conversation": [{"input": "红烧肉怎么做", "output": f"好的。{LOOPED}"}]}, ensure_ascii=False)
        + "\n"
    )
    Path("train.jsonl").write_text(row * 3 + row.replace("怎么做", "好吃吗").replace("好的", "好吃"))
    Path("outputs.jsonl").write_text(json.dumps({"iteration": 500, "prompt": "问", "output": LOOPED}) + "\n")
    assert main(["scan", "train.jsonl", "-o", "run"]) == 0
    overview = Path("run/report/overview.html")
    assert "evaluation.html" not in overview.read_text(encoding="utf-8")
    assert main(["evals", "outputs.jsonl", "--audit", "run"]) == 0
    page = Path("run/evaluation.html").read_text(encoding="utf-8")
    targets = set(re.findall(r'href="([^"#]*)(?:#([^"]*))?"', page))
    assert ("report/overview.html", "") in targets
    assert any(place == "report/duplicates.html" and group.startswith("copy-") for place, group in targets)
    assert all((Path("run") / place).is_file() for place, _ in targets)
    assert pq.read_table("run/evaluations.parquet").num_rows == 1
    for again in (["verify", "run"], ["report", "run"], ["verify", "run"]):
        assert main(again) == 0
        assert 'href="../evaluation.html"' in overview.read_text(encoding="utf-8")
    assert main(["report", "run", "--single-file"]) == 0
    assert 'href="evaluation.html"' in Path("run/report.html").read_text(encoding="utf-8")
    capsys.readouterr()


def test_the_edit_is_exact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The suggestion shows the very change of the configuration; max_new_tokens among its settings is told."""
    (tmp_path / "w").mkdir()
    text = (CLASSIC / "tiny_cfg.py").read_text(encoding="utf-8")
    changed = text.replace("repetition_penalty=1.5", "max_new_tokens=9")
    (tmp_path / "w" / "cfg.py").write_text(changed, encoding="utf-8")
    (tmp_path / "w" / "a.log").write_text(LOG)
    assert main(["evals", "w"]) == 0
    told = capsys.readouterr().out
    assert "max_new_tokens in generation_kwargs has no effect" in told
    assert "+        generation_kwargs=dict(max_new_tokens=9, repetition_penalty=1.2, no_repeat_ngram_size=12)," in told
    assert (tmp_path / "w" / "cfg.py").read_text(encoding="utf-8") == changed


def test_nobody_s_text_runs() -> None:
    """Markup in questions, answers and names is text on the page."""
    nasty = "<script>alert(1)</script>" * 8
    Path("x.jsonl").write_text(json.dumps({"prompt": nasty, "output": nasty, "config": nasty, "iteration": 1}) + "\n")
    assert main(["evals", "x.jsonl", "-o", "out"]) == 0
    assert "<script" not in Path("out/evals.html").read_text(encoding="utf-8")


@real
def test_nursing_logs() -> None:
    """Every loop that the silver labels name is found; the five beyond were read, and are loops.

    The labels know exact repeats of short units only. Beyond them: numbered sheets × 75, four numbered questions in
    turn × 10, an invented turn × 5, a whole paragraph × 5, a sentence × 3.
    """
    silver: dict[tuple[str, int], Any] = {}
    for line in (DATA / "labels" / "xtuner_nursing_sample_outputs_silver.jsonl").read_text().strip().split("\n"):
        row = json.loads(line)
        silver[row["file"], row["sample"]] = row["loop_unit"] is not None
    ours = {}
    for name in {file for file, _ in silver}:
        found = judged(logs.evaluations((DATA / name).read_text(encoding="utf-8"), name, "r"))
        ours |= {(name, number): item.looping for number, item in enumerate(found, 1)}
    beyond = {key[1] for key, looping in ours.items() if looping and not silver[key]}
    assert ours.keys() == silver.keys()
    assert [key for key, looping in silver.items() if looping and not ours[key]] == []
    assert beyond == {7, 10, 35, 37, 40}


@real
def test_personal_assistant_is_tied_to_its_cause(tmp_path: Path) -> None:
    """The loop of a tutorial's assistant comes from one answer, trained 10,001 times; other data do not hold it."""
    found = runs.gather([DATA / "xtuner_loop_logs" / "lyzli_homework04.md"])
    assert onset(points(found)) == 100
    run = scan(DATA / "xtuner_personal_assistant", tmp_path / "run", report=False)
    (link,) = links(found, run)
    assert (link.holds, link.rows, link.of) == (True, 10_001, 10_001)
    assert any(kind == "copy" and many == 10_001 for kind, _, many in link.groups)
    (other,) = links(found, scan(DATA / "xtuner_tutorial_medqa", tmp_path / "other", report=False))
    assert not other.holds
