"""The command line as users meet it: exit codes, streams, errors of one sentence and one hint."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import COMMANDS, cli, main
from auditor.shipped import DEMO
from auditor.words import choose

ROW = '{"conversation": [{"input": "问", "output": "一条很普通的回答，没有什么特别。"}]}\n'


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs in a folder of its own, in English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITOR_LANG", "en")
    choose("auto")


def auditor(*arguments: str, data: bytes | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the installed command in a process of its own."""
    held = {**os.environ, "AUDITOR_LANG": "en", **environment}
    return subprocess.run(
        [sys.executable, "-m", "auditor", *arguments], input=data, capture_output=True, check=False, env=held
    )


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Every command explains itself and each of its options."""
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        told = capsys.readouterr().out
        assert "Usage: auditor" in told
        command: Any = cli.get_command(None, name)  # type: ignore[arg-type]
        assert all(param.help for param in command.params if param.param_type_name == "option"), name


def test_a_day_with_the_auditor(capsys: pytest.CaptureFixture[str]) -> None:
    """Scan, clean, verify, show, rules, report: each says what it did, on standard output."""
    assert main(["scan", str(DEMO), "-o", "run", "--no-report"]) == 0
    told = capsys.readouterr().out
    assert "Act before you train." in told
    assert "read 301 = kept 258 + dropped 42 + rejected 1" in told
    assert main(["clean", "run"]) == 0
    assert "read 301 = kept 258 + dropped 42 + rejected 1" in capsys.readouterr().out
    assert len(Path("run/cleaned/recipes.jsonl").read_bytes().splitlines()) == 108
    assert len(json.loads(Path("run/cleaned/code.json").read_bytes())) == 74
    reasons = [json.loads(line) for line in Path("run/dropped/assistant.jsonl").read_bytes().split(b"\n")[:-1]]
    assert len(reasons) == 35
    assert {entry["action"] for entry in reasons} == {"drop", "reject"}
    near = next(entry for entry in reasons if entry.get("rule") == "D102")
    assert near["keeper"]["file"].endswith("assistant.jsonl")
    assert near["similarity"] >= 0.8
    assert near["raw"].startswith('{"messages"')
    assert main(["verify", "run"]) == 0
    assert main(["show", "run", "recipes.jsonl:78", "--chars", "100"]) == 0
    assert "L101" in capsys.readouterr().out
    assert main(["rules"]) == 0
    assert main(["rules", "d102"]) == 0
    assert "proved pair by pair" in capsys.readouterr().out


def test_dry_run_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Counting is possible without writing."""
    main(["scan", str(DEMO), "-o", "run", "--no-report"])
    assert main(["clean", "run", "--dry-run"]) == 0
    assert "nothing was written" in capsys.readouterr().out
    assert not Path("run/cleaned").exists()


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is the summary and nothing else."""
    main(["scan", str(DEMO), "-o", "run", "--no-report", "--json"])
    assert json.loads(capsys.readouterr().out) == json.loads(Path("run/summary.json").read_bytes())
    main(["clean", "run", "--json"])
    assert sum(item["kept"] for item in json.loads(capsys.readouterr().out)["files"]) == 258
    main(["rules", "L101", "--json"])
    assert json.loads(capsys.readouterr().out)[0]["code"] == "L101"


def test_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole conversation is possible in Chinese."""
    try:
        assert main(["--lang", "zh", "scan", str(DEMO), "-o", "run", "--no-report"]) == 0
        assert "训练之前需要处理" in capsys.readouterr().out
        assert main(["--lang", "zh", "scan", "missing"]) == 2
        assert "找不到文件：missing" in capsys.readouterr().err
    finally:
        choose("auto")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["scan"], 2, "missing: DATA..."),
        (["scan", "nowhere.jsonl"], 2, "no such file: nowhere.jsonl"),
        (["scan", "x.jsonl", "--wat"], 2, "no such option: --wat"),
        (["scna", "x.jsonl"], 2, "no such command: scna; did you mean scan?"),
        (["scan", "x.jsonl", "--profile", "nope"], 2, "no profile nope"),
        (["scan", "x.jsonl", "--select", "Z9"], 2, "no rule begins with Z9"),
        (["scan", "x.jsonl", "--fields", "question=q"], 2, "--fields does not know question"),
        (["scan", "x.jsonl", "--workers", "0"], 2, "--workers"),
        (["scan", "odd.jsonl"], 3, "no known shape has the keys wat, ever"),
        (["scan", "empty.jsonl"], 3, "the input holds no rows"),
        (["scan", "x.jsonl", "-o", "x.jsonl"], 4, "x.jsonl is not a folder"),
        (["scan", "x.jsonl", "-o", "full"], 2, "full is not empty and no run"),
        (["clean", "full"], 5, "full holds no finished run"),
        (["clean", "nowhere"], 2, "no such run: nowhere"),
        (["verify", "full"], 5, "no finished run"),
        (["rules", "X1"], 2, "no rule X1"),
        (["scan", "x.zip"], 3, "x.zip: a zip archive: unpack it first"),
    ],
)
def test_errors(arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence and, where there is one, a hint; never a traceback; the exit code says whose fault it is."""
    Path("x.jsonl").write_text(ROW)
    Path("odd.jsonl").write_text('{"wat": 1, "ever": 2}\n' * 3)
    Path("empty.jsonl").write_text("")
    Path("x.zip").write_bytes(b"PK\x03\x04")
    Path("full").mkdir()
    Path("full/mine.txt").write_text("x")
    assert main(arguments) == code
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.startswith("error: ")
    assert told.out == ""
    assert Path("full/mine.txt").exists()


@pytest.mark.parametrize("left", [{"name": "default"}, [], "no JSON"])
def test_rules_of_another_version(left: object, capsys: pytest.CaptureFixture[str]) -> None:
    """A run whose rules cannot be read is an error that says so."""
    Path("x.jsonl").write_text(ROW * 3)
    assert main(["scan", "x.jsonl", "-o", "run", "--no-report"]) == 0
    Path("run/rules.json").write_text(left if isinstance(left, str) else json.dumps(left))
    capsys.readouterr()
    assert main(["judge", "run", "-o", "other"]) == 5
    assert "the rules of run are damaged, or of another version" in capsys.readouterr().err


def test_unknown_shape_shows_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A file of unknown shape beside a known one is an error that names the keys and --fields; the rest is audited."""
    Path("a.jsonl").write_text(ROW)
    Path("b.jsonl").write_text('{"q": "问", "task": {"gt": "一条很普通的回答，没有什么特别。"}}\n' * 2)
    assert main(["scan", "a.jsonl", "b.jsonl", "-o", "run", "--no-report"]) == 3
    told = capsys.readouterr()
    assert "b.jsonl: no known shape has the keys q, task (2 rows, the whole file)" in told.err
    assert "--fields prompt=…,answer=…" in told.err
    assert "read 3 = kept 1 + dropped 0 + rejected 2" in told.out
    assert main(["scan", "b.jsonl", "-o", "two", "--no-report", "--fields", "prompt=q,answer=task.gt"]) == 0
    assert "read 2 = kept 1 + dropped 1 + rejected 0" in capsys.readouterr().out


def test_strict_rejects_bad_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A bad line is set aside, or with --strict is an error; the run is written either way."""
    Path("x.jsonl").write_text(ROW + "{broken\n" + ROW)
    assert main(["scan", "x.jsonl", "--no-report"]) == 0
    assert main(["scan", "x.jsonl", "--no-report", "--overwrite", "--strict"]) == 3
    assert "rejected 1" in capsys.readouterr().out
    assert main(["clean", "x.audit"]) == 0
    assert Path("x.audit/cleaned/x.jsonl").read_text() == ROW


def test_a_run_is_not_replaced_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """An old run stays until --overwrite says otherwise."""
    Path("x.jsonl").write_text(ROW)
    assert main(["scan", "x.jsonl", "--no-report"]) == 0
    assert main(["scan", "x.jsonl", "--no-report"]) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert main(["scan", "x.jsonl", "--no-report", "--overwrite"]) == 0


def test_changed_inputs_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Cleaning reads what was scanned, or nothing."""
    Path("x.jsonl").write_text(ROW * 2)
    main(["scan", "x.jsonl", "--no-report"])
    Path("x.jsonl").write_text(ROW * 3)
    assert main(["clean", "x.audit"]) == 3
    assert "is not what was scanned" in capsys.readouterr().err
    Path("x.jsonl").unlink()
    assert main(["clean", "x.audit"]) == 3
    assert "is gone" in capsys.readouterr().err


def test_standard_input_and_pipes() -> None:
    """A dash reads standard input; a closed pipe ends quietly."""
    done = auditor("scan", "-", "-o", "run", "--no-report", data=(ROW * 3).encode())
    assert done.returncode == 0
    assert b"kept 1 + dropped 2" in done.stdout
    assert Path("run/cleaned").exists() is False
    process = subprocess.Popen(
        [sys.executable, "-m", "auditor", "rules", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait() in (0, 141)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_without_half_written_files(number: signal.Signals, code: int) -> None:
    """An interrupted scan leaves no finished run, and says so."""
    with Path("x.jsonl").open("w") as out:
        out.writelines(ROW.replace("普通", f"普通{n}") for n in range(60_000))
    process = subprocess.Popen(
        [sys.executable, "-m", "auditor", "scan", "x.jsonl"], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    end = time.monotonic() + 20
    while not Path("x.audit/work/measure").exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert process.returncode == code
    assert b"Traceback" not in told
    assert not Path("x.audit/manifest.json").exists()
    assert auditor("verify", "x.audit").returncode == 5
    assert auditor("scan", "x.jsonl", "--no-report", "--overwrite").returncode == 0


def test_narrow_terminals_and_old_locales() -> None:
    """Neither an ASCII locale nor a narrow window is an error, and NO_COLOR is kept."""
    Path("名字.jsonl").write_text(ROW * 2)
    done = auditor("scan", "名字.jsonl", "--no-report", LC_ALL="C", PYTHONUTF8="0", COLUMNS="20", NO_COLOR="1")
    assert done.returncode == 0
    assert b"\x1b[" not in done.stdout


def test_control_characters_are_spelt_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Names and texts cannot speak to the terminal, nor to the library that draws tables."""
    name = "a\x1b[2J[bold]b.jsonl"
    nasty = "[/INST] [bold] \\x1b]0;title\\u0007 <|im_start|> \\u202e"
    Path(name).write_text(
        json.dumps({"text": "x" * 30}) + "\n" + f'{{"text": "{nasty}"}}\n'.replace("\\x1b", "\\u001b")
    )
    assert main(["scan", name, "-o", "run", "--no-report"]) == 0
    assert main(["clean", "run"]) == 0
    assert main(["show", "run", f"{name}:2"]) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "[/INST] [bold] \\x1b]0;title\\x07" in told


def test_start_up_is_light() -> None:
    """Help answers without any heavy library; a scan needs neither pandas nor datasets, datasketch or scipy."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "auditor", "--help"], capture_output=True, check=True, text=True
    )
    heavy = {"numpy", "pyarrow", "rich", "jinja2", "ruamel", "orjson"}
    assert not heavy & {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    Path("x.jsonl").write_text(ROW)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "auditor", "scan", "x.jsonl"],
        capture_output=True,
        check=True,
        text=True,
    )
    names = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert not {"pandas", "datasets", "datasketch", "scipy", "fsspec"} & names


def test_demo_is_a_scan_of_the_demo_data(capsys: pytest.CaptureFixture[str]) -> None:
    """The demo scans what ships, as the scan command would, and a second time too."""
    for _ in range(2):
        assert main(["demo", "-o", "shown.audit", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["totals"]["samples"] == 300
    assert Path("shown.audit/report/overview.html").is_file()
