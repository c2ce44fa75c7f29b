"""Files of evaluations other than logs: XTuner's own, V1's rollouts, and plain lines of prompt and output."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.xtuner.evaluation import Evaluation, split

RECORD = re.compile(r"(?:\A|(?<=\n\n\n))Eval output (\d+):\n")
NAME = re.compile(r"eval_outputs_iter_(\d+)\.txt\Z")
ROLLOUT = re.compile(
    r"(?:(?P<phase>train|eval)_rollout_(?P<a>\d+)|rollout_idx_(?P<b>\d+)_trajectory|eval_(?P<c>\d+)_trajectory)\.jsonl\Z"
)
PROMPTS, OUTPUTS = (
    ("prompt", "input", "question", "instruction", "query"),
    ("output", "response", "answer", "completion"),
)


def classic(text: str, source: str, run: str, iteration: int, inputs: Sequence[str] = ()) -> Iterator[Evaluation]:
    """Read ``eval_outputs_iter_N.txt``; its N counts from 0, so that it goes with the checkpoint ``iter_{N+1}``."""
    marks, wanted = [], 1
    for mark in RECORD.finditer(text):
        if int(mark.group(1)) == wanted:
            marks.append(mark)
            wanted += 1
    for number, (mark, following) in enumerate(zip(marks, [*marks[1:], None], strict=True), 1):
        body = text[mark.end() : following.start() if following else len(text)].removesuffix("\n\n\n")
        asked = inputs[number - 1] if number <= len(inputs) else None
        prompt, answer, ended = split(body, asked)
        yield Evaluation(source, run, iteration, "checkpoint", number, prompt, answer, ended)


def rollout(path: Path, text: str, run: str) -> Iterator[Evaluation]:
    """Read a V1 rollout: one JSON object a line behind a summary, or objects written over many lines."""
    match = ROLLOUT.search(path.name)
    assert match
    step = int(next(match.group(name) for name in "abc" if match.group(name)))
    phase = "eval" if path.name.startswith("eval") else "train"
    number = 0
    for entry in objects(text):
        if "response" not in entry:
            continue
        number += 1
        reason = entry.get("finish_reason")
        ended = None if reason is None else reason != "length"
        answer = entry["response"] if isinstance(entry["response"], str) else json.dumps(entry["response"])
        yield Evaluation(path.as_posix(), run, step, phase, number, _asked(entry.get("prompt")), answer, ended)


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a text, wherever lines end; a broken end is left out."""
    decoder, at = json.JSONDecoder(), 0
    while (at := text.find("{", at)) >= 0:
        try:
            held, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            return
        if isinstance(held, dict):
            yield held


def _asked(prompt: Any) -> str:  # noqa: ANN401
    """Return a prompt as text: the last message of a list."""
    if isinstance(prompt, list):
        said = [item.get("content") for item in prompt if isinstance(item, Mapping)]
        return next((text for text in reversed(said) if isinstance(text, str)), "")
    return str(prompt or "")


def plain(text: str, source: str, run: str) -> Iterator[Evaluation]:
    """Read lines of ``{prompt, output}`` (and ``iteration``, ``config``, ``input``, ``ended``) from anything else."""
    order: dict[tuple[Any, Any], dict[str, int]] = {}
    for entry in objects(text):
        answer = next((entry[key] for key in OUTPUTS if isinstance(entry.get(key), str)), None)
        if answer is None:
            continue
        prompt = next((_asked(entry[key]) for key in PROMPTS if key in entry), "")
        iteration, config = entry.get("iteration"), str(entry.get("config") or "")
        numbers = order.setdefault((iteration, config), {})
        given = entry.get("input_index")
        number = given if isinstance(given, int) else numbers.setdefault(prompt, len(numbers) + 1)
        ended = entry.get("ended")
        when = iteration if isinstance(iteration, int) else None
        phase = str(entry.get("phase") or "")
        yield Evaluation(
            source, run, when, phase, number, prompt, answer, ended if isinstance(ended, bool) else None, config
        )
