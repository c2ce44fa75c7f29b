# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Tie samples that share a bucket into groups, every tie proved by exact similarity; choose what each is dropped for.

Samples are numbered by preference: of two that are alike the lower number is kept.
"""

import numpy as np

from libc.math cimport ceil
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy

cdef extern from "agree.h" nogil:
    int agree(const uint8_t *a, const uint8_t *b, int size)

cdef enum:
    HEADS = 256  # groups of one bucket that a newcomer is compared with
    LOOK = 32    # members of each, the latest
    TRY = 2      # of which the best agreeing are verified
    TRIES = 8    # keepers that a member of a group is verified against
    MEMORY = 1 << 22  # failed pairs remembered at most; one forgotten is verified again


cdef struct Pair:
    int32_t a
    int32_t b
    int64_t common  # shared shingles; of both conversations alone
    double jaccard


cdef struct Log:
    Pair *pairs
    int64_t size
    int64_t room
    bint failed  # memory ran out: what follows is lost, and the caller raises


cdef struct Corpus:
    const uint64_t *values
    const int64_t *starts
    const int64_t *ends
    const uint64_t *wide
    const int64_t *wide_starts
    const int64_t *wide_ends
    const uint64_t *system
    const uint8_t *sketch
    int32_t *position  # of the shingle that a bucket shares, in each sample's prefix
    int width
    int least
    bint exact  # verify all that can be alike, not only what sketches show to be likely
    double tie
    double reach  # the similarity that a pair must be able to have to be verified
    double drop
    double floor


cdef int add(Log *log, int64_t a, int64_t b, int64_t common, double jaccard) noexcept nogil:
    cdef Pair *grown
    if log.failed:
        return -1
    if log.size == log.room:
        grown = <Pair *>realloc(log.pairs, 2 * log.room * sizeof(Pair))
        if grown == NULL:
            log.failed = True
            return -1
        log.pairs = grown
        log.room *= 2
    log.pairs[log.size] = Pair(<int32_t>min(a, b), <int32_t>max(a, b), common, jaccard)
    log.size += 1
    return 0


cdef int64_t common_of(const uint64_t *a, int64_t na, const uint64_t *b, int64_t nb, int64_t need) noexcept nogil:
    """Count shared values of two sorted sets; gives up (-1) once ``need`` cannot be reached."""
    cdef int64_t i = 0, j = 0, k = 0, step
    cdef uint64_t x, y
    while True:
        step = min(na - i, nb - j)
        if step == 0:
            return k if k >= need else -1
        if k + step < need:
            return -1
        for step in range(min(step, 32)):  # each step moves either by one at most, so none of these can run over
            x, y = a[i], b[j]
            i += x <= y
            j += y <= x
            k += x == y


cdef double similarity(const Corpus *c, int64_t x, int64_t y, int64_t *common) noexcept nogil:
    """Return the exact Jaccard of two samples, or -1 where it lies under the floor.

    Where their system texts differ, the lower of the Jaccard without and with them.
    """
    cdef int64_t nx = c.ends[x] - c.starts[x], ny = c.ends[y] - c.starts[y]
    cdef int64_t need = <int64_t>(c.floor * (nx + ny) / (1 + c.floor) - 1e-9)
    cdef int64_t wide
    cdef double narrow
    cdef const uint64_t *a
    cdef const uint64_t *b
    if nx == 0 or ny == 0 or min(nx, ny) < need:
        return -1
    common[0] = common_of(c.values + c.starts[x], nx, c.values + c.starts[y], ny, need)
    if common[0] < 0:
        return -1
    narrow = <double>common[0] / <double>(nx + ny - common[0])
    if c.system[x] != c.system[y]:
        a, b = c.values + c.starts[x], c.values + c.starts[y]
        if c.wide_ends[x] > c.wide_starts[x]:
            a, nx = c.wide + c.wide_starts[x], c.wide_ends[x] - c.wide_starts[x]
        if c.wide_ends[y] > c.wide_starts[y]:
            b, ny = c.wide + c.wide_starts[y], c.wide_ends[y] - c.wide_starts[y]
        wide = common_of(a, nx, b, ny, 0)
        narrow = min(narrow, <double>wide / <double>(nx + ny - wide))
    return narrow if narrow >= c.floor else -1


cdef inline int64_t root_of(int32_t *parent, int64_t x) noexcept nogil:
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


cdef inline uint64_t key_of(int64_t x, int64_t y) noexcept nogil:
    return (<uint64_t>min(x, y) << 32 | <uint64_t>max(x, y)) + 1


cdef inline int64_t slot_of(uint64_t key, int64_t mask) noexcept nogil:
    return <int64_t>((key * <uint64_t>0x9E3779B97F4A7C15u) >> 20) & mask & ~<int64_t>3


cdef inline bint known(const uint64_t *failed, uint64_t key, int64_t slot) noexcept nogil:
    return failed[slot] == key or failed[slot + 1] == key or failed[slot + 2] == key or failed[slot + 3] == key


cdef bint alike(const Corpus *c, int64_t x, int64_t y, double least, uint64_t *failed, int64_t mask,
                Log *log) noexcept nogil:
    """Verify one pair unless it is known to tie nothing; write down what was seen.

    Failed pairs stand in sets of four places; in a full one the first is forgotten.
    """
    cdef uint64_t key = key_of(x, y)
    cdef int64_t slot = slot_of(key, mask), common = 0
    cdef int way = 0
    cdef double jaccard
    if known(failed, key, slot):
        return False
    while way < 4 and failed[slot + way]:
        way += 1
    jaccard = similarity(c, x, y, &common)
    if jaccard >= 0:
        add(log, x, y, common, jaccard)
    if jaccard < c.tie:
        failed[slot + (way & 3)] = key
    return jaccard >= least


cdef inline bint possible(const Corpus *c, int64_t x, int64_t y) noexcept nogil:
    """Whether two samples can be alike, by sizes and by where a shared shingle stands in their prefixes."""
    cdef int64_t nx = c.ends[x] - c.starts[x], ny = c.ends[y] - c.starts[y]
    return <double>min(nx - c.position[x], ny - c.position[y]) * (1 + c.reach) + 1e-6 >= c.reach * <double>(nx + ny)


cdef bint joins(const Corpus *c, int64_t x, int64_t head, const int32_t *before, uint64_t *failed, int64_t mask,
                Log *log) noexcept nogil:
    """Whether x is alike one of the latest members of a group: of those not tried yet whose sketches agree most."""
    cdef int64_t best[TRY]
    cdef int score[TRY]
    cdef int64_t y = head
    cdef int looked = 0, k, same
    for k in range(TRY):
        best[k] = -1
        score[k] = c.least - 1
    while y >= 0 and looked < LOOK:
        looked += 1
        if not possible(c, x, y):
            y = before[y]
            continue
        same = agree(c.sketch + x * c.width, c.sketch + y * c.width, c.width)
        if same > score[1] and known(failed, key_of(x, y), slot_of(key_of(x, y), mask)):
            same = 0
        if same > score[0]:
            score[1] = score[0]
            best[1] = best[0]
            score[0] = same
            best[0] = y
        elif same > score[1]:
            score[1] = same
            best[1] = y
        y = before[y]
    for k in range(TRY):
        if best[k] >= 0 and alike(c, x, best[k], c.tie, failed, mask, log):
            return True
    return False


cdef void whole_bucket(const Corpus *c, const int32_t *rows, int64_t size, int32_t *parent, uint64_t *failed, int64_t mask,
                       Log *log) noexcept nogil:
    """Tie the samples of one bucket; each meets every other that it is not tied to."""
    cdef int64_t at, k, own, other
    for at in range(1, size):
        own = root_of(parent, rows[at])
        for k in range(at):
            other = root_of(parent, rows[k])
            if other != own and possible(c, rows[at], rows[k]) and alike(c, rows[at], rows[k], c.tie, failed, mask, log):
                parent[max(own, other)] = <int32_t>min(own, other)
                own = min(own, other)


cdef void bucket(const Corpus *c, const int32_t *rows, int64_t size, int32_t *parent, int32_t *before, uint64_t *failed,
                 int64_t mask, Log *log) noexcept nogil:
    """Tie the samples of one bucket; each meets every group there once, not every member."""
    cdef int64_t heads[HEADS]
    cdef int64_t x, mine, own, other, tail, at
    cdef int count = 0, k
    for at in range(size):
        x = rows[at]
        own = root_of(parent, x)
        mine = -1
        k = 0
        while k < count:
            other = root_of(parent, heads[k])
            if other != own:
                if not joins(c, x, heads[k], before, failed, mask, log):
                    k += 1
                    continue
                parent[max(own, other)] = <int32_t>min(own, other)
                own = min(own, other)
            if mine < 0:
                mine = k
                k += 1
                continue
            tail = heads[k]
            while before[tail] >= 0:
                tail = before[tail]
            before[tail] = <int32_t>heads[mine]
            heads[mine] = heads[k]
            count -= 1
            heads[k] = heads[count]
        if mine >= 0:
            before[x] = <int32_t>heads[mine]
            heads[mine] = x
        else:
            before[x] = -1
            if count < HEADS:
                heads[count] = x
                count += 1
            else:
                k = 0
                while k < HEADS - 1 and before[heads[(at + k) & (HEADS - 1)]] >= 0:
                    k += 1
                heads[(at + k) & (HEADS - 1)] = x


cdef void assign(const Corpus *c, const int32_t *members, int64_t size, int32_t *keeper, int32_t *keepers, int *scores,
                 uint64_t *failed, int64_t mask, Log *log) noexcept nogil:
    """Give each member of a group the keeper it was verified against; who has none becomes a keeper."""
    cdef int64_t at, k, x, kept = 0, best, tries
    cdef int top
    for at in range(size):
        x = members[at]
        keeper[x] = <int32_t>x
        for k in range(kept):
            scores[k] = agree(c.sketch + x * c.width, c.sketch + <int64_t>keepers[k] * c.width, c.width)
        for tries in range(kept if c.exact else TRIES):
            best = -1
            top = -1 if c.exact else c.least - 1
            for k in range(kept):
                if scores[k] > top:
                    top = scores[k]
                    best = k
            if best < 0:
                break
            scores[best] = -1
            if alike(c, x, keepers[best], c.drop, failed, mask, log):
                keeper[x] = keepers[best]
                break
        if keeper[x] == x:
            keepers[kept] = <int32_t>x
            kept += 1


def join(const int32_t[::1] rows, const int64_t[::1] starts, int32_t[::1] parent):
    """Tie all samples of each bucket; the parent of a tied sample is a lower one."""
    cdef int64_t i, j, x, y
    if rows.shape[0] == 0:
        return
    with nogil:
        for i in range(starts.shape[0] - 1):
            for j in range(starts[i] + 1, starts[i + 1]):
                x, y = root_of(&parent[0], rows[j - 1]), root_of(&parent[0], rows[j])
                parent[max(x, y)] = <int32_t>min(x, y)


cdef void lowest(uint64_t *keys, int64_t n, int64_t wanted) noexcept nogil:
    """Bring the lowest keys to the front, in order; the rest is left as it comes (quicksort, cut short)."""
    cdef int64_t i, j
    cdef uint64_t pivot, held
    while n > 1:
        i, j = 0, n - 1
        pivot = keys[n >> 1]
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                held = keys[i]
                keys[i] = keys[j]
                keys[j] = held
                i += 1
                j -= 1
        lowest(keys, j + 1, wanted)
        if wanted <= i:
            return
        keys += i
        n -= i
        wanted -= i


def tally(const uint64_t[::1] values, uint16_t[::1] counts):
    """Count values in a table of places, a power of two; a place that is full stays so."""
    cdef int64_t i
    cdef uint64_t mask = <uint64_t>counts.shape[0] - 1
    with nogil:
        for i in range(values.shape[0]):
            counts[values[i] & mask] += counts[values[i] & mask] < 65535


def prefixes(const uint64_t[::1] values, const int64_t[::1] starts, const int64_t[::1] ends, double least,
             const uint16_t[::1] counts, uint64_t[::1] keys, int32_t[::1] rows, int32_t[::1] places):
    """Write a key for each shingle of each set's prefix that another set has too, and its place in the prefix.

    Two sets at least ``least`` alike share a shingle of their prefixes, in any order of all shingles; here the rarest by
    ``counts`` come first. Returns how many keys there are.
    """
    cdef int64_t n = starts.shape[0], row, i, size, wanted, out = 0, longest = 1
    cdef uint64_t mask = <uint64_t>counts.shape[0] - 1, h
    cdef uint64_t *held
    for row in range(n):
        longest = max(longest, ends[row] - starts[row])
    held = <uint64_t *>malloc(longest * sizeof(uint64_t))
    if held == NULL:
        raise MemoryError
    with nogil:
        for row in range(n):
            size = ends[row] - starts[row]
            wanted = min(size, size - <int64_t>ceil(least * size - 1e-9) + 1)
            for i in range(size):
                h = values[starts[row] + i]
                held[i] = <uint64_t>counts[h & mask] << 48 | h >> 16
            lowest(held, size, wanted)
            for i in range(wanted):
                if held[i] >> 48 > 1:
                    keys[out] = held[i] * <uint64_t>0x9E3779B97F4A7C15u
                    rows[out] = <int32_t>row
                    places[out] = <int32_t>i
                    out += 1
    free(held)
    return out


cdef struct Entry:
    uint64_t key
    int64_t row


def buckets(const uint64_t[::1] keys, const int64_t[::1] order, int32_t[::1] rows, int64_t[::1] starts):
    """Group the keys ``keys[order[i]]``; numbers i of equal keys go to ``rows``, rising. Returns how many groups, rows.

    Keys are hashes, so they spread evenly over the bins of one counting pass; each bin is sorted by insertion.
    """
    cdef int64_t n = order.shape[0], i, j, begin, total = 0, held, groups = 0, out = 0
    cdef int bits = 1
    cdef int64_t *bins
    cdef Entry *entries
    cdef Entry entry
    if n < 2:
        return 0, 0
    while bits < 22 and (<int64_t>1 << bits) < n:
        bits += 1
    bins = <int64_t *>calloc((<int64_t>1 << bits) + 1, sizeof(int64_t))
    entries = <Entry *>malloc(n * sizeof(Entry))
    if bins == NULL or entries == NULL:
        free(bins)
        free(entries)
        raise MemoryError
    with nogil:
        for i in range(n):
            bins[keys[order[i]] >> (64 - bits)] += 1
        for i in range(<int64_t>1 << bits):
            held = bins[i]
            bins[i] = total
            total += held
        for i in range(n):
            entry.key, entry.row = keys[order[i]], i
            held = entry.key >> (64 - bits)
            entries[bins[held]] = entry
            bins[held] += 1
        for i in range(1, n):
            entry = entries[i]
            j = i
            while j and entries[j - 1].key > entry.key:
                entries[j] = entries[j - 1]
                j -= 1
            entries[j] = entry
        begin = 0
        for i in range(1, n + 1):
            if i < n and entries[i].key == entries[begin].key:
                continue
            if i - begin > 1:
                starts[groups] = out
                groups += 1
                for j in range(begin, i):
                    rows[out] = <int32_t>entries[j].row
                    out += 1
            begin = i
    free(bins)
    free(entries)
    return groups, out


def relate(const uint64_t[::1] values, const int64_t[::1] starts_of, const int64_t[::1] ends_of,
           const uint64_t[::1] wide, const int64_t[::1] wide_starts, const int64_t[::1] wide_ends,
           const uint64_t[::1] system, const uint8_t[:, ::1] sketch, list bands, double tie, double drop, double floor,
           int least, bint exact):
    """Tie samples by the buckets of every band, then choose keepers.

    ``bands`` holds (rows, starts, places): samples bucket after bucket in order of number, where the buckets begin, and
    where the shingle that a bucket shares stands in each sample's prefix (empty: at its beginning).
    Returns group (its lowest number) and keeper of every sample, and the pairs verified: a, b, common, jaccard.
    """
    cdef int64_t n = starts_of.shape[0], i, begin, size, mask = 1
    cdef Corpus c
    cdef Log log
    cdef const int32_t[::1] rows
    cdef const int64_t[::1] starts
    cdef const int32_t[::1] places
    cdef int32_t[::1] position = np.zeros(n, np.int32)
    cdef int32_t[::1] parent = np.arange(n, dtype=np.int32)
    cdef int32_t[::1] before = np.empty(n, np.int32)
    cdef int32_t[::1] keeper = np.arange(n, dtype=np.int32)
    cdef int32_t[::1] keepers = np.empty(n, np.int32)
    cdef int[::1] scores = np.empty(n, np.intc)
    cdef uint64_t[::1] failed
    if n == 0:
        return np.asarray(parent), np.asarray(keeper), np.empty((0, 2), np.int32), np.empty(0, np.int64), np.empty(0)
    while mask < 64 * n and mask < MEMORY:
        mask *= 2
    failed = np.zeros(mask, np.uint64)
    mask -= 1
    if values.shape[0] == 0 or sketch.shape[0] != n or system.shape[0] != n or wide_starts.shape[0] != n:
        raise ValueError("sets, system texts and sketches must be of the same samples")
    c.values, c.starts, c.ends = &values[0], &starts_of[0], &ends_of[0]
    c.wide = &wide[0] if wide.shape[0] else &values[0]
    c.wide_starts, c.wide_ends = &wide_starts[0], &wide_ends[0]
    c.system, c.sketch, c.width = &system[0], &sketch[0, 0], <int>sketch.shape[1]
    c.position = &position[0]
    c.reach = tie if tie <= 1 else floor
    c.least, c.tie, c.drop, c.floor, c.exact = least, tie, drop, floor, exact
    log.room, log.size, log.failed = 1024, 0, False
    log.pairs = <Pair *>malloc(log.room * sizeof(Pair))
    if log.pairs == NULL:
        raise MemoryError
    for rows, starts, places in bands:
        with nogil:
            for i in range(starts.shape[0] - 1):
                if places.shape[0]:
                    for begin in range(starts[i], starts[i + 1]):
                        position[rows[begin]] = places[begin]
                if exact:
                    whole_bucket(&c, &rows[0] + starts[i], starts[i + 1] - starts[i], &parent[0], &failed[0], mask, &log)
                else:
                    bucket(&c, &rows[0] + starts[i], starts[i + 1] - starts[i], &parent[0], &before[0], &failed[0], mask,
                           &log)
        position[:] = 0
    for i in range(n):
        parent[i] = <int32_t>root_of(&parent[0], i)
    order = np.argsort(np.asarray(parent), kind="stable").astype(np.int32)
    rows = order
    with nogil:
        begin = 0
        while begin < n:
            size = 1
            while begin + size < n and parent[rows[begin + size]] == parent[rows[begin]]:
                size += 1
            if size > 1:
                assign(&c, &rows[0] + begin, size, &keeper[0], &keepers[0], &scores[0], &failed[0], mask, &log)
            begin += size
    if log.failed:
        free(log.pairs)
        raise MemoryError
    raw = np.empty(log.size * sizeof(Pair), np.uint8)
    cdef uint8_t[::1] view = raw
    if log.size:
        memcpy(&view[0], log.pairs, log.size * sizeof(Pair))
    free(log.pairs)
    pairs = raw.view(np.dtype([("a", np.int32), ("b", np.int32), ("common", np.int64), ("jaccard", np.float64)]))
    ends = np.stack([pairs["a"], pairs["b"]], axis=1)
    return np.asarray(parent), np.asarray(keeper), ends, pairs["common"].copy(), pairs["jaccard"].copy()
