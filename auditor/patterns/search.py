"""Search a corpus for what its samples share: templates, phrases, layouts, prompts and leaks."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.kernels.flat import Ints
from auditor.patterns import LEAKS, PHRASES, POURED, Patterns, PhraseRow, Shown, SlotRow
from auditor.patterns.alike import alike
from auditor.patterns.covered import Wanted, covered
from auditor.patterns.dialogues import dialogues
from auditor.patterns.leaks import leaks
from auditor.patterns.opposed import opposed
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
        ({"opposed"}, lambda: _opposed(corpus, prompt)),
        ({"alike"}, lambda: _alike(corpus, rank, prompt, answer)),
        (LEAKS, lambda: _leaks(corpus, held_out)),
    ]
    with ThreadPoolExecutor(workers) as pool:
        poured = pool.submit(_answers, corpus, answer, targets)
        edges = pool.submit(phrases, corpus, answer) if targets & PHRASES else None
        others = [pool.submit(job) for needed, job in jobs if targets & needed]
        parts = [_phrases(corpus, poured.result(), edges.result(), pool)] if edges else []
        if targets & POURED:
            held = poured.result().held
            parts.append(_templates(held, "template")._replace(columns=_columns(corpus, "template", held.share)))
        return _asked(_together([*parts, *(task.result() for task in others)]), targets)


def _asked(held: Patterns, targets: set[str]) -> Patterns:
    """Leave out phrases that no rule asks for."""
    both = {"opening", "closing"}
    wanted = targets | both if targets & both else targets
    groups = [group for group in held.groups if group.kind not in PHRASES or group.kind in wanted]
    names = {group.name for group in groups}
    about = {name: told for name, told in held.concentration.items() if wanted & both or name == "layouts"}
    return held._replace(groups=groups, stock=[each for each in held.stock if each.group in names], concentration=about)


class _Poured(NamedTuple):
    """The templates of answers, and the passages that are no template's."""

    held: Templates = Templates()
    passages: Sequence[Passage] = ()


def _answers(corpus: Corpus, answer: Copies, targets: set[str]) -> _Poured:
    """Find the templates of answers, and what stands inside many: no phrase counts where a template does."""
    if not targets & (POURED | PHRASES):
        return _Poured()
    among = looked(corpus, "answer", answer)
    held = templates(corpus, "answer", among)
    return _Poured(held, passages(among.sampled.streams, among.held, held.sets) if targets & PHRASES else [])


def _phrases(corpus: Corpus, poured: _Poured, edges: Edges, pool: Executor) -> Patterns:
    """Put together what answers share, and tell how much of each it covers."""
    stocks = packs()
    phrases = [*(stock.tokens for stock in stocks), *(each.tokens.tolist() for each in poured.passages)]
    of_mould = poured.held.share > 0
    wanted = Wanted(phrases, len(stocks), list(poured.held.sets), of_mould, **edges.lengths)
    hits = covered(corpus.streams, wanted, pool)
    stock = hits.places[:, 1] < len(stocks)
    inside = _inside(corpus, poured.passages, hits.places[~stock] - np.array([0, len(stocks), 0, 0]))
    shown = [Shown(each.name, each.place, each.rows, each.model, 1.0, each.text, each.tokens) for each in edges.found]
    columns = _columns(corpus, "phrase", hits.share)
    found = Patterns([*shown, *inside], columns=columns, concentration=edges.concentration)
    return _together([found, _stock(spotted(hits.places[stock]))])


def _columns(corpus: Corpus, name: str, share: NDArray[np.float64]) -> dict[str, pa.Array]:
    """Return what something covers of each row's trained characters: as a share, and how many."""
    chars = np.floor(share * corpus.samples["trained_chars"].to_numpy() + 1e-9).astype(np.int64)
    return {f"{name}_share": pa.array(np.round(share, 6)), f"{name}_chars": pa.array(chars)}


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


def _prompts(corpus: Corpus, prompt: Copies) -> Patterns:
    return _templates(templates(corpus, "prompt", looked(corpus, "prompt", prompt)), "prompt_template")


def _structures(corpus: Corpus, answer: Copies) -> Patterns:
    families, concentration = structures(corpus, answer)
    groups = [Shown(each.name, "structure", each.rows, each.model, text=each.layout) for each in families]
    return Patterns(groups, concentration={"layouts": concentration})


def _dialogues(corpus: Corpus, rank: Ints) -> Patterns:
    return Patterns([Shown(each.name, "dialogue", each.rows, each.whole) for each in dialogues(corpus, rank)])


def _alike(corpus: Corpus, rank: Ints, prompt: Copies, answer: Copies) -> Patterns:
    held = alike(corpus, rank, prompt, answer)
    return Patterns([Shown(each.name, "alike", each.rows, each.model) for each in held])


def _opposed(corpus: Corpus, prompt: Copies) -> Patterns:
    return Patterns([Shown(each.name, "opposed", each.rows, int(each.rows[0])) for each in opposed(corpus, prompt)])


def _leaks(corpus: Corpus, held_out: Corpus | None) -> Patterns:
    held = leaks(corpus, held_out)
    groups = [Shown(each.name, "leak", each.rows, int(each.rows[0]), text=each.place) for each in held.found]
    return Patterns(groups, columns=held.columns)


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
