"""What XTuner makes of rows and files is told by a scan too, by row and line, with or without a configuration."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from auditor import scan
from auditor.cli import main
from auditor.errors import InputError
from auditor.loading.question import Question
from auditor.outputs.run import Run

XTUNER = Path(__file__).parent / "xtuner"


def told(run: Run) -> list[tuple[str, int | None, str]]:
    """Rule, line, and which XTuner stops, of every finding of the family F."""
    held = [finding for finding in run.findings.to_pylist() if finding["rule"].startswith("F")]
    return [(item["rule"], item["line"], item["note"].rpartition(": ")[2]) for item in held]


def scanned(folder: Path, rows: list[Any], question: Question | None = None, name: str = "a.jsonl") -> Run:
    """Scan rows, a line each, or as they are if they are text."""
    path = folder / name
    path.write_text(
        "".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    )
    asked = {} if question is None else {path.as_posix(): question}
    return scan(path, folder / "run", select=["F"], report=False, questions=asked, overwrite=True)


def alpaca(**more: Any) -> dict[str, Any]:
    """An Alpaca row."""
    return {"instruction": "写一个故事", "output": "从前有一座山。", **more}


def talk(*said: str) -> dict[str, Any]:
    """Messages, by the first letters of their roles."""
    roles = {"u": "user", "a": "assistant", "s": "system"}
    return {"messages": [{"role": roles[who], "content": f"text {at}"} for at, who in enumerate(said)]}


def test_a_field_that_no_row_has_and_one_that_some_lack(tmp_path: Path) -> None:
    """Without input alpaca_map_fn stops; where other rows have it, null is written into the prompt as None."""
    assert told(scanned(tmp_path, [alpaca()] * 3)) == [("F301", 1, "classic only")]
    mixed = [alpaca(input=""), alpaca(), alpaca(input=None), alpaca(input="x")]
    assert told(scanned(tmp_path, mixed)) == [("F309", 2, "no"), ("F309", 3, "no")]
    assert told(scanned(tmp_path, [alpaca(input="")] * 3)) == []


def test_order_of_turns(tmp_path: Path) -> None:
    """What the map functions leave out or join is told with the row; plain and odd rows alike."""
    rows = [talk("s", "u", "a"), talk("a", "u", "a"), talk("u", "a", "u"), talk("u", "u", "a"), talk("u")]
    wanted = [("F308", 5), ("F324", 2), ("F325", 3), ("F325", 5), ("F326", 4)]
    assert [item[:2] for item in told(scanned(tmp_path, rows))] == wanted
    run = scanned(tmp_path, [{**row, "n": [{"deep": "\\ud83d"}], "w": 1e22} for row in rows])
    assert [item[:2] for item in told(run) if item[0] > "F3"] == wanted
    assert run.findings.to_pylist()[0]["row"] is not None


def test_rejected_rows_say_what_xtuner_does(tmp_path: Path) -> None:
    """A row that cannot be audited may load all the same; what is said of it is that of the real XTuner."""
    rows = [{"conversation": [{"input": "Q", "output": "A"}]}, {"conversation": [{"input": "Q"}]}]
    assert told(scanned(tmp_path, rows)) == [("F108", 2, "no"), ("F304", 2, "no")]
    rows[1] = {"conversation": [{"input": "Q", "output": None}]}
    run = scanned(tmp_path, rows)
    assert told(run) == [("F108", 2, "classic only"), ("F305", 2, "classic only")]
    assert (run.summary["totals"]["read"], run.summary["totals"]["rejected"]) == (2, 1)


def test_types_of_turns_over_rows_and_chunks(tmp_path: Path) -> None:
    """Rows far apart whose turns hold other types clash where the second begins."""
    rows: list[Any] = [{"conversation": [{"input": "Q", "output": "A" * 900, "note": "x"}]}] * 6000
    rows.append({"conversation": [{"input": "Q", "output": "A", "note": 3}]})
    assert told(scanned(tmp_path, rows)) == [("F303", 6001, "classic only")]


CLASSIC: dict[str, Any] = json.loads((XTUNER / "classic_cases.json").read_bytes())
CLASSIC_TOLD: dict[str, Any] = json.loads((XTUNER / "classic_recorded.json").read_bytes())["classic"]
V1: dict[str, Any] = json.loads((XTUNER / "v1_cases.json").read_bytes())
V1_TOLD: dict[str, Any] = json.loads((XTUNER / "v1_recorded.json").read_bytes())
BEYOND = {
    "44_concat": "two objects on a line are read by load_dataset alone",
    "91_one_pretty_object": "one object over many lines is read by load_dataset alone",
    "107_cr_only": "bare carriage returns are ends of lines to load_dataset alone",
    "70_system_int": "a number is formatted into the prompt; here it is no text to audit",
    "108_alpaca_list": "a list is formatted into the prompt; here it is no text to audit",
    "120_int_instruction": "a number is formatted into the prompt; here it is no text to audit",
    "105_dates": "only all rows of a file together show it: auditor check",
    "106_array_dates": "only all rows of a file together show it: auditor check",
    "114_infinite": "a number beyond every double: auditor check",
}
"""Cases in which a scan says something else than the real XTuner does, and why."""


def stops(case: dict[str, Any], question: Question, folder: Path, words: str) -> bool:
    """Whether a scan says that XTuner stops at a case's file."""
    path = folder / f"data{case['suffix']}"
    path.write_bytes(base64.b64decode(case["base64"]) if "base64" in case else case["text"].encode())
    try:
        run = scan(path, folder / "run", select=["F"], report=False, questions={path.as_posix(): question})
    except InputError:
        return True
    return any(which in {words, "yes"} for _, _, which in told(run))


@pytest.mark.parametrize("name", CLASSIC)
def test_a_scan_agrees_with_the_real_xtuner(name: str, tmp_path: Path) -> None:
    """A finding says that classic XTuner stops if and only if 0.2.0 did, on the very same bytes."""
    said = stops(CLASSIC[name], Question("classic", CLASSIC[name]["map_fn"]), tmp_path, "classic only")
    assert (said == (CLASSIC_TOLD[name]["rows"] is None)) == (name not in BEYOND)


@pytest.mark.parametrize("name", V1)
def test_a_scan_agrees_with_v1(name: str, tmp_path: Path) -> None:
    """The same for V1."""
    question = Question("v1", "OpenaiTokenizeFunctionConfig", template="qwen3")
    assert stops(V1[name], question, tmp_path, "V1 only") == (not V1_TOLD[name]["loads"])


CONFIG = """
from datasets import load_dataset
from xtuner.dataset import process_hf_dataset, ConcatDataset
from xtuner.dataset.map_fns import alpaca_map_fn, llava_map_fn
from mine import own_map_fn
from xtuner.dataset.llava import LLaVADataset
from xtuner.engine.hooks import EvaluateChatHook
train_dataloader = dict(dataset=dict(type=ConcatDataset, datasets=[
    dict(type=process_hf_dataset, dataset_map_fn=alpaca_map_fn, max_length=8,
         dataset=dict(type=load_dataset, path='json', data_files='long.jsonl')),
    dict(type=process_hf_dataset, dataset_map_fn=alpaca_map_fn,
         dataset=dict(type=load_dataset, path='json', data_files='talk.jsonl')),
    dict(type=process_hf_dataset, dataset_map_fn=None,
         dataset=dict(type=load_dataset, path='json', data_files='none.jsonl')),
    dict(type=process_hf_dataset, dataset_map_fn=None,
         dataset=dict(type=load_dataset, path='json', data_files='bare.jsonl')),
    dict(type=process_hf_dataset, dataset_map_fn=own_map_fn,
         dataset=dict(type=load_dataset, path='json', data_files='own.jsonl')),
    dict(type=process_hf_dataset, dataset_map_fn=alpaca_map_fn,dataset=dict(type=load_dataset,path='hub/alpaca')),
    dict(type=LLaVADataset, data_path='llava.json', dataset_map_fn=llava_map_fn),
    dict(type=process_hf_dataset, dataset_map_fn=None,
         dataset=dict(type=load_dataset, path='json', data_files='empty.jsonl')),
]))
custom_hooks = [dict(type=EvaluateChatHook, evaluation_inputs=['q'], generation_kwargs=dict(max_new_tokens=9))] * 2
"""
V1_CONFIG = """
from xtuner.v1.config import TrainerConfig
from xtuner.v1.datasets import DatasetConfig, OpenaiTokenizeFunctionConfig
trainer = TrainerConfig(dataset_cfg=[
    {"dataset": DatasetConfig(anno_path="array.json", sample_ratio=3.0, cache_tag="t"),
     "tokenize_fn": OpenaiTokenizeFunctionConfig(chat_template="qwen3")}])
"""


def test_with_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader, map function and limits of each file are judged, and the configuration's own traps."""
    monkeypatch.chdir(tmp_path)
    lines = lambda *rows: "".join(json.dumps(row) + "\n" for row in rows)  # noqa: E731
    Path("long.jsonl").write_text(lines(alpaca(input="", output="a b c d e f g h i"), alpaca(input="w " * 30)))
    Path("talk.jsonl").write_text(lines(talk("u", "a"), talk("u", "a")))
    Path("none.jsonl").write_text(lines(alpaca(input="")))
    Path("bare.jsonl").write_text(lines(talk("u", "a")["messages"]))
    turns = [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]
    Path("llava.json").write_text(json.dumps([{"id": "1", "conversations": turns}, {"conversations": turns}]))
    Path("empty.jsonl").write_text("")
    Path("own.jsonl").write_text(lines(talk("u", "a")))
    Path("cfg.py").write_text(CONFIG)
    assert main(["scan", "cfg.py", "--no-report", "-o", "run"]) == 0
    held = {(item["rule"], item["file"], item["line"]) for item in Run.open("run").findings.to_pylist()}
    wanted = {
        ("F312", "long.jsonl", 1), ("F332", "long.jsonl", 2), ("F301", "talk.jsonl", 1), ("F331", "none.jsonl", 1),
        ("F328", "none.jsonl", None), ("F307", "llava.json", 2), ("F314", "empty.jsonl", None),
        ("F330", "bare.jsonl", 1), ("F334", "cfg.py", 19), ("F320", "cfg.py", 24), ("F321", "cfg.py", 24),
        ("F329", "cfg.py", 18),
    }  # fmt: skip
    assert wanted <= held
    assert not [item for item in held - wanted if item[0] > "F3" and item[1] != "bare.jsonl" and item[0] < "L"]


def test_with_a_configuration_of_v1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """V1 reads lines only; a ratio over one and a cache tag are told."""
    monkeypatch.chdir(tmp_path)
    Path("array.json").write_text(json.dumps([talk("u", "a"), talk("u", "a"), alpaca(input="")]))
    Path("cfg.py").write_text(V1_CONFIG)
    assert main(["scan", "cfg.py", "--no-report", "-o", "run"]) == 0
    held = {(item["rule"], item["file"], item["line"]) for item in Run.open("run").findings.to_pylist()}
    wanted = {
        ("F301", "array.json", 3), ("F313", "array.json", None), ("F318", "cfg.py", 5), ("F322", "cfg.py", 5),
    }  # fmt: skip
    assert wanted <= held
