"""The first page: the verdict in words, and the numbers behind it; it is read and printed without any script."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from auditor.outputs import charts
from auditor.outputs.charts import Column, Dot, Part
from auditor.outputs.html import rules
from auditor.outputs.html.chosen import Cap
from auditor.outputs.html.duplicates import Duplicates
from auditor.outputs.html.facts import Facts
from auditor.outputs.html.loops import Loops
from auditor.outputs.html.sources import Bad, File, Sources
from auditor.outputs.html.strings import Both, percent, say

DECISIONS, FILES, BAD = 10, 5, 5
"""What is listed at most; the other pages list more."""

SURE = 0.05
"""The least doubt: of what is proved one may still ask whether it was meant."""

VIEWS = {"loop": ("loops", ""), "copy": ("duplicates", "kind=copy"), "near": ("duplicates", "kind=near")}
"""Where the rows of each cause are shown: a page, and a view of it."""

CAUSES = ("loop", "copy", "near", "template", "phrase", "unique")
"""The parts of the budget, in the order of the bar."""

PAGES = {**VIEWS, "template": ("templates", ""), "phrase": ("phrases", "")}
"""Where each part of the budget is shown."""

VARIED = {"distinct_prompts": "prompt", "distinct_answers": "answer"}
"""The groups that tell how few prompts or answers are distinct."""

FLOOR, BINS = 0.5, 25
"""Where the histogram of similarities begins, and its columns; pairs below are not kept."""


class Change(NamedTuple):
    """One number before and after the plan, and the page with the rows behind it."""

    key: str
    before: str
    after: str
    page: str = ""
    view: str = ""


class Step(NamedTuple):
    """What one rule drops, after those before it."""

    code: str
    title: Both
    rows: int
    tokens: int
    share: str
    bar: Markup
    page: str
    view: str


class Decision(NamedTuple):
    """A decision that is worth a person's time."""

    page: str
    anchor: str
    title: Both
    place: str
    tokens: int
    why: Both


@dataclass(frozen=True)
class Overview:
    """Everything that the first page says."""

    facts: Facts
    duplicates: Duplicates
    loops: Loops
    sources: Sources
    built: Mapping[str, Mapping[str, Any]]

    def build(self) -> dict[str, Any]:
        """Return what the page's template needs."""
        summary = self.facts.run.summary
        bad: list[Bad] = self.sources.bad
        return {
            "level": summary["verdict"]["level"],
            "verdict": self.verdict(),
            "parts": self.parts(),
            "bars": [(name, charts.bar(self._bar(summary[name]), 1)) for name in ("before", "after")],
            "alone": self.alone(),
            "changes": self.changes(),
            "steps": self.steps(),
            "similar": self.similar(),
            "sizes": self.sizes(),
            "root": self.facts.root,
            "files": self.files(),
            "file_count": len(self.facts.files),
            "decisions": self.decisions(),
            "bad": bad[:BAD],
            "bad_count": len(bad),
            "rejected": sum(file["rejected"] for file in summary["files"]),
            "skipped": self.facts.skipped,
            "caps": self.caps(),
            "lost": sorted({name for page in ("duplicates", "loops") for name in self.built[page]["lost"]}),
            "scripts": {},
        }

    def verdict(self) -> tuple[Both, Both]:
        """Say how much repeats; then what the largest cause does, and what the plan leaves."""
        summary = self.facts.run.summary
        before, after, totals = summary["before"], summary["after"], summary["totals"]
        main = summary["verdict"]["main_cause"]
        if main is None:
            return say("verdict.none"), self._plan(totals, after)
        said = [say(f"verdict.main.{main}", share=percent(before[f"{main}_share"]))]
        if main != "loop" and before["loop_rows"]:
            share = percent(before["loop_rows_share"])
            said.append(say("verdict.also.loop", rows=before["loop_rows"], share=share))
        said.append(self._plan(totals, after))
        rest = Both(Markup(" ").join(each.en for each in said), Markup().join(each.zh for each in said))
        return say("verdict.share", share=percent(before["repeated_share"])), rest

    def _plan(self, totals: Mapping[str, int], after: Mapping[str, Any]) -> Both:
        if not totals["dropped"]:
            return say("verdict.plan.none")
        left = percent(after["repeated_share"])
        return say("verdict.plan", dropped=totals["dropped"], samples=totals["samples"], after=left)

    def parts(self) -> list[dict[str, Any]]:
        """Return the parts of the repetition: share before and after, and where their rows are."""
        summary = self.facts.run.summary
        found = []
        for name in CAUSES:
            page, view = PAGES.get(name, ("", ""))
            shares = [float(summary[when][f"{name}_share"]) for when in ("before", "after")]
            written = {"before": percent(shares[0]), "after": percent(shares[1])}
            found.append({"name": name, **written, "page": page if any(shares) else "", "view": view})
        return found

    def _bar(self, held: Mapping[str, Any]) -> list[Part]:
        return [Part(name, float(held[f"{name}_share"])) for name in CAUSES]

    def changes(self) -> list[Change]:
        """Return the table of before and after."""
        summary = self.facts.run.summary
        one, two = summary["before"], summary["after"]
        counts = ("samples", "trained_tokens", "distinct_prompts", "distinct_answers")
        varied = {key: kind for key, kind in VARIED.items() if self.built["prompts"]["shown"][kind]}
        pages = {key: ("prompts", f"kind={kind}") for key, kind in varied.items()}
        found = [Change(key, f"{one[key]:,}", f"{two[key]:,}", *pages.get(key, ("sources", ""))) for key in counts]
        shares = [percent(held["repeated_share"]) for held in (one, two)]
        found.append(Change("repeated_share", shares[0], shares[1], "duplicates"))
        for name, (page, view) in VIEWS.items():
            found.append(
                Change(f"{name}_rows", _rows(one, name), _rows(two, name), page if one[f"{name}_rows"] else "", view)
            )
        largest = Change("largest_copy_group", *(f"{held['largest_copy_group']:,}" for held in (one, two)))
        return [
            *found,
            largest._replace(page="duplicates", view="kind=copy&sort=size") if one["copy_rows"] else largest,
        ]

    def alone(self) -> tuple[str, str] | None:
        """Return the share of looped rows, and what it would be if only duplicates were dropped."""
        before = self.facts.run.summary["before"]
        spare = before["copy_rows"] + before["near_rows"]
        rows = before["samples"] - spare
        if not before["loop_rows"] or not spare or not rows:
            return None
        now, then = percent(before["loop_rows_share"]), percent(before["loop_rows"] / rows)
        return (now, then) if now != then else None

    def steps(self) -> dict[str, Any]:
        """Return what each rule drops in plan order: loops and signals, then copies, then near duplicates."""
        summary = self.facts.run.summary
        held = [rule for rule in summary["rules"] if rule["dropped"]]
        held.sort(key=lambda rule: (rule["kind"] == "relation", rule["code"]))
        whole = sum(rule["dropped_tokens"] for rule in held)
        total = summary["totals"]["trained_tokens"]
        found, at = [], 0
        for rule in held:
            tokens = rule["dropped_tokens"]
            drawn = charts.bar([Part(self._colour(rule["code"]), tokens)], whole, at)
            title, share = rules.title(self.facts, rule["code"]), percent(tokens / total if total else 0)
            found.append(Step(rule["code"], title, rule["dropped"], tokens, share, drawn, *self._rows_of(rule["code"])))
            at += tokens
        dropped = summary["totals"]["dropped"]
        return {"steps": found, "rows": dropped, "tokens": whole, "share": percent(whole / total if total else 0)}

    def _rows_of(self, code: str) -> tuple[str, str]:
        """Return where the rows that a rule drops are shown."""
        rule = self.facts.rules.get(code)
        return rules.rows_of(rule) if rule else ("", "")

    def _colour(self, code: str) -> str:
        rule = self.facts.rules.get(code)
        return rule.target if rule and rule.target in {"copy", "near"} else "loop"

    def similar(self) -> dict[str, Any]:
        """Return the histogram of every row's likeness to the row most like it."""
        pairs = self.facts.run.pairs
        best = np.zeros(self.facts.rows)
        jaccard = np.asarray(pairs["jaccard"].to_numpy(), np.float64)
        for end in ("row_a", "row_b"):
            np.maximum.at(best, np.asarray(pairs[end].to_numpy(), np.int64), jaccard)
        held = best[best >= FLOOR]
        counts, edges = np.histogram(held, BINS, (FLOOR, 1.0))
        wide = 0.92
        columns = [
            Column("near", wide * at / BINS, wide * (at + 1) / BINS, int(count), f"{edges[at]:.2f}–{edges[at + 1]:.2f}")
            for at, count in enumerate(counts)
        ]
        copies = self._copied()
        columns.append(Column("copy", 0.965, 1.0, copies, "≡"))
        ticks = [(wide * (at - FLOOR) / (1 - FLOOR), f"{at:.1f}") for at in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
        line = wide * (self.duplicates.groups.threshold - FLOOR) / (1 - FLOOR)
        chart = charts.histogram(columns, [*ticks, (0.9825, "≡")], line if 0 <= line <= 1 else None)
        over = int((held >= self.duplicates.groups.threshold).sum())
        return {
            "chart": chart if copies or len(held) else None, "copies": copies, "over": over,
            "under": len(held) - over, "threshold": f"{self.duplicates.groups.threshold:g}",
        }  # fmt: skip

    def _copied(self) -> int:
        return self.facts.rows - int(self.facts.run.brief["copy_group"].null_count)

    def sizes(self) -> dict[str, Any]:
        """Return how many groups there are of each size."""
        groups = self.facts.run.groups
        size = np.asarray(groups["size"].to_numpy(), np.int64)
        dots, told = [], []
        for kind in ("copy", "near"):
            held = size[self.facts.kind == kind]
            found, counts = np.unique(held, return_counts=True)
            dots += [Dot(kind, float(x), float(y)) for x, y in zip(found, counts, strict=True)]
            told.append({"kind": kind, "groups": len(held), "largest": int(held.max(initial=0))})
        return {"chart": charts.scatter(dots) if dots else None, "told": told}

    def files(self) -> list[File]:
        """Return the files with most repeated tokens."""
        return self.sources.files[:FILES]

    def decisions(self) -> list[Decision]:
        """Return what is most worth deciding by hand: trained tokens at stake, weighted by doubt."""
        ranked = [*self._groups(), *self._cases()]
        return [decision for _, decision in sorted(ranked, key=lambda item: (-item[0], item[1].anchor))[:DECISIONS]]

    def _groups(self) -> list[tuple[float, Decision]]:
        page = self.duplicates.groups
        doubt = np.maximum(page.doubt[page.numbers], SURE)
        weight = page.stake[page.numbers] * doubt
        best = np.argsort(-weight, kind="stable")[:DECISIONS]
        found = []
        for number, value in zip(page.numbers[best].tolist(), weight[best].tolist(), strict=True):
            held = self.facts.run.groups.slice(number, 1).to_pylist()[0]
            kind, near = held["kind"], held["kind"] == "near"
            least = floor(page.least[number] * 1000) / 1000
            why = (
                say("decide.near", similarity=f"{least:.3f}", threshold=f"{page.threshold:g}")
                if near else say("decide.copy", size=held["size"])
            )  # fmt: skip
            place = self._place(held["keeper_row"])
            title = say(f"kind.{kind}")
            anchor = held["group"] if held["group"] in self.built["duplicates"]["shown"] else f"kind={kind}"
            found.append((value, Decision("duplicates", anchor, title, place, held["trained_tokens"], why)))
        return found

    def _cases(self) -> list[tuple[float, Decision]]:
        page = self.loops
        tokens = self.facts.tokens[page.row]
        weight = tokens * np.where(self.facts.dropped[page.row], SURE, 1.0) * (page.severity < 2)
        best = np.argsort(-weight, kind="stable")
        _, first = np.unique(page.row[best], return_index=True)
        best = best[np.sort(first)][:DECISIONS]
        found = []
        columns = page.table.take(best).to_pylist(), weight[best].tolist(), tokens[best].tolist()
        for held, value, count in zip(*columns, strict=True):
            gone = bool(self.facts.dropped[held["row"]])
            anchor = held["id"] if held["id"] in self.built["loops"]["shown"] else ""
            title = rules.title(self.facts, held["rule"])
            why = say("decide.dropped" if gone else "decide.flagged")
            found.append((value, Decision("loops", anchor, title, self._place(held["row"]), count, why)))
        return [item for item in found if item[0]]

    def _place(self, row: int) -> str:
        file, line, _ = self.facts.place(row)
        return f"{self.facts.files[file].removeprefix(self.facts.root)}:{line}"

    def caps(self) -> list[tuple[str, Cap, str]]:
        """Return the pages that show less than there is."""
        held = [(page, self.built[page]["cap"]) for page in ("duplicates", "loops")]
        return [(page, cap, percent(cap.share)) for page, cap in held if cap.shown < cap.total]


def _rows(held: Mapping[str, Any], name: str) -> str:
    """Write how many rows are put down to a cause."""
    return f"{held[f'{name}_rows']:,} ({percent(held[f'{name}_rows_share'])})"
