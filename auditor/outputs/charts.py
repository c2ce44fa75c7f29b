"""Charts as SVG: numbers in, markup out. Words stand beside a chart, not in it; colours are classes."""

from collections.abc import Iterable, Sequence
from math import ceil, log10
from typing import NamedTuple

from markupsafe import Markup

WIDE, HIGH = 440, 210
"""The size of a chart with axes, in CSS pixels where there is room."""

LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 26
"""Its margins."""


class Part(NamedTuple):
    """A piece of a bar: the class that colours it, and its size."""

    kind: str
    size: float


class Column(NamedTuple):
    """A column of a histogram: the class that colours it, where it stands on the axis, its number and its name."""

    kind: str
    start: float
    end: float
    number: int
    name: str


class Dot(NamedTuple):
    """A point: the class that colours it, and where it lies."""

    kind: str
    x: float
    y: float


def bar(parts: Iterable[Part], whole: float, start: float = 0) -> Markup:
    """Draw a stacked bar as wide as its place; ``whole`` is the full width.

    >>> str(bar([Part("copy", 1), Part("near", 1)], 4)).count('width="250"')
    2
    """
    scale = 1000 / whole if whole else 0.0
    at, shapes = start * scale, []
    for kind, size in parts:
        if size > 0:
            width = max(size * scale, 1.5)
            shapes.append(_rect(kind, at, 0, width, 10))
            at += width
    return _stretched("bar", 1000, 10, shapes)


def strip(lanes: Iterable[tuple[str, Sequence[float]]], columns: int) -> Markup:
    """Draw a map of a file: a column for each stretch of it, filled as far as shares of its rows are of a kind."""
    below = [0.0] * columns
    shapes = []
    for kind, shares in lanes:
        path = []
        for at, share in enumerate(shares):
            if share > 0:
                height = max(share, 0.06)
                path.append(f"M{at} {_short(20 - 20 * below[at])}v{_short(-20 * height)}h1v{_short(20 * height)}z")
                below[at] = min(1.0, below[at] + share)
        if path:
            shapes.append(Markup('<path class="{}" d="{}"/>').format(kind, "".join(path)))
    return _stretched("strip", columns, 20, shapes)


def _stretched(name: str, width: int, height: int, shapes: Iterable[Markup]) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>').format(
        name, width, height, Markup("").join(shapes)
    )


def histogram(columns: Sequence[Column], ticks: Sequence[tuple[float, str]], line: float | None = None) -> Markup:
    """Draw counts over an axis from 0 to 1 on a logarithmic scale; ``line`` marks a threshold."""
    most = max((column.number for column in columns), default=1)
    decades = max(1, ceil(log10(most + 1)))
    shapes = [*_levels(decades), _axis()]
    for kind, start, end, count, name in columns:
        if count:
            x, width = _x(start), max(1.0, _x(end) - _x(start) - 1)
            high = max(2.0, _height(count, decades))
            shapes.append(_rect(kind, x + 0.5, HIGH - BOTTOM - high, width, high, f"{name}: {count:,}"))
    shapes += [_text("tick mid", _x(at), HIGH - 8, label) for at, label in ticks]
    if line is not None:
        shapes.append(Markup('<path class="limit" d="M{0} {1}V{2}"/>').format(_short(_x(line)), TOP - 6, HIGH - BOTTOM))
    return _figure(shapes)


def scatter(dots: Sequence[Dot]) -> Markup:
    """Draw points over two logarithmic axes."""
    wide = max(1, ceil(log10(max((dot.x for dot in dots), default=1) * 1.05)))
    high = max(1, ceil(log10(max((dot.y for dot in dots), default=1) * 1.05)))
    shapes = [*_levels(high), _axis()]
    shapes += [_text("tick mid", _x(decade / wide), HIGH - 8, _power(decade)) for decade in range(wide + 1)]
    for kind, x, y in dots:
        at, up = _x(log10(x) / wide), HIGH - BOTTOM - _room() * log10(y) / high
        title = Markup("<title>{} × {}</title>").format(f"{y:,.0f}", f"{x:,.0f}")
        shapes.append(
            Markup('<circle class="{}" cx="{}" cy="{}" r="4.5">{}</circle>').format(kind, _short(at), _short(up), title)
        )
    return _figure(shapes)


def _figure(shapes: Iterable[Markup]) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(
        WIDE, HIGH, Markup("").join(shapes)
    )


def _levels(decades: int) -> Iterable[Markup]:
    """Draw a line for each power of ten."""
    for decade in range(decades + 1):
        y = HIGH - BOTTOM - _room() * decade / decades
        if decade:
            yield Markup('<path class="level" d="M{} {}H{}"/>').format(LEFT, _short(y), WIDE - RIGHT)
        yield _text("tick end", LEFT - 8, y + 4, _power(decade))


def _axis() -> Markup:
    return Markup('<path class="axis" d="M{} {}H{}"/>').format(LEFT, HIGH - BOTTOM, WIDE - RIGHT)


def _room() -> int:
    return HIGH - TOP - BOTTOM


def _height(count: int, decades: int) -> float:
    """Scale a count; one is seen, so that the lowest line means one, and a column of one rises a little above it."""
    return _room() * log10(count) / decades if count > 1 else 0.0


def _x(share: float) -> float:
    return LEFT + share * (WIDE - LEFT - RIGHT)


def _power(decade: int) -> str:
    """Name a power of ten.

    >>> [_power(n) for n in (0, 3, 4, 6)]
    ['1', '1,000', '10k', '1M']
    """
    return f"{10**decade:,}" if decade < 4 else f"{10 ** (decade - 3)}k" if decade < 6 else f"{10 ** (decade - 6)}M"


def _rect(kind: str, x: float, y: float, width: float, height: float, name: str = "") -> Markup:
    numbers = map(_short, (x, y, width, height))
    shape = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"').format(kind, *numbers)
    return shape + (Markup("><title>{}</title></rect>").format(name) if name else Markup("/>"))


def _text(kind: str, x: float, y: float, words: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, _short(x), _short(y), words)


def _short(number: float) -> str:
    """Write a coordinate with at most two decimals.

    >>> _short(1.0), _short(2.345)
    ('1', '2.35')
    """
    return f"{number:.2f}".rstrip("0").rstrip(".")


def steps(most: int) -> list[tuple[int, int]]:
    """Cut counts from 3 on into classes that grow, as many as are needed.

    >>> steps(60), steps(600)[-1]
    ([(3, 3), (4, 5), (6, 9), (10, 19), (20, 49), (50, 99)], (100, 999))
    """
    found = [(3, 3), (4, 5), (6, 9), (10, 19), (20, 49), (50, 99)]
    while found[-1][1] < most:
        low = found[-1][1] + 1
        found.append((low, 10 * low - 1))
    return [step for step in found if step[0] <= max(most, 3)]
