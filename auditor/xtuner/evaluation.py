"""One answer of an evaluation: what was asked, what came, and how much of it repeats itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from auditor.signals.loops import Kind, Loop, loops, main_loop
from auditor.text import tokens

MARKERS = (
    "<|im_start|>assistant\n", "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|Bot|>:", "<|assistant|>\n",
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", "<start_of_turn>model\n", "[/INST]", "### Response:\n", "ASSISTANT:",
    "<reserved_107>", "<reserved_103>", "<AI>", "答：", "Assistant: ", "### Assistant:",
    "[UNUSED_TOKEN_146]assistant\n",
)  # fmt: skip
"""What stands before an answer, template by template."""

ENDS = (
    "<|im_end|>", "</s>", "<|eot_id|>", "<|end|>", "<|endoftext|>", "<end_of_turn>", "<eoa>", "<eos>", "<|eos|>",
    "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>", "[UNUSED_TOKEN_145]", "<|user|>",
)  # fmt: skip
"""What stands behind an answer that its model ended."""


MOST = 0.5
"""The share of an answer past which even a harmless loop is what the answer says."""


LONGEST = 200_000
"""Characters of an answer that are measured; a model's context is shorter."""


@dataclass(frozen=True)
class Measured:
    """How much an answer repeats itself: its main loop, the share of it in loops, and shares of n-grams."""

    loop: Loop | None
    share: float
    rep_2: float
    rep_4: float
    distinct_1: float
    distinct_2: float


@dataclass(frozen=True)
class Evaluation:
    """One answer of one evaluation.

    ``iteration`` counts from 1, as checkpoints do (0 before training); None where the source does not tell.
    ``input`` numbers the question from 1; ``ended`` says whether the model ended its answer itself, None: unknown.
    """

    source: str
    run: str
    iteration: int | None
    phase: str
    input: int
    prompt: str
    answer: str
    ended: bool | None
    config: str = ""
    at_least: bool = False
    measured: Measured = field(default_factory=lambda: Measured(None, 0, 0, 0, 1, 1))

    @property
    def looping(self) -> bool:
        """Whether a reader would say that the answer repeats itself."""
        return self.measured.loop is not None


def measured(answer: str) -> Measured:
    """Measure an answer.

    A loop that training data may hold without harm, such as laughter, is one here where it is most of the answer.

    >>> measured("好的。" + "我是小助手" * 20).loop.times, measured("好的" * 20).loop.times
    (20, 20)
    >>> measured("哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈，这个问题问得好，我们先把五花肉切块焯水，再慢慢地炒糖色。").loop
    """
    answer = answer[:LONGEST]
    found = [loop for loop in loops(answer) if loop.kind is not Kind.DEBRIS and _counts(loop, answer)]
    covered = sum(loop.end - loop.start for loop in found)
    words = tokens(answer)
    return Measured(
        main_loop(found), min(1.0, covered / len(answer)) if answer else 0.0,
        1 - distinct(words, 2), 1 - distinct(words, 4), distinct(words, 1), distinct(words, 2),
    )  # fmt: skip


def _counts(loop: Loop, answer: str) -> bool:
    return loop.severity != "harmless" or loop.end - loop.start > MOST * len(answer.strip())


def distinct(words: Sequence[str], size: int) -> float:
    """Return the share of n-grams that are distinct (Li et al. 2016); rep-n is what lacks to one (Welleck et al. 2019).

    >>> distinct(["a", "b", "a", "b"], 2)
    0.6666666666666666
    """
    many = len(words) - size + 1
    return len({tuple(words[at : at + size]) for at in range(many)}) / many if many > 0 else 1.0


def judged(found: Sequence[Evaluation]) -> list[Evaluation]:
    """Measure every answer, equal ones once."""
    held: dict[str, Measured] = {}
    for item in found:
        if item.answer not in held:
            held[item.answer] = measured(item.answer)
    return [replace(item, measured=held[item.answer]) for item in found]


def split(text: str, asked: str | None = None) -> tuple[str, str, bool | None]:
    r"""Split a decoded sequence into prompt and answer, and say whether the model ended it.

    The prompt ends with the first marker behind the question; where no marker is known all is answer.

    >>> split("<|im_start|>user\n你好<|im_end|>\n<|im_start|>assistant\n您好！<|im_end|>")[1:]
    ('您好！', True)
    """
    start = text.find(asked) + len(asked) if asked and asked in text else 0
    places = [(text.find(marker, start), marker) for marker in MARKERS]
    known = [(at, -len(marker), marker) for at, marker in places if at >= 0]
    if not known and start == 0:
        return "", *_ended(text)
    at = min(known)[0] + len(min(known)[2]) if known else start
    return text[:at], *_ended(text[at:])


def _ended(answer: str) -> tuple[str, bool]:
    """Take the end token off an answer, if it has one."""
    body = answer.rstrip("\n")
    for mark in ENDS:
        if body.endswith(mark):
            body = body.removesuffix(mark)
            return body.removesuffix("<|im_end|>").strip("\n"), True
    return body.strip("\n"), False


QUESTION = re.compile(
    r"(?:<\|im_start\|>user\n|<\|User\|>:|<\|user\|>\n|\[INST\]|USER:|### Instruction:\n|问：|"
    r"<start_of_turn>user\n|Human:)"
)


def question(prompt: str) -> str:
    r"""Return what was asked, without the template around it.

    >>> question("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n你好<|im_end|>\n<|im_start|>assistant\n")
    '你好'
    """
    marks = list(QUESTION.finditer(prompt))
    body = prompt[marks[-1].end() :] if marks else prompt
    for marker in (*MARKERS, *ENDS):
        body = body.split(marker)[0]
    return body.strip()
