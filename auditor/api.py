"""Scan data from Python: ``run = scan("data.jsonl")``."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from auditor import sources
from auditor.audit import Progress, audit, silent
from auditor.chunks import LONGEST
from auditor.measure import SIGNALS, Settings
from auditor.outputs import folder
from auditor.outputs.run import Run
from auditor.rule import Kind, Profile, profile

STREAMED = {"template_share", "template", "prompt_template", "opening", "closing", "stock", "dialogue", "leak_share"}
"""What rules look at that is found from fine tokens."""


def scan(  # noqa: PLR0913  (options of the command line, all with defaults)
    data: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    rules: str | Path = "default",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fields: Mapping[str, str] | None = None,
    dialects: Mapping[str, str] | None = None,
    workers: int | None = None,
    longest: int | None = None,
    report: bool = True,
    language: str = "auto",
    redact: str = "",
    overwrite: bool = False,
    against: str | Path | Sequence[str | Path] = (),
    progress: Progress = silent,
) -> Run:
    """Audit training data and write a run folder, by default ``<input stem>.audit/``; return it opened.

    ``data`` is what the command line takes: files, folders, globs, addresses. ``rules`` names a profile or its file;
    ``select`` and ``ignore`` narrow it by prefixes of codes. ``against`` names test and evaluation data that must not
    leak into it. ``dialects`` says, by path, in which dialect a file is read, where rows are not to be recognised one
    by one. Raises ``auditor.errors.AuditorError``.
    """
    inputs = [str(item) for item in ([data] if isinstance(data, str | Path) else data)]
    chosen = profile(str(rules), select, ignore)
    target = Path(out) if out is not None else default_folder(inputs)
    work = folder.begin(target, overwrite=overwrite)
    found, skipped = sources.find(inputs, work)
    found = [replace(source, dialect=(dialects or {}).get(source.path, "")) for source in found]
    settings = _settings(chosen, fields or {}, longest or LONGEST)
    held_out = [str(item) for item in ([against] if isinstance(against, str | Path) else against)]
    others, lost = sources.find(held_out, work) if held_out else ([], [])
    result = audit(found, [*skipped, *lost], settings, chosen, work, workers or cores(), progress, others)
    folder.write(target, result)
    folder.seal(target, result)
    run = Run.open(target)
    if report:
        progress("report", None)
        render(run, language, redact=redact)
    return run


def render(run: Run, language: str = "auto", *, single_file: bool = False, redact: str = "") -> Path:
    """Write a run's report (again); return the page to open. ``redact``: mask or hash hides the texts."""
    from auditor.outputs import html  # noqa: PLC0415  (templates are loaded only where a report is wanted)

    page = html.render(run, language, single_file=single_file, redact=redact)
    folder.reseal(run.path)
    return page


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
    levels = [float(rule.where["threshold"]) for rule in chosen.of(Kind.RELATION, "near")] or [0.8]
    return Settings(
        threshold=max(levels),
        review=min(levels),
        fields=fields,
        longest=longest,
        signals=tuple(name for name in SIGNALS if name in wanted),
    )


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
