"""Search a corpus for what its samples share: templates, phrases, layouts, prompts and leaks."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from auditor.corpus import Corpus
from auditor.kernels.flat import Ints
from auditor.patterns import PHRASES, Patterns, PhraseRow, Shown, SlotRow
from auditor.patterns.covered import Covered, Wanted, covered
from auditor.patterns.dialogues import dialogues
from auditor.patterns.leaks import leaks
from auditor.patterns.passages import Passage, passages
from auditor.patterns.phrases import Edges, phrases
from auditor.patterns.spelling import Filler, said, spelled_rows
from auditor.patterns.stock import Spotted, packs, spotted
from auditor.patterns.structure import structures
from auditor.patterns.templates import Templates, looked, templates
from auditor.relations.copies import Copies
from auditor.rule import Profile


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
        ({"prompt_template"}, lambda: _prompts(corpus, prompt)),
        ({"structure"}, lambda: _structures(corpus, answer)),
        ({"dialogue"}, lambda: _dialogues(corpus, rank)),
        ({"leak_prompt", "leak_answer", "leak_share"}, lambda: Patterns(columns=leaks(corpus, held_out))),
    ]
    with ThreadPoolExecutor(workers) as pool:
        poured = pool.submit(_answers, corpus, answer, targets)
        edges = pool.submit(_edges, corpus, answer, targets)
        others = [pool.submit(job) for needed, job in jobs if targets & needed]
        said = _phrases(corpus, targets, poured.result(), edges.result(), pool)
        parts = [said, *(task.result() for task in others)]
    return _together(parts)


class _Poured(NamedTuple):
    """The templates of answers, and the passages that are no template's."""

    held: Templates = Templates()
    passages: Sequence[Passage] = ()


def _answers(corpus: Corpus, answer: Copies, targets: set[str]) -> _Poured:
    """Find the templates of answers, and what stands inside many, as far as rules ask."""
    if not targets & {"template", "template_share", *PHRASES}:
        return _Poured()
    among = looked(corpus, "answer", answer)
    held = templates(corpus, "answer", among)  # for phrases alone too: what a template says is not put down to them
    return _Poured(held, passages(among.sampled.streams, among.held, held.sets) if "inside" in targets else [])


def _edges(corpus: Corpus, answer: Copies, targets: set[str]) -> Edges:
    nothing = Edges((), {}, dict.fromkeys(("opening", "closing"), np.zeros(corpus.rows, np.int64)))
    return phrases(corpus, answer) if targets & {"opening", "closing"} else nothing


def _phrases(corpus: Corpus, targets: set[str], poured: _Poured, edges: Edges, pool: Executor) -> Patterns:
    """Put together what answers share, and tell how much of each it covers."""
    if not targets & {"template", "template_share", *PHRASES}:
        return Patterns()
    stocks = packs() if "stock" in targets else ()
    said = [*(stock.tokens for stock in stocks), *(each.tokens.tolist() for each in poured.passages)]
    hits = covered(
        corpus.streams,
        Wanted(said, len(stocks), list(poured.held.sets), edges.lengths["opening"], edges.lengths["closing"]),
        pool,
    )
    stock = hits.places[:, 1] < len(stocks)
    inside = _inside(corpus, poured.passages, hits.places[~stock] - np.array([0, len(stocks), 0, 0]))
    columns = _columns(corpus, targets, poured.held, hits)
    shown = [Shown(each.name, each.place, each.rows, each.model, 1.0, each.text, each.tokens) for each in edges.found]
    parts = [_templates(poured.held, "template")] if targets & {"template", "template_share"} else []
    parts.append(_stock(spotted(hits.places[stock])))
    return _together([*parts, Patterns([*shown, *inside], columns=columns, concentration=edges.concentration)])


def _inside(corpus: Corpus, held: Sequence[Passage], places: Ints) -> list[Shown]:
    """List passages as they are written where they stand first, the most frequent first."""
    order = np.lexsort((places[:, 2], places[:, 0], places[:, 1]))
    places = places[order]
    numbers, first = np.unique(places[:, 1], return_index=True)
    parts = np.split(places, first[1:]) if len(first) else []
    texts = spelled_rows(corpus, "answer", np.unique(places[first, 0]))
    found = []
    for number, mine in zip(numbers.tolist(), parts, strict=True):
        row, at, size = int(mine[0, 0]), int(mine[0, 2]), len(held[number].tokens)
        text = said(texts[row], at, at + size)
        rows = np.unique(mine[:, 0])
        found.append(Shown(f"inside-{held[number].name}", "inside", rows, row, text=text, tokens=size * len(mine)))
    return sorted(found, key=lambda each: (-len(each.rows), each.name))


def _columns(corpus: Corpus, targets: set[str], held: Templates, hits: Covered) -> dict[str, pa.Array]:
    """Return what templates and phrases cover of each row's trained characters; what both cover is the template's."""
    trained = corpus.samples["trained_chars"].to_numpy()
    columns = {}
    if targets & {"template", "template_share"}:
        columns["template_share"] = pa.array(np.round(held.share, 6))
        columns["template_chars"] = pa.array(np.floor(held.share * trained).astype(np.int64))
    if targets & PHRASES:
        columns["phrase_share"] = pa.array(np.round(hits.share, 6))
        columns["phrase_chars"] = pa.array(np.floor(hits.share * trained).astype(np.int64))
    return columns


def _prompts(corpus: Corpus, prompt: Copies) -> Patterns:
    return _templates(templates(corpus, "prompt", looked(corpus, "prompt", prompt)), "prompt_template")


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


def _stock(held: Sequence[Spotted]) -> Patterns:
    groups, listed = [], []
    for each in held:
        says, tokens = each.stock, len(each.stock.tokens) * each.times
        groups.append(Shown(each.name, "stock", each.rows, int(each.rows[0]), text=says.text, tokens=tokens))
        listed.append(PhraseRow(each.name, says.pack, says.heading, each.times, each.opening, each.closing))
    return Patterns(groups, stock=listed)
