"""A run's measurements, read back from its folder."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.audit import NOTHING, Measured
from auditor.corpus import Corpus
from auditor.errors import UsageError
from auditor.kernels.flat import Ints
from auditor.kernels.reference.sketch import mix
from auditor.measure import Piece, Settings, measure
from auditor.outputs.measured import KEYS, PATTERNS, targets
from auditor.outputs.run import Run
from auditor.outputs.tables import ALIKE
from auditor.patterns import Patterns, PhraseRow, Shown, SlotRow
from auditor.relations.neighbours import Neighbours
from auditor.rule import Kind, Profile, Rule
from auditor.sources import Skipped


def restored(run: Run, profile: Profile, settings: Settings, needs: Mapping[str, Settings]) -> Measured:
    """Read back what a profile's rules look at, and no more; ``needs`` are the settings of each rule by itself.

    Raises UsageError where a rule asks for what was not measured.
    """
    held = run.manifest.get("measured")
    if held is None:
        raise UsageError("{path} was written by an older version", hint="scan again", path=run.path)
    for rule in profile.rules:
        _checked(rule, held, needs[rule.code])
    for pattern in settings.patterns:
        if pattern.column not in run.samples.column_names:
            raise UsageError(
                "this run did not look for the pattern {pattern}", hint="scan again with this rule",
                pattern=pattern.pattern,
            )  # fmt: skip
    _looked(profile, held, settings)
    if "metadata" in profile.wishes.prefer and "metadata" not in run.samples.column_names:
        raise UsageError("this run did not count metadata", hint="scan again with --prefer metadata")
    said = run.manifest["settings"]
    settings = replace(
        settings,
        reach=held["reach"],
        tie=held["tie"],
        fields=said["fields"],
        shingle=said["shingle"],
        tokenizer=said["tokenizer"],
    )
    wanted = targets(profile.rules) | set(profile.wishes.prefer)
    corpus = _corpus(run, settings, wanted, held["read"])
    skipped = [Skipped(item["file"], item["template"], item["about"]) for item in run.summary["skipped"]]
    near = _near(run) if profile.of(Kind.RELATION, "near") else None
    return Measured(corpus, skipped, near, _patterns(run, corpus, wanted))


def _checked(rule: Rule, held: Mapping[str, Any], needs: Settings) -> None:
    """Refuse a rule that asks for what was not measured."""
    lacks = set(needs.signals) - set(held["signals"])
    lacks |= ({rule.target} & {name for names in PATTERNS.values() for name in names}) - set(held["patterns"])
    near = rule.kind is Kind.RELATION and rule.target == "near"
    if lacks or (near and not held["near"]):
        raise UsageError(
            "{code} looks at {name}, which this run did not measure", hint="scan again with this rule",
            code=rule.code, name=min(lacks) if lacks else rule.target,
        )  # fmt: skip


def _looked(profile: Profile, held: Mapping[str, Any], settings: Settings) -> None:
    """Refuse thresholds below those that pairs were looked for down to."""
    found = sorted(profile.of(Kind.RELATION, "near"), key=lambda rule: float(rule.where["threshold"]))
    for rule, wanted, least in ((found[-1:], settings.reach, held["reach"]), (found[:1], settings.tie, held["tie"])):
        if rule and wanted < least:
            raise UsageError(
                "{code} at {level}: this run looked for such pairs down to {least}",
                hint="scan again with this threshold",
                code=rule[0].code, level=rule[0].where["threshold"], least=least,
            )  # fmt: skip


def _corpus(run: Run, settings: Settings, wanted: set[str], read: list[int]) -> Corpus:
    """Rebuild the samples as they were measured."""
    shape = measure(Piece(0, NOTHING), replace(settings, tokenizer=""))
    held, more = run.samples, run.measures
    names = pa.array([source.name for source in run.sources], pa.string())
    source = held["file"].combine_chunks()
    extra = {
        "source": pc.index_in(source, names).cast(pa.int32()),
        **{name: more[name] for name in ("marker_turn", "marker_start")},
    }
    columns = {}
    for field in shape["samples"].schema:
        if field.name == "media":
            continue
        columns[field.name] = extra[field.name] if field.name in extra else held[field.name].cast(field.type)
    if "loops" not in settings.signals:
        empty = {field.name: field.type for field in shape["samples"].schema if field.name.startswith("loop_")}
        nothing = {name: pa.nulls(held.num_rows, kind) for name, kind in empty.items() if name != "loop_share"}
        columns |= {**nothing, "loop_share": pa.array(np.zeros(held.num_rows))}
    if settings.tokenizer:
        columns["model_tokens"] = held["model_tokens"]
    found = {name for name in held.column_names if name in PATTERNS and PATTERNS[name] & wanted}
    columns |= {name: held[name] for name in held.column_names if name in found}
    loops = run.loops if "loops" in settings.signals else run.loops.slice(0, 0)
    keys = {f"{name}_key": _keys(more[f"same_{name}"].to_numpy()) for name in KEYS}
    keys |= {"shingles": more["shingles"], "lanes": more["sketch"]}
    return Corpus(run.sources, settings, pa.table(columns), pa.table(keys), loops, run.faults, np.array(read, np.int64))


def _keys(first: Ints) -> pa.Array:
    """Return 16-byte keys that are equal where rows stand for the same; mixed, as keys must spread like hashes."""
    held = np.repeat(mix(first.astype(np.uint64) + np.uint64(1))[:, None], 2, axis=1)
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), len(held), [None, pa.py_buffer(np.ascontiguousarray(held))]
    )


def _near(run: Run) -> Neighbours:
    """Read the verified pairs; groups and keepers follow from the rules."""
    none = np.zeros(0, np.int64)
    pairs, contained = (
        np.stack([run.pairs[name].to_numpy() for name in names], axis=1)
        for names in (("row_a", "row_b"), ("contained_a", "contained_b"))
    )
    return Neighbours(none, none, pairs, run.pairs["jaccard"].to_numpy(), contained)


def _patterns(run: Run, corpus: Corpus, wanted: set[str]) -> Patterns:
    """Read back the groups that were found by looking at all samples, with all that is said of them."""
    asked = {name for name, by in PATTERNS.items() if by & wanted}
    held = run.groups.to_pylist()
    rows = run.members["row"].to_numpy()
    bounds = pairwise(np.cumsum([0, *(group["size"] for group in held)]).tolist())
    groups = [
        Shown(
            group["group"], group["kind"], rows[first:end], group["keeper_row"], 1.0, group["text"] or "",
            group["trained_tokens"],
        )
        for group, (first, end) in zip(held, bounds, strict=True)
        if group["kind"] not in ALIKE and group["kind"] in asked
    ]  # fmt: skip
    kept = {group.name for group in groups}
    slots = [SlotRow(**slot) for slot in run.slots.to_pylist() if slot["group"] in kept]
    stock = [PhraseRow(**phrase) for phrase in run.phrases.to_pylist() if phrase["group"] in kept]
    columns = {name: corpus.samples[name] for name in corpus.samples.column_names if name in asked}
    concentration = {name: about for name, about in run.summary["concentration"].items() if name in asked}
    return Patterns(groups, slots, columns, stock, concentration)
