"""mmengine logs to evaluations: every ``Sample output``, with its phase and, as far as the log tells, its iteration."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from auditor.xtuner.evaluation import Evaluation, split

HEADER = re.compile(
    r"(?m)^(?:\x1b\[[0-9;]*m)*(?:\d{4}/)?\d\d/\d\d \d\d:\d\d:\d\d(?:\x1b\[[0-9;]*m)* - mmengine - "
    r"(?:\x1b\[[0-9;]*m)*(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)(?:\x1b\[[0-9;]*m)* - "
)
TRAINED = re.compile(r"Iter\(train\)\s*\[\s*(\d+)/\s*\d+\]")
EPOCHS = re.compile(r"Epoch\(train\)\s*\[\s*(\d+)\]\[\s*(\d+)/\s*(\d+)\]")
PHASE = re.compile(r"(before_train|after_train_iter|after_train|after_val)\w* in \w*\.")
SAVED = re.compile(r"Saving checkpoint at (\d+) iterations")
SAMPLE = "Sample output:\n"
EVERY = re.compile(r"every_n_iters=(\d+)")


@dataclass
class _State:
    """Where in the training the log is."""

    seen: int | None = None
    phase: str = ""
    asked: int = 0
    part: int = 1
    """Which training of the log this is; a log may hold several, one after the other."""
    waiting: list[int] = field(default_factory=list)
    """Places of evaluations whose iteration a following ``Saving checkpoint`` will tell."""


def records(text: str) -> Iterator[str]:
    """Yield what follows each header, up to the next."""
    marks = list(HEADER.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        yield text[mark.end() : following.start() if following else len(text)]


def is_log(text: str) -> bool:
    """Say whether a text holds evaluations of mmengine's logger."""
    return SAMPLE in text and HEADER.search(text) is not None


def evaluations(text: str, source: str, run: str, inputs: Sequence[str] = ()) -> list[Evaluation]:
    """Return every evaluation of a log; ``inputs`` are the questions, where a configuration tells them."""
    every = next((int(match.group(1)) for match in EVERY.finditer(text)), 0)
    state, found = _State(), list[Evaluation]()
    for record in records(text):
        _heard(record, state, found)
        if not record.startswith(SAMPLE):
            continue
        state.asked += 1
        asked = inputs[state.asked - 1] if state.asked <= len(inputs) else None
        body = _unfenced(record.removeprefix(SAMPLE)).rstrip("\n")
        prompt, answer, ended = split(body, asked)
        iteration, at_least = _when(state, every)
        state.waiting.append(len(found))
        found.append(
            Evaluation(
                source,
                _named(run, state.part),
                iteration,
                state.phase,
                state.asked,
                prompt,
                answer,
                ended,
                at_least=at_least,
            )
        )
    return found


def _named(run: str, part: int) -> str:
    return run if part == 1 else f"{run} #{part}"


def _heard(record: str, state: _State, found: list[Evaluation]) -> None:
    """Follow the training: the last iteration logged, the phase, and checkpoints that date what stood before."""
    if match := TRAINED.match(record):
        state.seen, state.waiting = int(match.group(1)), []
    elif match := EPOCHS.match(record):
        epoch, step, whole = map(int, match.groups())
        state.seen, state.waiting = (epoch - 1) * whole + step, []
    elif match := PHASE.match(record):
        if match.group(1) == "before_train" and state.phase not in {"", "before_train"}:
            state.part, state.seen = state.part + 1, None
        state.phase, state.asked, state.waiting = match.group(1), 0, []
    elif match := SAVED.match(record):
        for place in state.waiting:
            if found[place].phase != "before_train":
                found[place] = replace(found[place], iteration=int(match.group(1)), at_least=False)
        state.seen, state.waiting = int(match.group(1)), []


def _when(state: _State, every: int) -> tuple[int | None, bool]:
    """Return the iteration of an evaluation as far as it is known, and whether it may be later."""
    if state.phase == "before_train":
        return 0, False
    if state.seen is None:
        return (every, False) if every and state.phase == "after_train_iter" else (None, False)
    if state.phase == "after_train_iter" and every:
        return -(-state.seen // every) * every, False
    return state.seen, state.phase == "after_train_iter"


def _unfenced(text: str) -> str:
    """Cut at the fence that ends a log pasted into Markdown."""
    return text.split("\n```", maxsplit=1)[0]
