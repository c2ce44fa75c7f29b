"""Scan data from Python: ``run = scan("data.jsonl")``."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from auditor import sources
from auditor.audit import Audit, Progress, audit, judged, silent
from auditor.chunks import LONGEST
from auditor.clock import Clock
from auditor.formats import Noted
from auditor.loading.question import Question
from auditor.measure import REACH, REVIEW, SIGNALS, Settings
from auditor.memory import budget
from auditor.near import Budget
from auditor.outputs import folder
from auditor.pack import allow_list
from auditor.rule import Action, Kind, Profile, narrowed, profile, with_limits
from auditor.signals import compat
from auditor.signals.pattern import Pattern
from auditor.store import released, write_bytes
from auditor.wishes import wishes

if TYPE_CHECKING:
    from auditor.outputs.run import Run

STREAMED = {
    "template_share", "template", "prompt_template", "opening", "closing", "inside", "stock", "dialogue", "alike",
    "opposed", "leak_share",
}  # fmt: skip
"""What rules look at that is found from fine tokens."""


def scan(  # noqa: PLR0913  (options of the command line, all with defaults)
    data: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    rules: str | Path = "default",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
    fields: Mapping[str, str] | None = None,
    dialects: Mapping[str, str] | None = None,
    questions: Mapping[str, Question] | None = None,
    noted: Sequence[Noted] = (),
    times: Mapping[str, float] | None = None,
    plan: Mapping[str, Any] | None = None,
    tokenizer: str = "",
    calibrated: bool = False,
    workers: int | None = None,
    memory: str | None = None,
    longest: int | None = None,
    report: bool = True,
    language: str = "auto",
    redact: str = "",
    overwrite: bool = False,
    against: str | Path | Sequence[str | Path] = (),
    exact: bool = False,
    allow: str | Path | None = None,
    progress: Progress = silent,
) -> "Run":
    """Audit training data and write a run folder, by default ``<input stem>.audit/``; return it opened.

    ``data`` is what the command line takes: files, folders, globs, addresses. ``rules`` names a profile or its file;
    ``select`` and ``ignore`` narrow it by prefixes of codes, ``limits`` change thresholds (``{"D102": 0.85}``).
    ``against`` names test and evaluation data that must not leak into it. ``exact`` compares all rows for near
    duplicates, so that none is missed; ``memory`` is what may be filled (``4G``; by default half of what there is).
    ``allow`` names a file that lists repetition that is meant. By path of a file or its folder, ``dialects`` says in
    which dialect it is read, where rows are not to be recognised one by one, ``questions`` how XTuner reads it, and
    ``times`` how often in an epoch; ``noted`` is what is wrong with a configuration. ``plan`` changes what a profile's
    plan is asked for (``auditor.wishes``); ``tokenizer`` names a model whose own tokens are counted, too.
    ``calibrated`` plants near duplicates in a shadow of the data and writes what was found of them to
    ``calibration.json``. Raises ``auditor.errors.AuditorError``.
    """
    inputs = [str(item) for item in ([data] if isinstance(data, str | Path) else data)]
    chosen = _allowing(with_limits(profile(str(rules), select, ignore), limits or {}), allow)
    chosen = replace(chosen, wishes=wishes(plan or {}, chosen.wishes))
    target = Path(out) if out is not None else default_folder(inputs)
    work = folder.begin(target, overwrite=overwrite)
    found, skipped = sources.find(inputs, work)
    found = [
        replace(
            source,
            dialect=_by_path(source.path, dialects) or "",
            question=_by_path(source.path, questions),
            times=_by_path(source.path, times) or 1.0,
        )
        for source in found
    ]
    settings = replace(_settings(chosen, fields or {}, longest or LONGEST), exact=exact, tokenizer=tokenizer)
    held_out = [str(item) for item in ([against] if isinstance(against, str | Path) else against)]
    others, lost = sources.find(held_out, work) if held_out else ([], [])
    clock, room = Clock(), Budget(workers or cores(), budget(memory))
    result = audit(found, [*skipped, *lost], settings, chosen, work, room, progress, others, noted, clock)
    released()
    with clock.stage("write") as done:
        written = folder.write(target, result, room.workers)
        rows = result.corpus.rows
        done |= {"rows": rows, "bytes": folder.size(target)}
    if calibrated:
        from auditor.calibrate import calibrate  # noqa: PLC0415

        with clock.stage("calibrate") as done:
            progress("calibrate", None)
            told = calibrate(result.corpus, settings, work / "calibrate", room)
            done |= {"rows": told["planted"]}
        write_bytes(target / "calibration.json", folder.dumped(told))
    folder.timed(target, clock.stages)
    folder.seal(target, result, written.inputs)
    del result  # a report needs what was written, and nothing else
    released()
    from auditor.outputs.run import Run  # noqa: PLC0415  (what reads Parquet is loaded while texts are measured)

    run = Run.open(target)
    if report:
        with clock.stage("report") as done:
            progress("report", None)
            page = _rendered(Run.open(target, written.tables), language, redact=redact)
            done |= {"rows": rows, "bytes": folder.size(page.parent)}
        folder.timed(target, clock.stages)
        folder.reseal(target)
        run = Run.open(target)
    return run


Said = TypeVar("Said")


def _by_path(path: str, said: Mapping[str, Said] | None) -> Said | None:
    """Return what is said of a file, or of the nearest folder that it lies in."""
    places = [path, *(parent.as_posix() for parent in Path(path).parents)]
    return next((said[place] for place in places if place in said), None) if said else None


def render(run: "Run", language: str = "auto", *, single_file: bool = False, redact: str = "") -> Path:
    """Write a run's report (again); return the page to open. ``redact``: mask or hash hides the texts."""
    page = _rendered(run, language, single_file=single_file, redact=redact)
    folder.reseal(run.path)
    return page


def _rendered(run: "Run", language: str, *, single_file: bool = False, redact: str = "") -> Path:
    from auditor.outputs import html  # noqa: PLC0415  (templates are loaded only where a report is wanted)

    return html.render(run, language, single_file=single_file, redact=redact)


def judge(  # noqa: PLR0913  (options of the command line, all with defaults)
    run: "Run",
    out: str | Path | None = None,
    *,
    rules: str | Path | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
    plan: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    allow: str | Path | None = None,
) -> Audit:
    """Judge a run's measurements by other rules, without its data; with ``out`` a run folder is written.

    Where ``rules`` names none, the run's own are narrowed and changed.

    What is written equals what a scan with these rules would write, byte for byte (but for seconds), unless the run
    looked for pairs further down than such a scan would. Raises UsageError where a rule asks for what was not measured.
    """
    from auditor.outputs import restored  # noqa: PLC0415  (a scan does not read runs back)

    base = narrowed(run.profile, select, ignore) if rules is None else profile(str(rules), select, ignore)
    chosen = _allowing(with_limits(base, limits or {}), allow)
    chosen = replace(chosen, wishes=wishes(plan or {}, chosen.wishes))
    needs = {rule.code: _settings(Profile("", (rule,)), {}, LONGEST) for rule in chosen.rules}
    held = restored.restored(run, chosen, _settings(chosen, {}, LONGEST), needs)
    result = judged(held, chosen, dict(run.summary["stages"]), cores())
    if out is not None:
        folder.begin(Path(out), overwrite=overwrite)
        written = folder.write(Path(out), result, cores(), run.manifest["inputs"])
        folder.seal(Path(out), result, written.inputs)
    return result


def _allowing(chosen: Profile, allow: str | Path | None) -> Profile:
    """Add the entries of an allow-list to a profile's own."""
    return chosen if allow is None else replace(chosen, allowed=(*chosen.allowed, *allow_list(Path(allow))))


def default_folder(inputs: Sequence[str]) -> Path:
    """Return where a run goes unless the user says: beside nothing, in the working folder, named after the input.

    >>> default_folder(["data/train.jsonl.gz"]).name
    'train.audit'
    """
    first = "stdin" if inputs[0] == "-" else Path(inputs[0].rstrip("/")).name or "data"
    return Path(f"{first.split('.')[0] or first}.audit")


def _settings(chosen: Profile, fields: Mapping[str, str], longest: int) -> Settings:
    """Return what must be measured for a profile's rules."""
    targets = {rule.target for rule in chosen.of(Kind.SIGNAL)}
    wanted = {"shape"}
    if chosen.of(Kind.LOOP) or any(target.startswith("loop") for target in targets):
        wanted.add("loops")
    if any(target.startswith(("top_", "dup_", "repeated_", "distinct_")) for target in targets):
        wanted.add("repeats")
    if any(rule.target in STREAMED for rule in chosen.rules):
        wanted.add("streams")
    if any(rule.target == "structure" for rule in chosen.rules):
        wanted.add("layout")
    wanted |= {compat.pack_of(target) for target in targets}
    near = chosen.of(Kind.RELATION, "near")
    levels = [float(rule.where["threshold"]) for rule in near] or [REACH]
    drops = [rule for rule in near if rule.action is Action.DROP]
    return Settings(
        threshold=max(levels),
        review=min(levels),
        contained=max((float(rule.where.get("contained", 0)) for rule in drops), default=0.0),
        reach=min(REACH, max(levels)),
        tie=min(REVIEW if len(drops) < len(near) or not near else REACH, *levels),
        fields=fields,
        longest=longest,
        signals=tuple(name for name in (*SIGNALS, *compat.PACKS) if name in wanted),
        patterns=tuple(_patterns(chosen)),
    )


def _patterns(chosen: Profile) -> Iterator[Pattern]:
    """Yield the patterns of rules and of allow-lists."""
    for rule in chosen.rules:
        if rule.pattern:
            yield Pattern(rule.target, rule.pattern, rule.where.get("in", "answer"))
    for entry in chosen.allowed:
        if entry.by == "pattern":
            yield Pattern(entry.column, entry.values[0], "both")


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
