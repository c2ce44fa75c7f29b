"""The pre-flight verdict is that of the real XTuner, case by case; repairs load; messages name lines and remedies."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import main
from auditor.loading.faults import REASONS, REMEDIES
from auditor.loading.question import Question, Target
from auditor.outputs.run import Run
from auditor.words import choose
from auditor.xtuner.preflight import check
from auditor.xtuner.repair import repair

HERE = Path(__file__).parent
CASES: dict[str, Any] = json.loads((HERE / "classic_cases.json").read_bytes())
RECORDED: dict[str, Any] = json.loads((HERE / "classic_recorded.json").read_bytes())
LOADER_CASES: dict[str, Any] = json.loads((HERE / "loader_cases.json").read_bytes())
LOADER_RECORDED: dict[str, Any] = json.loads((HERE / "loader_recorded.json").read_bytes())
V1_CASES: dict[str, Any] = json.loads((HERE / "v1_cases.json").read_bytes())
V1_RECORDED: dict[str, Any] = json.loads((HERE / "v1_recorded.json").read_bytes())


def placed(case: dict[str, Any], folder: Path) -> Path:
    """Write a case's file."""
    path = folder / f"data{case['suffix']}"
    path.write_bytes(base64.b64decode(case["base64"]) if "base64" in case else case["text"].encode())
    return path


@pytest.mark.parametrize("target", ["classic", "classic-0.1.23"])
@pytest.mark.parametrize("name", CASES)
def test_verdict_is_that_of_the_real_xtuner(name: str, target: Target, tmp_path: Path) -> None:
    """Loads or not, and how many rows, as recorded by running 0.2.0 and 0.1.23 on the very same bytes."""
    case = CASES[name]
    verdict = check(placed(case, tmp_path), Question(target, case["map_fn"], max_length=512))
    assert verdict.rows_loaded == RECORDED[target][name]["rows"]
    assert verdict.loads == (RECORDED[target][name]["rows"] is not None)
    assert verdict.loads or any(fault.fatal for fault in verdict.faults)
    assert all(fault.message and fault.hint for fault in verdict.faults)


@pytest.mark.parametrize("target", ["classic", "classic-0.1.23"])
@pytest.mark.parametrize("name", LOADER_CASES)
def test_verdict_on_other_loaders(name: str, target: Target, tmp_path: Path) -> None:
    """MOSS, InternVL, RefCOCO, LLaVA and InternLM's repositories: as their own code did on the very same bytes."""
    case = LOADER_CASES[name]
    asked = Question(target, None if "MOSS" in case["loader"] else "llava_map_fn", case["loader"], max_length=512)
    verdict = check(placed(case, tmp_path), asked)
    assert verdict.rows_loaded == LOADER_RECORDED[target][name]["rows"]
    assert verdict.loads or any(fault.fatal for fault in verdict.faults)
    assert all(fault.message and fault.hint for fault in verdict.faults)


def test_what_stands_beside_a_file(tmp_path: Path) -> None:
    """MOSS's loader reads a stale copy, and tokenised rows are found by their .meta alone."""
    path = tmp_path / "data.jsonl"
    path.write_text(LOADER_CASES["moss_ok"]["text"])
    assert [fault.code for fault in check(path, Question(loader="MOSSSFTDataset")).faults] == []
    (tmp_path / "data_data_LlamaTokenizer_None").touch()
    assert [fault.code for fault in check(path, Question(loader="MOSSSFTDataset")).faults] == ["F343"]
    tokens = tmp_path / "a.bin"
    tokens.write_text('{"tokens": [1, -2]}\n')
    asked = Question(loader="build_packed_dataset(load_intern_repo_tokenized_dataset)")
    assert [fault.code for fault in check(tokens, asked).faults] == ["F342"]
    (tmp_path / "a.bin.meta").touch()
    assert (check(tokens, asked).loads, check(tokens, asked).rows_loaded) == (True, 1)


@pytest.mark.parametrize("name", V1_CASES)
def test_verdict_is_that_of_v1(name: str, tmp_path: Path) -> None:
    """Loads or not, as recorded from V1."""
    asked = Question("v1", "OpenaiTokenizeFunctionConfig", template="qwen3")
    verdict = check(placed(V1_CASES[name], tmp_path), asked)
    assert verdict.loads == V1_RECORDED[name]["loads"]
    assert all(fault.message and fault.hint for fault in verdict.faults)


@pytest.mark.parametrize("target", ["classic", "classic-0.1.23", "v1"])
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["suffix"] in {".jsonl", ".json"}])
def test_repaired_files_load(name: str, target: Target, tmp_path: Path) -> None:
    """A repaired copy loads with all its rows, or nothing was left to repair."""
    case = CASES[name]
    source = placed(case, tmp_path)
    asked = Question(target, "OpenaiTokenizeFunctionConfig" if target == "v1" else case["map_fn"])
    if name == "88_utf16":
        return
    done = repair(source, asked, tmp_path / "fixed" / source.name)
    again = check(done.path, asked)
    impossible = {"105_dates", "106_array_dates"}  # every answer is a date: no row alone is wrong
    rows = done.kept + done.mended
    if rows and name not in impossible:
        assert again.loads, [fault.message for fault in again.faults]
        assert again.rows_loaded == rows
    assert source.read_bytes() == placed(case, tmp_path).read_bytes()


def test_every_fault_has_reason_and_remedy() -> None:
    """No code without words."""
    assert REASONS.keys() == REMEDIES.keys()


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The command names file, line, reason and remedy; 3 where XTuner would stop; --fix writes what loads."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITOR_LANG", "en")
    choose("auto")
    Path("a.jsonl").write_text('{"conversation": [{"input": "Q", "output": "A"}]}\n{"conversation": [{"inp\n')
    assert main(["check", "a.jsonl"]) == 3
    told = capsys.readouterr().out
    assert "XTuner 0.2.0 does not load it" in told
    assert "F101" in told
    assert "(line 2)" in told
    assert main(["check", "a.jsonl", "--json", "--fix"]) == 3
    held = json.loads(capsys.readouterr().out)
    assert held["files"][0]["faults"][0] | {"message": "", "hint": ""} == {
        "code": "F101", "line": 2, "lines": [2], "count": 1, "message": "", "hint": "", "fatal": True,
    }  # fmt: skip
    assert main(["check", "a.fixed.jsonl"]) == 0
    assert "loads 1 of 1 rows" in capsys.readouterr().out
    assert main(["--lang", "zh", "check", "a.jsonl"]) == 3
    assert "XTuner 0.2.0 无法加载" in capsys.readouterr().out
    choose("auto")
    assert main(["check", "missing.jsonl"]) == 3
    assert "no such file" in capsys.readouterr().out


def test_lengths_by_estimate_and_by_a_tokenizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model's tokenizer decides where the estimate only guesses; what is cut or dropped is told with its count."""
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.models.WordLevel({"a": 0, "?": 1}, unk_token="?")
    made = tokenizers.Tokenizer(words)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")  # a token for each character
    made.save(str(tmp_path / "tokenizer.json"))
    rows = [("Q", "A"), ("Q", "extraordinary " * 5), ("Q" * 40, "A")]
    path = tmp_path / "a.jsonl"
    path.write_text(
        "".join(json.dumps({"conversation": [{"input": q, "output": a}]}) + "\n" for q, a in rows), encoding="utf-8"
    )
    command = ["check", str(path), "--max-length", "40", "--json"]
    assert main(command) == 0
    (held,) = json.loads(capsys.readouterr().out)["files"]
    assert (held["rows_loaded"], held["faults"]) == (3, [])
    assert main([*command, "--tokenizer", str(tmp_path)]) == 0
    (held,) = json.loads(capsys.readouterr().out)["files"]
    assert held["rows_loaded"] == 2
    assert [(fault["code"], fault["line"]) for fault in held["faults"]] == [("F312", 2), ("F332", 3)]
    assert all("by its tokenizer" in fault["message"] for fault in held["faults"])
    assert main(["check", str(path), "--tokenizer", str(tmp_path / "none")]) == 2


CONFIG = """
from datasets import load_dataset
from xtuner.dataset import process_hf_dataset
from xtuner.dataset.map_fns import alpaca_map_fn
from xtuner.engine.hooks import EvaluateChatHook
root = 'data/'
train_dataloader = dict(dataset=dict(type=process_hf_dataset, dataset_map_fn=alpaca_map_fn, max_length=64,
    dataset=dict(type=load_dataset, path='json', data_files=[root + 'a.json'])))  # 数据
custom_hooks = [
    dict(type=EvaluateChatHook, evaluation_inputs=['q'], generation_kwargs=dict(max_new_tokens=9)),
    dict(type=EvaluateChatHook, evaluation_inputs=['q']),
]
"""


def test_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration's own traps, its data sets in their dialect, and a cleaned copy that changes paths only."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITOR_LANG", "en")
    choose("auto")
    Path("data").mkdir()
    row = {
        "instruction": "写一个故事",
        "input": None,
        "output": "从前有一座山，山里有一座庙，庙里有一个老和尚在讲故事。",
    }
    Path("data/a.json").write_text(json.dumps([row, row, {**row, "output": "另一个回答，与前面的没有关系。"}]))
    Path("cfg.py").write_text(CONFIG)
    assert main(["check", "cfg.py", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert {fault["code"] for fault in held["files"][0]["faults"]} == {"F320", "F321"}
    assert (held["files"][1]["rows_loaded"], held["files"][1]["map_fn"]) == (3, "alpaca_map_fn")
    assert [fault["code"] for fault in held["files"][1]["faults"]] == ["F309"]
    assert main(["scan", "cfg.py", "--no-report"]) == 0
    assert main(["clean", "cfg.audit", "--xtuner-config", "cfg.py"]) == 0
    assert "+    dataset=dict(type=load_dataset" in capsys.readouterr().out
    changed = CONFIG.replace("root + 'a.json'", "'cfg.audit/cleaned/a.json'")
    assert Path("cfg_cleaned.py").read_text() == changed
    assert len(json.loads(Path("cfg.audit/cleaned/a.json").read_bytes())) == 2
    assert main(["clean", "cfg.audit", "--xtuner-config", "cfg.py"]) == 2
    assert "exists already" in capsys.readouterr().err


def test_each_file_is_read_as_its_map_function_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guanaco's marks are plain text to pretrain_map_fn; what the run reads again, it reads the same way."""
    monkeypatch.chdir(tmp_path)
    text = "### Human: 怎么做红烧肉？### Assistant: 先把五花肉切块焯水，再炒糖色，小火慢炖一个小时。"
    Path("a.jsonl").write_text((json.dumps({"text": text}) + "\n") * 3)
    pattern = CONFIG.replace("root + 'a.json'", "'a.jsonl'")
    for name, dialect in (("pretrain_map_fn", "text"), ("oasst1_map_fn", "oasst1")):
        Path(f"{dialect}.py").write_text(pattern.replace("alpaca_map_fn", name))
        assert main(["scan", f"{dialect}.py", "--no-report"]) == 0
        run = Run.open(f"{dialect}.audit")
        assert set(run.samples["dialect"].to_pylist()) == {dialect}
        assert [turn.text for turn in run.turns([0])[0]][-1] == (
            text if dialect == "text" else text.split("Assistant: ")[1]
        )
