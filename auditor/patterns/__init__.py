"""Relations that are read off a corpus as a whole: templates, phrases, layouts, prompts and leaks."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from auditor.corpus import Corpus
from auditor.kernels.flat import Ints
from auditor.patterns.dialogues import dialogues
from auditor.patterns.leaks import leaks
from auditor.patterns.phrases import phrases
from auditor.patterns.spelling import Filler
from auditor.patterns.stock import Spotted, spotted
from auditor.patterns.structure import structures
from auditor.patterns.templates import Templates, templates
from auditor.relations.copies import Copies
from auditor.rule import Profile


class Shown(NamedTuple):
    """A group as the run keeps it: name, kind, rows, the row that stands for it, and what all of them have.

    ``tokens`` are the trained tokens at stake; -1: those of all its rows but the one.
    """

    name: str
    kind: str
    rows: Ints
    model: int
    nearest: float = 1.0
    text: str = ""
    tokens: int = -1


class SlotRow(NamedTuple):
    """One slot of a template; fillers hold text, count, row, turn, start and end."""

    group: str
    slot: int
    rows: int
    distinct: int
    entropy: float
    fillers: Sequence[Mapping[str, Any]]


class PhraseRow(NamedTuple):
    """A stock phrase: its language and heading, how often it stands, and how often it opens or closes an answer."""

    group: str
    pack: str
    heading: str
    times: int
    opening: int
    closing: int


class Patterns(NamedTuple):
    """All that was found: groups, slots of templates, new columns of samples, stock phrases, and concentrations."""

    groups: Sequence[Shown] = ()
    slots: Sequence[SlotRow] = ()
    columns: Mapping[str, pa.Array] = {}
    stock: Sequence[PhraseRow] = ()
    concentration: Mapping[str, Mapping[str, float]] = {}


def found(
    corpus: Corpus, profile: Profile, rank: Ints, prompt: Copies, answer: Copies, held_out: Corpus | None
) -> Patterns:
    """Find what the profile's rules ask for; ``held_out`` is what must not be in the corpus."""
    targets = {rule.target for rule in profile.rules}
    parts = []
    if targets & {"template", "template_share"}:
        held = templates(corpus, "answer", answer)
        share = {"template_share": pa.array(np.round(held.share, 6))}
        parts.append(_templates(held, "template")._replace(columns=share))
    if "prompt_template" in targets:
        parts.append(_templates(templates(corpus, "prompt", prompt), "prompt_template"))
    if targets & {"opening", "closing"}:
        parts.append(_edges(corpus, answer))
    if "stock" in targets:
        parts.append(_stock(spotted(corpus)))
    if "structure" in targets:
        families, concentration = structures(corpus, answer)
        groups = [Shown(each.name, "structure", each.rows, each.model, text=each.layout) for each in families]
        parts.append(Patterns(groups, concentration={"layouts": concentration}))
    if "dialogue" in targets:
        parts.append(Patterns([Shown(d.name, "dialogue", d.rows, d.whole) for d in dialogues(corpus, rank)]))
    if targets & {"leak_prompt", "leak_answer", "leak_share"}:
        parts.append(Patterns(columns=leaks(corpus, held_out)))
    return _together(parts)


def _together(parts: Sequence[Patterns]) -> Patterns:
    return Patterns(
        [group for part in parts for group in part.groups],
        [slot for part in parts for slot in part.slots],
        {name: column for part in parts for name, column in part.columns.items()},
        [row for part in parts for row in part.stock],
        {name: held for part in parts for name, held in part.concentration.items()},
    )


def _templates(held: Templates, kind: str) -> Patterns:
    groups = [Shown(each.name, kind, each.rows, each.model, text=each.skeleton) for each in held.found]
    slots = [
        SlotRow(each.name, slot.number, slot.rows, slot.distinct, slot.entropy, [_filler(f) for f in slot.fillers])
        for each in held.found
        for slot in each.slots
    ]
    return Patterns(groups, slots)


def _filler(held: Filler) -> dict[str, Any]:
    place = held.spans[0]._asdict() if held.spans else {}
    return {"text": held.text, "count": held.count, "row": held.row, **place}


def _edges(corpus: Corpus, answer: Copies) -> Patterns:
    edges, concentration = phrases(corpus, answer)
    groups = [Shown(each.name, each.place, each.rows, each.model, 1.0, each.text, each.tokens) for each in edges]
    return Patterns(groups, concentration=concentration)


def _stock(held: Sequence[Spotted]) -> Patterns:
    groups, listed = [], []
    for each in held:
        says, tokens = each.stock, len(each.stock.tokens) * each.times
        groups.append(Shown(each.name, "stock", each.rows, int(each.rows[0]), text=says.text, tokens=tokens))
        listed.append(PhraseRow(each.name, says.pack, says.heading, each.times, each.opening, each.closing))
    return Patterns(groups, stock=listed)
