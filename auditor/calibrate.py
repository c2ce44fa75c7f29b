"""Recall and precision measured on the user's own data: known near duplicates planted in a shadow of it."""

import json
import math
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor import corpus as corpora
from auditor import near, sources
from auditor.audit import measured
from auditor.corpus import Corpus
from auditor.kernels.flat import Ints
from auditor.measure import Settings
from auditor.near import Budget
from auditor.sample import Role, Turn
from auditor.sketches import band_name, bands_for
from auditor.text import jaccard, shingle_hashes, tokens

ROWS = 1500
"""Rows of the data that the shadow holds at most, each with one planted near duplicate."""

LEAST = 30
"""Tokens that a row must train to be planted: in fewer, one change is a large one."""

FEW = 8
"""Words of a turn in fewer of which nothing is moved."""

FLOOR, WIDTH = 0.5, 0.05
"""Where the bins of similarity begin, and how wide they are."""

SURE = 0.001
"""How often a bin that is as predicted may be told to be not."""

UNITS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|\W")
"""What changes move: characters of unspaced scripts, words of others, and what stands between."""

KINDS = ("edit", "slot", "reorder")
"""How a row is changed: single words, one run of words, or the order of its parts."""


class Planted(NamedTuple):
    """A planted pair: rows of the shadow, how the second came from the first, and how alike they are in truth."""

    first: int
    second: int
    kind: str
    similarity: float


def calibrate(corpus: Corpus, settings: Settings, work: Path, budget: Budget) -> dict[str, Any]:
    """Plant near duplicates in a shadow of a corpus, look for them as a scan does, and compare with what was promised.

    Nothing of it enters the scan's own results. Rows are chosen and changed by their content alone.
    """
    work.mkdir(parents=True, exist_ok=True)
    talks = [talk for talk in _chosen(corpus) if talk]
    changed = [_changed(talk, talks[at - 1], at) for at, talk in enumerate(talks)]
    path = work / "shadow.jsonl"
    path.write_text("".join(_line(talk) for pair in zip(talks, changed, strict=True) for talk in pair), "utf-8")
    found, _ = sources.find([str(path)], work)
    plain = replace(settings, fields={}, signals=("shape",), patterns=(), tokenizer="")
    shadow = measured(found, plain, work / "measure", budget.workers)
    places = {line: row for row, line in enumerate(shadow.lines.tolist())}
    planted = [
        Planted(places[2 * at + 1], places[2 * at + 2], KINDS[at % len(KINDS)], _alike(one, two))
        for at, (one, two) in enumerate(zip(talks, changed, strict=True))
        if 2 * at + 1 in places and 2 * at + 2 in places
    ]
    return _told(shadow, planted, plain, work, budget)


def _chosen(corpus: Corpus) -> list[list[Turn]]:
    """Read the rows to plant again: long enough, one of each set of copies, drawn by content."""
    rank = corpora.canonical(corpus)
    own = corpora.copied(corpus, "sample", rank).keeper == np.arange(corpus.rows)
    fits = own & (corpus.samples["trained_tokens"].to_numpy() >= LEAST)
    rows = np.flatnonzero(fits & (np.array(corpus.samples["media"].to_pylist(), object) == ""))
    ids = np.array(corpus.samples["content_id"].take(rows).to_pylist(), "S16")
    rows = np.sort(rows[np.argsort(ids, kind="stable")[:ROWS]])
    talks = []
    for batch in corpus.batches(rows):
        texts, roles, trained = batch.turns["text"].to_pylist(), batch.role.tolist(), batch.trained.tolist()
        for first, end in zip(batch.first.tolist(), batch.first.tolist()[1:], strict=False):
            talks.append([Turn(Role(roles[at]), texts[at], trained[at]) for at in range(first, end)])
    return talks


def _changed(talk: Sequence[Turn], other: Sequence[Turn], seed: int) -> list[Turn]:
    """Change the longest trained turn of a row; how much depends on the seed, from next to nothing to half of it."""
    rng = random.Random(seed)  # noqa: S311  (chance that can be repeated)
    at = max((k for k, turn in enumerate(talk) if turn.trained), key=lambda k: len(talk[k].text))
    wanted = FLOOR + (1 - FLOOR) * rng.random()
    words, more = UNITS.findall(talk[at].text), UNITS.findall(" ".join(turn.text for turn in other)) or ["x"]
    new = "".join(_altered(words, more, KINDS[seed % len(KINDS)], wanted, rng))
    return [turn if k != at else turn._replace(text=new) for k, turn in enumerate(talk)]


def _altered(words: list[str], more: list[str], kind: str, wanted: float, rng: random.Random) -> list[str]:
    """Change words of a text so that about the wanted share of its shingles is as before."""
    places = [at for at, word in enumerate(words) if word.isalnum()]
    lost = len(places) * (1 - wanted) / (1 + wanted)
    fresh = [word for word in more if word.isalnum()] or ["x"]
    words = list(words)
    if len(places) < FEW:
        return [*words, " ", rng.choice(fresh)]
    if kind == "edit":
        for at in rng.sample(places, min(len(places), max(1, round(lost / 5)))):
            words[at] = rng.choice(fresh)
    elif kind == "slot":
        size = min(len(places) - 1, max(1, round(lost - 4)))
        start = rng.randrange(len(places) - size)
        for at in places[start : start + size]:
            words[at] = rng.choice(fresh)
    else:
        cuts = sorted(rng.sample(range(1, len(words)), min(len(words) - 1, max(1, round(lost / 4)))))
        parts = [words[a:b] for a, b in zip([0, *cuts], [*cuts, len(words)], strict=True)]
        rng.shuffle(parts)
        words = [word for part in parts for word in part]
    return words


def _line(talk: Sequence[Turn]) -> str:
    """Write a row of the shadow; what is asked and what is trained stays so."""
    rows = [{"role": turn.role.label, "content": turn.text, "loss": turn.trained} for turn in talk]
    return json.dumps({"messages": rows}) + "\n"


def _alike(one: Sequence[Turn], two: Sequence[Turn]) -> float:
    """Return the exact similarity of two rows by the reference definition."""
    left, right = (
        {
            shingle
            for trained in (False, True)
            for shingle in shingle_hashes(
                [
                    token
                    for turn in talk
                    if turn.trained is trained and (turn.trained or turn.role is not Role.SYSTEM)
                    for token in tokens(turn.text)
                ]
            )
        }
        for talk in (one, two)
    )
    return jaccard(left, right)


def _told(
    shadow: Corpus, planted: Sequence[Planted], settings: Settings, work: Path, budget: Budget
) -> dict[str, Any]:  # fmt: skip
    """Say what was found of the planted pairs, bin by bin, and whether it is what the bands promise."""
    ends = np.array([pair[:2] for pair in planted], np.int64).reshape(-1, 2)
    alike = np.array([pair.similarity for pair in planted])
    kinds = np.array([pair.kind for pair in planted])
    rank = corpora.canonical(shadow)
    found = near.near(shadow, corpora.copied(shadow, "sample", rank), rank, work / "near", budget)
    likeness = found.likeness(ends[:, 0], ends[:, 1]).jaccard
    tied = (found.group[ends[:, 0]] == found.group[ends[:, 1]]) & (found.group[ends[:, 0]] >= 0)
    accepted = np.nan_to_num(likeness) >= settings.threshold
    proposed = _sharing(shadow, ends, settings)
    bands = bands_for(settings.reach)
    chance = np.array([1.0 if settings.exact else bands.chance(float(value)) for value in alike])
    bins = []
    edges = np.arange(FLOOR, 1.0, WIDTH)
    for edge in edges.tolist():
        hit = (alike >= edge - 1e-9) & ((alike < edge + WIDTH - 1e-9) if edge < edges[-1] else (alike < 1))
        bins.append(_bin(edge, hit, chance, proposed, tied | (likeness >= 0)))
    over = (alike >= settings.threshold) & (alike < 1)
    return {
        "planted": len(planted),
        "threshold": settings.threshold,
        "bands": {"number": bands.number, "rows": bands.rows},
        "bins": bins,
        "kinds": {kind: _share((kinds == kind) & over, tied | (likeness >= 0)) for kind in KINDS},
        "recall": _share(over, tied | (likeness >= 0)),
        "precision": _share(accepted, alike >= settings.threshold - 1e-9),
        "agrees": all(each["agrees"] for each in bins),
    }


def _sharing(shadow: Corpus, ends: Ints, settings: Settings) -> NDArray[np.bool_]:
    """Tell which pairs share a band."""
    if settings.exact:
        return np.ones(len(ends), np.bool_)
    hit = np.zeros(len(ends), np.bool_)
    for number in range(bands_for(settings.reach).number):
        keys = shadow.keys[band_name(number)].to_numpy()
        hit |= keys[ends[:, 0]] == keys[ends[:, 1]]
    return hit


def _share(of: NDArray[np.bool_], hit: NDArray[np.bool_]) -> dict[str, Any]:
    """Return how many of some pairs are hit, with the interval that the true share lies in."""
    number, count = int(of.sum()), int((of & hit).sum())
    low, high = wilson(count, number)
    return {
        "pairs": number,
        "found": count,
        "share": round(count / number, 4) if number else None,
        "between": [low, high],
    }


def _bin(
    edge: float, hit: NDArray[np.bool_], chance: NDArray[np.float64], proposed: NDArray[np.bool_],
    found: NDArray[np.bool_],
) -> dict[str, Any]:  # fmt: skip
    """Compare one bin of similarities with the S-curve of the bands."""
    number, count = int(hit.sum()), int((hit & proposed).sum())
    predicted = float(chance[hit].mean()) if number else 0.0
    low, high = binomial(number, predicted, SURE)
    return {
        "from": round(edge, 2),
        "to": round(edge + WIDTH, 2),
        **_share(hit, proposed),
        "predicted": round(predicted, 4) if number else None,
        "expected": [low, high],
        "agrees": low <= count <= high,
        "verified": _share(hit, found)["share"],
    }


def wilson(count: int, number: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval that a share lies in, with 95 % confidence (Wilson 1927).

    >>> wilson(9, 10)
    (0.5958, 0.9821)
    """
    if not number:
        return 0.0, 1.0
    share, square = count / number, z * z / number
    middle = share + square / 2
    spread = z * math.sqrt(share * (1 - share) / number + square / (4 * number))
    return round(max(0.0, (middle - spread) / (1 + square)), 4), round(min(1.0, (middle + spread) / (1 + square)), 4)


def binomial(number: int, chance: float, outside: float) -> tuple[int, int]:
    """Return how many of a number of tries succeed, at least and at most, but for so rare cases.

    >>> binomial(10, 0.5, 0.05), binomial(10, 1.0, 0.05)
    ((2, 8), (10, 10))
    """
    if chance <= 0 or chance >= 1:
        return (number, number) if chance >= 1 else (0, 0)
    logs = [
        math.lgamma(number + 1) - math.lgamma(k + 1) - math.lgamma(number - k + 1)
        + k * math.log(chance) + (number - k) * math.log1p(-chance)
        for k in range(number + 1)
    ]  # fmt: skip
    below = np.cumsum(np.exp(logs))
    low = int(np.searchsorted(below, outside / 2))
    return low, min(number, int(np.searchsorted(below, 1 - outside / 2)))
