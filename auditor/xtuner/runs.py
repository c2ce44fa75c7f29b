"""Work folders to evaluations: every source of every run, each answer once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from auditor.errors import AuditorError, InputError, UsageError
from auditor.xtuner import eval_files, logs
from auditor.xtuner.config import read
from auditor.xtuner.evaluation import Evaluation, judged
from auditor.xtuner.parts import Hook

LARGEST = 512 << 20
"""Bytes of one log or output file."""

OURS = "evaluations.jsonl"
"""What ``auditor.xtuner.hook`` writes."""


def gather(places: Iterable[str | Path]) -> list[Evaluation]:
    """Return every evaluation below the places, measured, in order of run, iteration and input."""
    found: list[Evaluation] = []
    for place in places:
        root = Path(place)
        if not root.exists():
            raise UsageError("no such file: {name}", name=root)
        hook = hook_of(root)
        inputs = list(hook.inputs) if hook else []
        files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
        found += _merged([item for path in files for item in _of(path, root, inputs)])
    if not found:
        raise InputError(
            "no evaluation outputs were found",
            hint="give a work folder, eval_outputs_iter_*.txt, a log with Sample output, or lines of prompt and output",
        )
    found.sort(key=lambda item: (item.run, -1 if item.iteration is None else item.iteration, item.config, item.input))
    return judged(found)


def hook_of(root: Path) -> Hook | None:
    """Return the evaluation hook of a work folder's configuration, or None."""
    for path in _configs(root):
        try:
            hooks = read(path).hooks
        except AuditorError:
            continue
        if hooks and hooks[0].inputs:
            return hooks[0]
    return None


def config_of(root: Path) -> Path | None:
    """Return a work folder's configuration, if it has one."""
    return next(iter(_configs(root)), None)


def _configs(root: Path) -> list[Path]:
    """Return the configurations of a work folder, its own before those dumped by its runs."""
    folder = root if root.is_dir() else root.parent
    return [*sorted(folder.glob("*.py")), *sorted(folder.glob("*/vis_data/config.py"))][:50]


def _of(path: Path, root: Path, inputs: Sequence[str]) -> Iterator[Evaluation]:
    """Yield the evaluations of one file, by its name."""
    run = _run(path, root)
    source = path.as_posix()
    if match := eval_files.NAME.search(path.name):
        yield from eval_files.classic(_text(path), source, run, int(match.group(1)) + 1, inputs)
    elif eval_files.ROLLOUT.search(path.name):
        yield from eval_files.rollout(path, _text(path), run)
    elif path.suffix in {".log", ".md", ".txt", ".out"} and (path == root or path.suffix == ".log"):
        text = _text(path)
        if logs.is_log(text):
            yield from logs.evaluations(text, source, run, inputs)
    elif path.suffix in {".jsonl", ".json"} and (path == root or path.name == OURS):
        yield from eval_files.plain(_text(path), source, run)


def _run(path: Path, root: Path) -> str:
    """Name the run that a file belongs to: its dated folder, else the folder of the outputs."""
    inside = path.relative_to(root).parts[:-1] if root.is_dir() else ()
    return inside[0] if inside else root.stem if root.is_file() else root.name


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise InputError("{name} is larger than {limit} bytes", name=path, limit=LARGEST)
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")


def _merged(found: list[Evaluation]) -> list[Evaluation]:
    """Leave out answers of a log that a file of the same run holds too; the file knows the iteration.

    What our own hook wrote holds every answer of its run.
    """
    whole = {item.run for item in found if Path(item.source).name == OURS}
    found = [item for item in found if item.run not in whole or Path(item.source).name == OURS]
    exact = {(item.run, item.prompt, item.answer): item for item in found if item.phase == "checkpoint"}
    kept, seen = [], set()
    for item in found:
        key = (item.run, item.prompt, item.answer)
        if item.phase == "checkpoint":
            continue
        if key in exact and item.phase != "before_train":
            twin = exact[key]
            item = replace(item, iteration=twin.iteration, at_least=False, source=twin.source)  # noqa: PLW2901
            seen.add(key)
        kept.append(item)
    return kept + [item for key, item in exact.items() if key not in seen]
