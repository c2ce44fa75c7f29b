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
from auditor.patterns.stock import spotted
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


def found(corpus: Corpus, profile: Profile, rank: Ints, prompt: Copies, answer: Copies, held_out: Corpus | None
) -> Patterns:
    """Find what the profile's rules ask for."""
    targets = {rule.target for rule in profile.rules}
    groups: list[Shown] = []
    slots: list[SlotRow] = []
    columns: dict[str, pa.Array] = {}
    if targets & {"template", "template_share"}:
        held = templates(corpus, "answer", answer)
        columns["template_share"] = pa.array(np.round(held.share, 6))
        _add(held, "template", groups, slots)
    if "prompt_template" in targets:
        _add(templates(corpus, "prompt", prompt), "prompt_template", groups, slots)
    listed: list[PhraseRow] = []
    concentration: dict[str, dict[str, float]] = {}
    if targets & {"opening", "closing"}:
        edge, concentration = phrases(corpus, answer)
        for each in edge:
            groups.append(Shown(each.name, each.place, each.rows, each.model, text=each.text, tokens=each.tokens))
    if "stock" in targets:
        for held in spotted(corpus):
            tokens = len(held.stock.tokens) * held.times
            groups.append(Shown(held.name, "stock", held.rows, int(held.rows[0]), text=held.stock.text, tokens=tokens))
            listed.append(PhraseRow(held.name, held.stock.pack, held.stock.heading, held.times, held.opening, held.closing))
    if "structure" in targets:
        families, concentration["layouts"] = structures(corpus, answer)
        groups += [Shown(each.name, "structure", each.rows, each.model, text=each.layout) for each in families]
    if "dialogue" in targets:
        groups += [Shown(each.name, "dialogue", each.rows, each.whole) for each in dialogues(corpus, rank)]
    if targets & {"leak_prompt", "leak_answer", "leak_share"}:
        columns |= leaks(corpus, held_out)
    return Patterns(groups, slots, columns, listed, concentration)


def _add(held: Templates, kind: str, groups: list[Shown], slots: list[SlotRow]) -> None:
    for each in held.found:
        groups.append(Shown(each.name, kind, each.rows, each.model, text=each.skeleton))
        for slot in each.slots:
            fillers = [
                {"text": f.text, "count": f.count, "row": f.row, **(f.spans[0]._asdict() if f.spans else {})}
                for f in slot.fillers
            ]
            slots.append(SlotRow(each.name, slot.number, slot.rows, slot.distinct, slot.entropy, fillers))
