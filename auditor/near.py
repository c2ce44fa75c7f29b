"""Near duplicates of a corpus: bands propose, rows are read again, exact similarity decides, share by share."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from auditor.corpus import Corpus, Part, binary
from auditor.engines import local
from auditor.kernels import pairs as kernel
from auditor.kernels.flat import Ints, only
from auditor.kernels.order import ordered
from auditor.kernels.pairs import Band, Levels, Prefixes, buckets
from auditor.kernels.sketch import Sets, taken
from auditor.reader import again
from auditor.relations.copies import Copies
from auditor.relations.ladder import climbed
from auditor.relations.neighbours import FLOOR, Neighbours, Share, compressed, distinct, shares, uncrowded
from auditor.sketches import band_name, bands_for, conversation_sets
from auditor.store import read_tables, released
from auditor.views import views

SHARE = 8 << 20
"""Bytes of shingles that are related at once, unless there is much more to relate."""

SHARES = 64
"""Shares that a large corpus is cut into."""

BREATH = 16 << 20
"""Bytes of shingles that are loaded before the pages around them are given back."""

ROOM = 64
"""Bytes that finding the buckets of one band takes for each row."""


_PAIRS = pa.schema(
    [
        ("low", pa.int64()),
        ("high", pa.int64()),
        ("jaccard", pa.float64()),
        ("low_contained", pa.float64()),
        ("high_contained", pa.float64()),
    ]
)


class Budget(NamedTuple):
    """Processors to use, and bytes of memory to fill; what is found does not depend on them."""

    workers: int
    memory: int


class Unit(NamedTuple):
    """Shingles of neighbouring rows, mapped from disk: of conversations, and with system texts."""

    narrow: Sets
    wide: Sets


class Shelf(NamedTuple):
    """Shingles of some rows, kept on disk: rising rows, the units that hold them, and each unit's first row's place.

    ``sizes`` counts the shingles of each row: of its conversation, and with its system text.
    """

    rows: Ints
    units: Sequence[Unit]
    first: Ints
    sizes: tuple[Ints, Ints]

    @property
    def shingles(self) -> int:
        """How many shingles of conversations there are."""
        return int(self.sizes[0].sum())

    def take(self, rows: Ints) -> Unit:
        """Load the shingles of rows (rising, all on the shelf)."""
        place = np.searchsorted(self.rows, rows)
        bounds = np.searchsorted(place, self.first).tolist()
        held = zip(self.units, self.first.tolist(), pairwise(bounds), strict=False)
        parts = [(unit, place[first:end] - start) for unit, start, (first, end) in held if first < end]
        narrow, wide = (
            taken(((unit[side], places) for unit, places in parts), int(sizes[place].sum()), len(place))
            for side, sizes in enumerate(self.sizes)
        )
        return Unit(narrow, wide)


def near(corpus: Corpus, one_of_each: Copies, rank: Ints, stage: Path, budget: Budget) -> Neighbours:
    """Verify pairs of near duplicates among distinct samples; of copies the one that stands for them is compared.

    Keys and shingles wait on disk: in memory are the keys of a band or the shingles of a share for each worker.
    """
    own = one_of_each.keeper == np.arange(corpus.rows)
    rows = np.flatnonzero(own & (corpus.keys["shingles"].to_numpy() > 0))
    rows = rows[ordered(rank[rows])]
    if not len(rows):
        return _united(corpus.rows, [])
    if corpus.settings.exact:
        shelf = _shelved(corpus, np.sort(rows), stage / "shingles", budget.workers)
        place, bands = compressed([_exact_band(shelf, rank, corpus.settings.tie)], len(rows))
        chosen = rows[place]
    else:
        place, bands = compressed(_bands(corpus, rows, budget), len(rows))
        chosen = rows[place]
        released()
        shelf = _shelved(corpus, np.sort(chosen), stage / "shingles", budget.workers)
    weights = 8 * corpus.keys["shingles"].to_numpy()[chosen]
    most = max(SHARE, int(weights.sum()) // SHARES)  # by the data alone: memory says how many shares at once
    parts = _breathing(shares(bands, weights, most), weights)
    at_once = max(1, min(budget.workers, budget.memory // (4 * most)))
    units = local.run(stage / "related", partial(_related, corpus, chosen, shelf), parts, at_once)
    return _united(corpus.rows, [read_tables(unit)["pairs"] for unit in units])


def _breathing(parts: Iterable[Share], weights: Ints) -> Iterator[Share]:
    """Give pages of mapped files back now and then: the rows of a share lie far apart, each on pages of its own."""
    held = 0
    for share in parts:
        held += int(weights[share.samples].sum())
        if held > BREATH:
            released()
            held = 0
        yield share


def _exact_band(shelf: Shelf, rank: Ints, least: float) -> Band:
    """Return the buckets of all rows' rarest shingles, which miss no pair; rows are numbered by rank."""
    number = np.empty(len(shelf.rows), np.int32)
    number[ordered(rank[shelf.rows])] = np.arange(len(number))
    counts = kernel.tallied((unit.narrow.values for unit in shelf.units), shelf.shingles)
    found = [
        part._replace(samples=number[first : first + len(sets.offsets) - 1][part.samples])
        for first, (sets, _) in zip(shelf.first.tolist(), shelf.units, strict=False)
        for part in [kernel.prefixes(sets, np.arange(len(sets.offsets) - 1), counts, least)]
    ]
    keys, samples, places = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = ordered(samples)
    return kernel.prefixed(Prefixes(keys[order], samples[order], places[order]))


def _bands(corpus: Corpus, rows: Ints, budget: Budget) -> list[Band]:
    """Return the buckets of every band; as many at a time as there are workers and memory."""

    def of_band(number: int) -> Band:
        return buckets(corpus.keys[band_name(number)].to_numpy(), rows)

    with ThreadPoolExecutor(max(1, min(budget.workers, budget.memory // (4 * ROOM * max(1, corpus.rows))))) as pool:
        return list(pool.map(of_band, range(bands_for(corpus.settings.reach).number)))


def _shelved(corpus: Corpus, rows: Ints, stage: Path, workers: int) -> Shelf:
    """Read rising rows again and put their shingles on disk, unit by unit."""

    def shingles(part: Part) -> dict[str, pa.Table]:
        read = again(part.source, part.places, corpus.dialects(part))
        narrow, wide = conversation_sets(views(read, keyed=False), corpus.settings.shingle)
        return {"sets": pa.table({"narrow": _lists(narrow), "wide": _lists(wide)})}

    parts = list(corpus.parts(rows))
    tables = [read_tables(unit)["sets"] for unit in local.run(stage, shingles, parts, workers)]
    units = [Unit(*(_mapped(table[name]) for name in ("narrow", "wide"))) for table in tables]
    none = np.zeros(0, np.int64)
    narrow, wide = (np.concatenate([none, *(np.diff(unit[side].offsets) for unit in units)]) for side in range(2))
    return Shelf(rows, units, np.cumsum([0, *(len(part.places.line) for part in parts)]), (narrow, wide))


def _lists(sets: Sets) -> pa.Array:
    return pa.LargeListArray.from_arrays(pa.array(sets.offsets), pa.array(sets.values))


def _mapped(column: pa.ChunkedArray) -> Sets:
    """Look at a column of lists as sets, without copying."""
    held = only(column)
    return Sets(held.values.to_numpy(), held.offsets.to_numpy())


def _related(corpus: Corpus, chosen: Ints, shelf: Shelf, share: Share) -> dict[str, pa.Table]:
    """Relate the samples of a share; rows, not samples, are named in what is returned."""
    rows = chosen[share.samples]
    rising = ordered(rows)
    narrow, wide = shelf.take(rows[rising])
    held = np.empty(len(rows), np.int64)
    held[rising] = np.arange(len(rows))
    lanes = binary(corpus.keys["lanes"], np.dtype(np.uint8), rows)
    system = corpus.keys["system"].to_numpy()[rows]
    levels = Levels(corpus.settings.tie, corpus.settings.reach, min(corpus.settings.tie, FLOOR))
    exact = corpus.settings.exact
    bands = share.bands if exact else _eased(share.bands, narrow, held, levels.tie)
    samples = kernel.Corpus(narrow, wide, system, lanes, held)
    found = climbed(samples, bands, levels, exact=exact)
    ends, sizes = found.ends, np.diff(narrow.offsets)[held]
    pairs, contained = rows[ends], found.common[:, None] / sizes[ends]
    swap = pairs[:, 0] > pairs[:, 1]
    pairs[swap], contained[swap] = pairs[swap, ::-1], contained[swap, ::-1]
    once = distinct(pairs)
    columns = (*pairs[once].T, found.jaccard[once], *contained[once].T)
    return {"pairs": pa.Table.from_arrays([pa.array(column) for column in columns], schema=_PAIRS)}


def _eased(bands: list[Band], sets: Sets, held: Ints, least: float) -> list[Band]:
    """Put the buckets of rare shingles in the place of crowded ones."""
    bands, crowd = uncrowded(bands)
    if not len(crowd):
        return bands
    counts = kernel.tallied([sets.values], len(sets.values))
    rare = kernel.prefixed(kernel.prefixes(sets, held[crowd], counts, least))
    return [*bands, rare._replace(rows=crowd[rare.rows].astype(np.int32))]


def _united(rows: int, units: list[pa.Table]) -> Neighbours:
    """Put together what was verified in every share; no row has a group or a keeper yet."""
    found = pa.concat_tables(units) if units else _PAIRS.empty_table()
    low, high, jaccard, *contained = (column.to_numpy() for column in found.columns)
    pairs = np.stack([low, high], axis=1)
    order = distinct(pairs)
    alone = np.full(rows, -1, np.int64), np.arange(rows, dtype=np.int64)
    return Neighbours(*alone, pairs[order], jaccard[order], np.stack(contained, axis=1)[order])
