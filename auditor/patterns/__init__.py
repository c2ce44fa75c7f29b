"""Relations that are read off a corpus as a whole: templates, phrases, layouts, prompts and leaks."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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


def found(  # noqa: PLR0913, PLR0917  (what ties the samples is given in parts)
    corpus: Corpus,
    profile: Profile,
    rank: Ints,
    prompt: Copies,
    answer: Copies,
    held_out: Corpus | None,
    workers: int = 1,
) -> Patterns:
    """Find what the profile's rules ask for; ``held_out`` is what must not be in the corpus."""
    targets = {rule.target for rule in profile.rules}
    jobs: list[tuple[set[str], Callable[[], Patterns]]] = [
        ({"template", "template_share"}, lambda: _answers(corpus, answer)),
        ({"prompt_template"}, lambda: _templates(templates(corpus, "prompt", prompt), "prompt_template")),
        ({"opening", "closing"}, lambda: _edges(corpus, answer)),
        ({"stock"}, lambda: _stock(spotted(corpus))),
        ({"structure"}, lambda: _structures(corpus, answer)),
        ({"dialogue"}, lambda: _dialogues(corpus, rank)),
        ({"leak_prompt", "leak_answer", "leak_share"}, lambda: Patterns(columns=leaks(corpus, held_out))),
    ]
    wanted = [job for needed, job in jobs if targets & needed]
    with ThreadPoolExecutor(workers) as pool:
        return _together([task.result() for task in [pool.submit(job) for job in wanted]])


def _answers(corpus: Corpus, answer: Copies) -> Patterns:
    held = templates(corpus, "answer", answer)
    return _templates(held, "template")._replace(columns={"template_share": pa.array(np.round(held.share, 6))})


def _structures(corpus: Corpus, answer: Copies) -> Patterns:
    families, concentration = structures(corpus, answer)
    groups = [Shown(each.name, "structure", each.rows, each.model, text=each.layout) for each in families]
    return Patterns(groups, concentration={"layouts": concentration})


def _dialogues(corpus: Corpus, rank: Ints) -> Patterns:
    return Patterns([Shown(each.name, "dialogue", each.rows, each.whole) for each in dialogues(corpus, rank)])


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
