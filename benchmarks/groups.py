"""Write rows with a wished number of groups of duplicates: ``python benchmarks/groups.py FILE [GROUPS] [ROWS]``.

Half of the groups are copies and half near duplicates, of two to four rows, spread over the file; all other rows are
unlike each other. The words are drawn at random, so nothing but these groups repeats.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

WORDS = 50_000
LEAST, MOST = 30, 60
DEFAULTS = ("100000", "1000000")


def rows(groups: int, total: int) -> Iterator[str]:
    """Give answers: those of groups first, then others."""
    chance = random.Random(7)
    vocabulary = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 10))) for _ in range(WORDS)]
    made = 0
    for group in range(groups):
        words = chance.choices(vocabulary, k=MOST)
        for member in range(chance.choice((2, 2, 2, 3, 4))):
            changed = [*words[:-1], vocabulary[member]] if group % 2 else words
            made += 1
            yield " ".join(changed)
    for _ in range(total - made):
        yield " ".join(chance.choices(vocabulary, k=chance.randint(LEAST, MOST)))


def main() -> None:
    """Write the file, in an order drawn at random."""
    path, groups, total = [*sys.argv[1:], *DEFAULTS[len(sys.argv) - 2 :]]
    held = list(rows(int(groups), int(total)))
    random.Random(8).shuffle(held)
    with Path(path).open("w", encoding="utf-8") as file:
        for number, answer in enumerate(held):
            turn = {"input": f"Write what comes to mind about number {number}.", "output": answer}
            file.write(json.dumps({"conversation": [turn]}) + "\n")


if __name__ == "__main__":
    main()
