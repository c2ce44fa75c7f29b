"""Check data files or a whole configuration: every file that XTuner would read, and the configuration's own traps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.loading.faults import Fault, Faults
from auditor.loading.loader_rows import suffixes_of
from auditor.loading.question import Question, Target
from auditor.sources import SUFFIXES
from auditor.vocab import Counter
from auditor.words import say
from auditor.xtuner.config import Config, located, looks_like_one, read
from auditor.xtuner.parts import Dataset
from auditor.xtuner.preflight import Verdict, check, guessed


@dataclass(frozen=True)
class Review:
    """What a check found: a verdict for each file, and the configurations they came from."""

    verdicts: Sequence[Verdict]
    configs: Sequence[Config] = ()
    paths: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What the user asked for beside the files: which XTuner, map function, environment, and how long rows may be."""

    target: Target | None = None
    map_fn: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    max_length: int | None = None
    count: Counter | None = None

    def of(self, question: Question) -> Question:
        """Return a question with what the user said about lengths."""
        return replace(question, max_length=self.max_length or question.max_length, count=self.count)


def review(inputs: Sequence[str], wanted: Wanted) -> Review:
    """Check everything that inputs name."""
    verdicts: list[Verdict] = []
    configs = []
    for item in inputs:
        path = Path(item)
        if looks_like_one(path):
            config = read(path, wanted.environment)
            configs.append(config)
            verdicts += _config(config, wanted)
        else:
            for file in _files(path):
                verdicts.append(check(file, wanted.of(_question(file, wanted))))
    return Review(verdicts, configs)


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or the data files below a folder."""
    if not path.is_dir():
        yield path
        return
    yield from sorted(file for file in path.rglob("*") if file.is_file() and file.name.endswith(SUFFIXES))


def _question(path: Path, wanted: Wanted) -> Question:
    target = wanted.target or "classic"
    if wanted.map_fn is not None:
        return Question(target, None if wanted.map_fn == "None" else wanted.map_fn)
    return guessed(path, target) if path.is_file() else Question(target)


def _config(config: Config, wanted: Wanted) -> Iterator[Verdict]:
    """Yield the verdict on a configuration itself, then one for each file that it reads."""
    target: Target = wanted.target or config.target
    faults = config_faults(config)
    yield Verdict(config.path.as_posix(), Question(target), not any(f.fatal for f in faults), None, 0, faults)
    for data in config.datasets:
        for name in data.files:
            place = located(name, config.path)
            question = wanted.of(question_of(data, target))
            for file in _read_by(place, target, suffixes_of(data.loader)):
                yield check(file, question)


def question_of(data: Dataset, target: Target) -> Question:
    """Return how a configuration's data set is read."""
    inner = data.loader.partition("(")[2].rstrip(")") or data.loader
    loader = f"{data.loader}" if "preference" in data.loader or "intern_repo" in data.loader else inner
    asked = Question(target, data.map_fn and data.map_fn.rpartition(".")[2], loader, data.template, data.max_length)
    return replace(asked, map_fn="OpenaiTokenizeFunctionConfig") if target == "v1" and data.map_fn is None else asked


def _read_by(place: Path, target: Target, ends: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield what XTuner reads of a path: V1 every ``.jsonl`` below a folder, classic every data file of its loader."""
    if not place.is_dir():
        yield place
    elif target == "v1" or ends:
        yield from sorted(file for file in place.rglob("*") if file.name.endswith(ends or ".jsonl"))
    else:
        yield from _files(place)


def config_faults(config: Config) -> list[Fault]:
    """Return the traps in a configuration: what cannot be resolved, and settings that do not do what they seem to."""
    faults = Faults()
    for entry in config.unresolved:
        faults.add("F333", entry.line, what=entry.what, why=say(entry.why, **entry.values))
    for data in config.datasets:
        if data.hub is not None:
            faults.add("F334", data.line, path=data.hub)
        if data.times > 1:
            faults.add("F322", data.line, times=f"{data.times:g}")
        if data.cache_tag:
            faults.add("F318", data.line, tag=data.cache_tag, folder=data.cache_dir or "cache_dir")
    for hook in config.hooks:
        if "max_new_tokens" in hook.generation:
            faults.add("F320", hook.line, found=hook.max_new_tokens)
    if len(config.hooks) > 1:
        faults.add("F321", config.hooks[1].line, count=len(config.hooks))
    return faults.sorted()
