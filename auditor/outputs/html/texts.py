"""Texts behind rows, read from their sources once more; a report is made without those that are gone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.errors import AuditorError
from auditor.kernels.flat import Ints
from auditor.outputs.html.facts import Facts
from auditor.sample import Turn


@dataclass(frozen=True)
class Texts:
    """Turns by row, and the files that could not be read again."""

    turns: dict[int, list[Turn]]
    lost: Sequence[str] = ()

    def of(self, row: int) -> list[Turn]:
        """Return a row's turns; none where its file is gone."""
        return self.turns.get(row, [])


def read(facts: Facts, rows: Ints) -> Texts:
    """Read rows again; where that fails, file by file, to save what can be saved."""
    wanted = np.unique(rows)
    turns = _turns(facts, wanted)
    if turns is not None:
        return Texts(turns)
    numbers = np.unique(facts.file[wanted]).tolist()
    parts = {facts.files[number]: _turns(facts, wanted[facts.file[wanted] == number]) for number in numbers}
    found = {row: held for part in parts.values() if part for row, held in part.items()}
    return Texts(found, [name for name, part in parts.items() if part is None])


def _turns(facts: Facts, rows: Ints) -> dict[int, list[Turn]] | None:
    try:
        return facts.run.turns(rows.tolist())
    except AuditorError:
        return None
