"""Charts: numbers become shapes of the right size, and nothing else gets in."""

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from auditor.outputs.charts import Column, Dot, Part, bar, histogram, scatter, steps, strip


def shapes(markup: Markup, tag: str) -> list[dict[str, str]]:
    """Return the attributes of one kind of shapes; the markup must be well formed."""
    return [shape.attrib for shape in ET.fromstring(str(markup)).iter(tag)]


def test_a_bar_is_as_long_as_its_parts() -> None:
    """Parts stand side by side, in proportion; empty ones are left out."""
    found = shapes(bar([Part("loop", 1), Part("copy", 0), Part("near", 3)], 8), "rect")
    places = [(part["class"], part["x"], part["width"]) for part in found]
    assert places == [("loop", "0", "125"), ("near", "125", "375")]


def test_a_small_part_can_still_be_seen() -> None:
    """What is there is drawn, however small."""
    (part,) = shapes(bar([Part("loop", 1)], 1e9), "rect")
    assert float(part["width"]) > 1


def test_a_bar_of_nothing_is_empty() -> None:
    """A file without trained tokens has a bar without parts."""
    assert shapes(bar([Part("loop", 0)], 0), "rect") == []


def test_a_waterfall_step_begins_where_the_last_one_ended() -> None:
    """A bar may begin anywhere."""
    (part,) = shapes(bar([Part("copy", 2)], 10, 3), "rect")
    assert (part["x"], part["width"]) == ("300", "200")


def test_a_strip_stacks_what_shares_a_column() -> None:
    """Shares of one column stand on top of each other."""
    found = shapes(strip([("loop", [0.5, 0.0]), ("copy", [0.25, 1.0])], 2), "path")
    assert [(path["class"], path["d"]) for path in found] == [
        ("loop", "M0 20v-10h1v10z"),
        ("copy", "M0 10v-5h1v5zM1 20v-20h1v20z"),
    ]


def test_a_histogram_has_a_logarithmic_scale() -> None:
    """Ten times as many rows are one step higher, whatever the step."""
    columns = [Column("near", at / 4, (at + 1) / 4, 10**at, str(at)) for at in range(4)]
    heights = [float(rect["height"]) for rect in shapes(histogram(columns, []), "rect")]
    assert heights[3] - heights[2] == pytest.approx(heights[2] - heights[1], abs=0.02)


def test_a_histogram_marks_the_threshold_where_it_is() -> None:
    """The line stands at the border of the columns left and right of it."""
    drawn = histogram([Column("near", 0, 0.5, 5, "a"), Column("near", 0.5, 1, 5, "b")], [], 0.5)
    (line,) = [path["d"] for path in shapes(drawn, "path") if path["class"] == "limit"]
    right = shapes(drawn, "rect")[1]
    assert float(re.match(r"M([\d.]+)", line)[1]) == pytest.approx(float(right["x"]), abs=0.51)


def test_an_empty_histogram_is_a_frame() -> None:
    """No columns, no error."""
    assert shapes(histogram([Column("near", 0, 1, 0, "a")], []), "rect") == []


def test_dots_lie_inside_their_chart() -> None:
    """The largest and the smallest group are both in the picture."""
    drawn = scatter([Dot("copy", 1, 1), Dot("near", 1_000_000, 98_765), Dot("near", 1000, 10)])
    found = [(float(dot["cx"]), float(dot["cy"])) for dot in shapes(drawn, "circle")]
    assert len(found) == 3
    assert all(44 <= x <= 440 and 0 <= y <= 184 for x, y in found)


def test_names_are_escaped() -> None:
    """What a chart is told to write is text."""
    drawn = histogram([Column("near", 0, 1, 5, "<img src=x>")], [(0.5, "<b>")])
    assert "<img" not in drawn
    assert "&lt;b&gt;" in drawn


@pytest.mark.parametrize("most", [0, 3, 4, 9, 10, 99, 100, 5588, 10**6])
def test_classes_hold_every_count(most: int) -> None:
    """Every count from three to the largest falls into exactly one class."""
    found = steps(most)
    assert found[0][0] == 3
    assert all(high + 1 == low for (_, high), (low, _) in pairwise(found))
    assert found[-1][1] >= most
