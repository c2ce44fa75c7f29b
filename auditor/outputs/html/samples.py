"""The page of samples: flagged rows as chats, with the spans of every rule that each of them meets."""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.evidence import PLAIN, Piece, Pieces
from auditor.kernels.flat import Ints
from auditor.outputs.html.chosen import Cap, chosen
from auditor.outputs.html.facts import Facts
from auditor.outputs.html.shards import Family, packed, snippet
from auditor.outputs.html.shown import fitted
from auditor.outputs.html.texts import Texts
from auditor.sample import Turn

SAMPLES, CHARS, READ = 300, 4000, 8_000_000
"""What is shown at most: samples, characters of one, and characters that are read again for the page."""

BUDGET = 2 * 1024 * 1024
"""Bytes of this page's scripts."""


class Samples:
    """Chooses flagged samples, then packs them once their texts are read."""

    name = "samples"

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        flagged = np.flatnonzero(self._count > 0)
        order = facts.ids[flagged]
        doubt = np.where(facts.dropped[flagged], 0.0, self._count[flagged].astype(np.float64))
        picked = flagged[chosen(facts.tokens[flagged], doubt, order, SAMPLES)]
        _, first = np.unique(facts.ids[picked], return_index=True)
        picked = picked[np.sort(first)]
        self.flagged = len(flagged)
        self.shown = picked[np.cumsum(facts.chars[picked]) <= READ]

    @cached_property
    def _row(self) -> Ints:
        """The row of each finding; -1 where it is about a group or a line."""
        return np.asarray(pc.fill_null(self.facts.run.findings["row"], -1).to_numpy(), np.int64)

    @cached_property
    def _count(self) -> Ints:
        """How many findings each row has."""
        return np.bincount(self._row[self._row >= 0], minlength=self.facts.rows)

    def rows(self) -> Ints:
        """Return the rows whose texts are shown."""
        return self.shown

    def build(self, texts: Texts) -> dict[str, Any]:
        """Return what the page's template needs, and its scripts."""
        found = np.flatnonzero(np.isin(self._row, self.shown))
        held: dict[int, list[dict[str, Any]]] = {}
        for finding in self.facts.run.findings.take(pa.array(found)).to_pylist():
            held.setdefault(finding["row"], []).append(finding)
        family, listed = Family(self.name, BUDGET), []
        for row, same in zip(self.shown.tolist(), self.facts.same(self.shown), strict=True):
            own = sorted(held[row], key=lambda each: each["rule"])
            place = family.add(self._item(texts.of(row), own))
            if place is None:
                break
            listed.append([*self._listed(row, own, texts), self.facts.fates(same), *place])
        tokens = self.facts.tokens
        whole = int(tokens[self._count > 0].sum())
        share = int(tokens[self.shown[: len(listed)]].sum()) / whole if whole else 1.0
        codes = sorted({code for item in listed for code in item[1]})
        return {
            "cap": Cap(len(listed), self.flagged, share),
            "lost": texts.lost,
            "codes": codes,
            "gone": frozenset(code for item in listed for code in item[1] if item[3] == "drop"),
            "scripts": family.close({**self.facts.files_told, "planned": self.facts.planned, "items": listed}),
        }

    def _listed(self, row: int, findings: Sequence[dict[str, Any]], texts: Texts) -> list[Any]:
        """Return a sample's line in the queue."""
        turns = texts.of(row)
        return [
            self.facts.ids[row].decode(),
            sorted({finding["rule"] for finding in findings}),
            int(self.facts.tokens[row]),
            self.facts.run.brief["action"][row].as_py(),
            [int(self.facts.file[row])],
            self.facts.place(row),
            snippet(next((turn.text for turn in turns if turn.text.strip()), "")),
        ]

    def _item(self, turns: Sequence[Turn], findings: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return all that is shown of a sample."""
        spans: dict[int, list[tuple[int, int, str]]] = {}
        for finding in findings:
            if finding["turn"] is not None and (finding["end"] or 0) > (finding["start"] or 0):
                spans.setdefault(finding["turn"], []).append((finding["start"], finding["end"], finding["rule"]))
        pieces = fitted([_layered(turn.text, spans.get(at, ())) for at, turn in enumerate(turns)], CHARS)
        told = [[finding["rule"], finding["severity"], finding["score"]] for finding in findings]
        text = [[turn.role.label, int(turn.trained), packed(held)] for turn, held in zip(turns, pieces, strict=True)]
        return {"findings": told, "text": text}


def _layered(text: str, spans: Sequence[tuple[int, int, str]]) -> Pieces:
    """Cut a text where spans begin and end; each piece is of all the rules that cover it.

    >>> [piece[:2] for piece in _layered("abcdef", [(1, 4, "L1"), (3, 5, "N1")])]
    [('', 'a'), ('L1', 'bc'), ('L1 N1', 'd'), ('N1', 'e'), ('', 'f')]
    """
    cuts = sorted({0, len(text), *(min(edge, len(text)) for span in spans for edge in span[:2])})
    found = []
    for start, end in pairwise(cuts):
        codes = sorted({code for first, last, code in spans if first <= start and end <= last})
        found.append(Piece(" ".join(codes) or PLAIN, text[start:end]))
    return found
