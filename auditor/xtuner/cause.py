"""From a loop to its cause: training rows that hold its unit, and a control that keeps coincidences out."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol

from auditor.sample import Turn
from auditor.text import tokens
from auditor.xtuner.evaluation import Evaluation

BLOCK = 20_000
"""Rows read at once."""

SHORTEST = 3
"""Tokens of a phrase that is looked for; shorter ones stand everywhere."""

LONGEST = 48
"""Tokens of a unit that are looked at; a longer one is known by its beginning."""

DRAWS = 200
"""Random phrases of the control."""

CHANCE = 0.05
"""A link is not told where more than this share of random phrases is found as well."""

GROUPS = ("copy_group", "near_group", "template_group", "answer_group")
BREAK = "\x1f"


class Corpus(Protocol):
    """What is needed of a run: its table of samples, and its rows' turns."""

    @property
    def samples(self) -> Any:  # noqa: ANN401  (an Arrow table)
        """One row for each sample."""

    def turns(self, rows: Iterable[int]) -> Mapping[int, list[Turn]]:
        """Read rows again."""


@dataclass(frozen=True)
class Link:
    """What ties one looped unit to training rows.

    ``whole``: the phrase is the whole unit, in any rotation. ``chance``: the share of random phrases of that length,
    made of the corpus's own tokens, that are found too. ``typical``: in how many rows a phrase cut at random from
    the training answers stands.
    """

    unit: str
    phrase: str
    whole: bool
    length: int
    rows: int
    of: int
    groups: Sequence[tuple[str, str, int]]
    examples: Sequence[tuple[str, int]]
    chance: float
    typical: float

    @property
    def holds(self) -> bool:
        """Whether the link is more than coincidence."""
        return self.rows > 0 and self.chance <= CHANCE


def links(found: Sequence[Evaluation], run: Corpus) -> list[Link]:
    """Return a link for each looped unit, the most specific first."""
    units = {
        BREAK.join(_ring(item.measured.loop.unit)): item.measured.loop.unit for item in found if item.measured.loop
    }
    if not units:
        return []
    texts, rows = _answers(run)
    made = [link for ring, unit in units.items() if (link := _link(unit, ring.split(BREAK), texts, rows, run))]
    return sorted(made, key=lambda link: (not link.holds, not link.whole, -link.length, link.rows, link.unit))


def _ring(unit: str) -> list[str]:
    return tokens(unit)[:LONGEST]


def _answers(run: Corpus) -> tuple[list[str], list[list[int]]]:
    """Return the distinct training answers as tokens between breaks, and the rows of each."""
    held: dict[str, list[int]] = {}
    for row, text in _trained(run):
        held.setdefault(text, []).append(row)
    spelt = {text: BREAK + BREAK.join(tokens(text)) + BREAK for text in held}
    return list(spelt.values()), list(held.values())


def _trained(run: Corpus) -> Iterator[tuple[int, str]]:
    whole = run.samples.num_rows
    for start in range(0, whole, BLOCK):
        for row, turns in run.turns(range(start, min(start + BLOCK, whole))).items():
            yield row, "\n".join(turn.text for turn in turns if turn.trained)


def _link(unit: str, ring: list[str], texts: Sequence[str], rows: Sequence[list[int]], run: Corpus) -> Link | None:
    """Tie one unit to the rows that hold the longest part of it that any row holds."""
    if len(ring) < 2:
        return None
    size, holders = _longest(ring, texts)
    if not holders:
        return Link(unit, "", whole=False, length=0, rows=0, of=run.samples.num_rows, groups=(), examples=(),
                    chance=1.0, typical=0.0)  # fmt: skip
    phrase, places = max(holders.items(), key=lambda item: (sum(len(rows[at]) for at in item[1]), item[0]))
    hit = sorted(row for at in places for row in rows[at])
    chance, typical = _control(size, texts, rows)
    samples = run.samples
    examples = [(samples["file"][row].as_py(), samples["line"][row].as_py()) for row in hit[:3]]
    return Link(
        unit, _spelt(phrase), size >= len(ring), size, len(hit), samples.num_rows, _groups(samples, hit), examples,
        chance, typical,
    )  # fmt: skip


def _grams(ring: Sequence[str], size: int) -> list[str]:
    """Return the phrases of a length that a unit written again and again holds."""
    many = len(ring)
    turned = [ring[at % many] for at in range(many + size)]
    return sorted({BREAK + BREAK.join(turned[at : at + size]) + BREAK for at in range(many)})


def _longest(ring: Sequence[str], texts: Sequence[str]) -> tuple[int, dict[str, list[int]]]:
    """Return the length of the longest part of a unit that some text holds, and which texts hold which part."""
    low, high, found = min(SHORTEST, len(ring)) - 1, len(ring), dict[str, list[int]]()
    candidates: Sequence[int] = range(len(texts))
    while low < high:
        size = (low + high + 1) // 2
        grams = _grams(ring, size)
        hits = {gram: [at for at in candidates if gram in texts[at]] for gram in grams}
        hits = {gram: places for gram, places in hits.items() if places}
        if hits:
            low, found = size, hits
            candidates = sorted({at for places in hits.values() for at in places})
        else:
            high = size - 1
    return low, found


def _control(size: int, texts: Sequence[str], rows: Sequence[list[int]]) -> tuple[float, float]:
    """Return how often a phrase of shuffled tokens is found, and in how many rows a real phrase stands."""
    dice = random.Random(size)  # noqa: S311  (a control, not a secret)
    pool = [text.strip(BREAK).split(BREAK) for text in dice.sample(list(texts), min(len(texts), 500))]
    words = [word for text in pool for word in text if word]
    whole = "\n".join(texts)
    shuffled = [BREAK + BREAK.join(dice.choices(words, k=size)) + BREAK for _ in range(DRAWS)] if words else []
    chance = sum(phrase in whole for phrase in shuffled) / DRAWS
    long_enough = [text for text in pool if len(text) >= size]
    counts = []
    for _ in range(min(DRAWS, 50) if long_enough else 0):
        text = dice.choice(long_enough)
        at = dice.randrange(len(text) - size + 1)
        cut = BREAK + BREAK.join(text[at : at + size]) + BREAK
        counts.append(sum(len(rows[place]) for place, other in enumerate(texts) if cut in other))
    return chance, float(median(counts)) if counts else 0.0


def _groups(samples: Any, hit: Sequence[int]) -> list[tuple[str, str, int]]:  # noqa: ANN401  (an Arrow table)
    """Return the groups that most of the rows stand in: kind, group, rows."""
    counted: Counter[tuple[str, str]] = Counter()
    for name in GROUPS:
        if name in samples.column_names:
            values = samples[name].take(hit).to_pylist()
            counted.update((name.removesuffix("_group"), value) for value in values if value is not None)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(kind, group, many) for (kind, group), many in ranked[:3]]


def _spelt(phrase: str) -> str:
    r"""Write a phrase of tokens as people do: Han characters without spaces.

    >>> _spelt("\x1f的\x1f小\x1f助手\x1fof\x1fmine\x1f")
    '的小助手 of mine'
    """
    text = ""
    for word in phrase.strip(BREAK).split(BREAK):
        close = not text or ((ord(text[-1]) > 0x2E7F or not text[-1].isalnum()) and ord(word[0]) > 0x2E7F)
        text += word if close else f" {word}"
    return text
