"""What calibration found, in the terminal: measured recall beside the promise of the bands."""

import json

from rich.console import Group, RenderableType
from rich.text import Text

from auditor.outputs.layout import grid, indented
from auditor.outputs.run import Run
from auditor.outputs.terminal import number, percent
from auditor.words import say


def told(run: Run) -> RenderableType:
    """Return the table of similarities, and what it says."""
    held = json.loads((run.path / "calibration.json").read_bytes())
    table = grid("similarity", "planted", "found by the bands", "95 % interval", "promised", "verified", "")
    for each in (each for each in held["bins"] if each["pairs"]):
        low, high = (100 * share for share in each["between"])
        odd = "" if each["agrees"] else say("not as promised")
        table.add_row(
            f"{each['from']:.2f}–{each['to']:.2f}", number(each["pairs"]), percent(each["share"]),
            f"{low:.0f}–{high:.0f} %", percent(each["predicted"]), percent(each["verified"]),
            Text(odd, "bold red"),
        )  # fmt: skip
    shares = {name: percent(held[name]["share"] or 0) for name in ("recall", "precision")}
    words = say(
        "{planted} near duplicates planted in a shadow of the data: at {threshold} and over {recall} are found, and "
        "{precision} of those found are that alike",
        planted=number(held["planted"]), threshold=f"{held['threshold']:g}", **shares,
    )  # fmt: skip
    return Group(indented(Text(words)), Text(), indented(table), Text())
