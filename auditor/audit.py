"""The whole way: sources, reader, signals and sketches, relations, rules, plan."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor import allow, formats, judge, plan
from auditor import corpus as corpora
from auditor import near as neighbourhood
from auditor.allow import Allowance
from auditor.chunks import Chunk
from auditor.clock import Clock, Stage
from auditor.corpus import Corpus
from auditor.engines import local
from auditor.errors import InputError
from auditor.formats import Noted
from auditor.groups import Groups, groups_of, joined, listed
from auditor.judge import Findings, Relations
from auditor.kernels.flat import Ints
from auditor.measure import Piece, Settings, measure
from auditor.metadata import metadata
from auditor.near import Budget
from auditor.patterns import TARGETS, Patterns, Shown
from auditor.plan import Plan
from auditor.reader import stream
from auditor.relations.neighbours import Neighbours
from auditor.relations.ties import Cut, decided, moved
from auditor.rule import Kind, Profile
from auditor.source import Source
from auditor.sources import Skipped
from auditor.store import released
from auditor.wishes import Wishes

NOTHING = Chunk(0, 1, b"", None, [], [])
"""A chunk without rows: stands for a source without any, so that it is measured like the others."""


class Progress(Protocol):
    """Hears how far a scan is: the stage, and the share of its work that is done (None: unknown)."""

    def __call__(self, stage: str, share: float | None) -> None:
        """Hear."""


def silent(stage: str, share: float | None) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Measured:
    """What no rule changes: samples, the pairs that were verified (of rows that stand for their copies), patterns."""

    corpus: Corpus
    skipped: Sequence[Skipped]
    near: Neighbours | None
    patterns: Patterns


@dataclass(frozen=True)
class Audit:
    """Everything a scan found, before it is written down."""

    corpus: Corpus
    skipped: Sequence[Skipped]
    profile: Profile
    relations: Relations
    groups: Groups
    findings: Findings
    plan: Plan
    allowance: Allowance
    spared: NDArray[np.bool_]
    stages: Mapping[str, Stage]


def audit(  # noqa: PLR0913, PLR0917  (one argument for each thing a scan needs)
    sources: Sequence[Source],
    skipped: Sequence[Skipped],
    settings: Settings,
    profile: Profile,
    work: Path,
    budget: Budget,
    progress: Progress = silent,
    against: Sequence[Source] = (),
    noted: Sequence[Noted] = (),
    clock: Clock | None = None,
) -> Audit:
    """Measure, relate and judge; ``work`` takes what units commit. Raises InputError where no sample was read.

    ``against`` is what must not leak into the data: test and evaluation sets; ``noted`` are a configuration's faults.
    """
    if not sources:
        raise _unread(skipped)
    clock = clock or Clock()
    with clock.stage("measure") as done:
        corpus = measured(sources, settings, work / "measure", budget.workers, progress)
        done |= {"rows": int(corpus.read.sum()), "bytes": sum(source.size for source in sources)}
    if not corpus.rows:
        raise _nothing(corpus)
    corpus = formats.settled(corpus, noted)
    whole: Stage = {"rows": corpus.rows, "bytes": int(corpus.lengths.sum())}
    with clock.stage("relate") as done:
        progress("relate", None)
        done.update(whole)
        rank = corpora.canonical(corpus)
        near = related(corpus, profile, rank, work, budget)
    released()
    with clock.stage("patterns") as done:
        progress("patterns", None)
        done.update(whole)
        held_out = measured(against, settings, work / "against", budget.workers) if against else None
        looked = _patterns(corpus, profile, rank, held_out, budget.workers)
        corpus = corpora.with_columns(corpus, looked.columns)
        if "metadata" in profile.wishes.prefer:
            corpus = corpora.with_columns(corpus, {"metadata": pa.array(metadata(corpus, alike(corpus, near)))})
    released()
    with clock.stage("judge") as done:
        progress("judge", None)
        done.update(whole)
        return judged(Measured(corpus, skipped, near, looked), profile, clock.stages, budget.workers)


def judged(held: Measured, profile: Profile, stages: Mapping[str, Stage], workers: int = 1) -> Audit:
    """Apply rules to what was measured; nothing is read."""
    corpus = held.corpus
    relations = relate(held, profile.wishes, workers)
    groups = grouped(corpus, profile, relations)
    allowed = allow.allowance(corpus, profile.allowed, groups)
    findings = allow.marked(judge.met(profile, corpus, groups), allowed, groups)
    fates = plan.decide(corpus, profile, relations, groups)
    spared = allow.spare(fates, allowed)
    found = groups, findings, fates, allowed, spared
    return Audit(corpus, held.skipped, profile, relations, *found, stages)


def measured(
    sources: Sequence[Source], settings: Settings, work: Path, workers: int, progress: Progress = silent
) -> Corpus:
    """Measure every sample of some sources."""
    pieces = _pieces(sources, settings.longest, progress)
    return corpora.loaded(
        list(local.run(work, partial(measure, settings=settings), pieces, workers)), sources, settings
    )


def _pieces(sources: Sequence[Source], longest: int, progress: Progress) -> Iterator[Piece]:
    """Yield every chunk of every source."""
    whole = sum(source.size for source in sources) or 1
    done = 0
    for number, source in enumerate(sources):
        found = stream(source, longest)
        for chunk in chain([next(found, NOTHING)], found):
            yield Piece(number, chunk, source.dialect, source.question)
            share = (done + min(source.size, chunk.offset + len(chunk.data))) / whole
            progress("measure", None if source.compression else min(1.0, share))
        done += source.size


def related(corpus: Corpus, profile: Profile, rank: Ints, work: Path, budget: Budget) -> Neighbours | None:
    """Verify pairs of near duplicates, if the profile's rules ask for any."""
    if not profile.of(Kind.RELATION, "near"):
        return None
    copy = corpora.copied(corpus, "sample", rank)
    return neighbourhood.near(corpus, copy, rank, work / "near", budget)


def _patterns(corpus: Corpus, profile: Profile, rank: Ints, held_out: Corpus | None, workers: int) -> Patterns:
    """Look for what rules ask for of all samples together."""
    if not TARGETS & {rule.target for rule in profile.rules}:
        return Patterns()
    from auditor.patterns import search  # noqa: PLC0415  (not every scan needs it)

    prompt, answer = (corpora.copied(corpus, view, rank) for view in ("prompt", "answer"))
    return search.found(corpus, profile, rank, prompt, answer, held_out, workers)


def alike(corpus: Corpus, near: Neighbours | None) -> Ints:
    """Return the rows that may be kept or dropped for others."""
    hit = corpora.copied(corpus, "sample", np.arange(corpus.rows)).group >= 0
    if near is not None:
        hit[near.pairs] = True
    return np.flatnonzero(hit)


def relate(held: Measured, wishes: Wishes, workers: int = 1) -> Relations:
    """Tie samples together and choose keepers, preferring rows as is wished."""
    corpus, near = held.corpus, held.near
    rank = corpora.preference(corpus, wishes)
    with ThreadPoolExecutor(workers) as pool:
        copy, prompt, answer = pool.map(lambda view: corpora.copied(corpus, view, rank), ("sample", "prompt", "answer"))
    if near is not None:
        settings = corpus.settings
        cut = Cut(settings.review, settings.threshold, settings.contained)
        near = decided(moved(near, copy.keeper), rank, cut)
    return Relations(rank, copy, prompt, answer, near, held.patterns)


def grouped(corpus: Corpus, profile: Profile, relations: Relations) -> Groups:
    """List the groups of every relation."""
    ids = corpus.samples["content_id"]
    copy, near = relations.copy, relations.near
    found = [listed([], [], [], [])]
    if profile.of(Kind.RELATION, "copy"):
        found.append(groups_of("copy", copy.group, copy.keeper, ids))
    if near is not None:
        tied = near.group[copy.keeper]
        if not profile.of(Kind.RELATION, "copy"):
            alone = (tied < 0) & (copy.group >= 0) & (corpus.keys["shingles"].to_numpy() > 0)
            tied = np.where(alone, copy.keeper, tied)
        groups = groups_of("near", tied, near.keeper[copy.keeper], ids)
        nearest = groups.most(near.best())
        found.append(groups.but(nearest=np.where(nearest > 0, nearest, 1.0)))
    for kind, own, other in (
        ("prompt", relations.prompt, relations.answer),
        ("answer", relations.answer, relations.prompt),
    ):
        if profile.whole or profile.of(Kind.RELATION, kind):
            groups = groups_of(kind, own.group, own.keeper, ids)
            found.append(groups.but(variety=groups.different(other.keeper)))
    return joined([*found, _shown(relations.patterns.groups, relations.prompt.keeper)])


def _shown(held: Sequence[Shown], prompt: Ints) -> Groups:
    """Lay the groups of patterns out in columns; ``prompt`` tells prompts apart."""
    names, kinds, rows, models, nearest, texts, tokens = zip(*held, strict=True) if held else [()] * 7
    groups = listed(kinds, names, rows, models)
    prompts = np.where(groups.of("alike"), groups.different(prompt), 0)
    return groups.but(
        nearest=np.array(nearest, np.float64), tokens=np.array(tokens, np.int64), variety=prompts,
        texts=pa.array([text or None for text in texts], pa.string()),
    )  # fmt: skip


def _unread(skipped: Sequence[Skipped]) -> InputError:
    """Say why no input could be read."""
    first = skipped[0]
    return InputError("{name}: {fault}", name=first.name, fault=first.reason)


def _nothing(corpus: Corpus) -> InputError:
    """Say why no sample was read."""
    first = corpus.faults.slice(0, 1).to_pylist()
    if not first:
        return InputError("the input holds no rows", hint="is it the right file?")
    fault = first[0]
    return InputError(
        "none of {rows} rows could be read; {name}:{line}: {fault}",
        hint="name the fields with --fields prompt=…,answer=… (or text=…)",
        rows=int(corpus.read.sum()), name=corpus.sources[fault["source"]].name, line=fault["line"],
        fault=fault["message"],
    )  # fmt: skip
