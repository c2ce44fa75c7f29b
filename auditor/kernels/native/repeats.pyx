# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Repeated n-grams of tokens, and repeated lines and paragraphs, counted inside each text."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memchr, memset

cdef extern from "bytes.h" nogil:
    uint64_t bytes_hash(const uint8_t *p, int64_t size)
    int64_t code_points(const uint8_t *p, const uint8_t *end)

cdef enum:
    FIRST = 2    # smallest n
    TOPS = 3     # n = 2, 3, 4: the most frequent n-gram
    LAST = 10    # largest n

cdef uint64_t STEP = 0xD6E8FEB86659FD93u


cdef struct Cell:
    uint64_t key
    uint32_t stamp
    uint32_t first
    uint32_t count


cdef struct Table:
    Cell *cells
    int64_t mask
    uint32_t stamp


cdef inline uint64_t mix(uint64_t v) noexcept nogil:
    v = (v ^ (v >> 33)) * <uint64_t>0xFF51AFD7ED558CCDu
    v = (v ^ (v >> 33)) * <uint64_t>0xC4CEB9FE1A85EC53u
    return v ^ (v >> 33)


cdef inline Cell *find(Table *table, uint64_t key) noexcept nogil:
    """Return the cell of a key, empty (of an older stamp) if it was not seen in this round."""
    cdef int64_t at = <int64_t>(key & <uint64_t>table.mask)
    while table.cells[at].stamp == table.stamp and table.cells[at].key != key:
        at = (at + 1) & table.mask
    return &table.cells[at]


cdef inline uint32_t count(Table *table, uint64_t key, uint32_t place) noexcept nogil:
    """Count a key; returns how often it was seen so far, this time included."""
    cdef Cell *cell = find(table, key)
    if cell.stamp != table.stamp:
        cell.key = key
        cell.stamp = table.stamp
        cell.first = place
        cell.count = 0
    cell.count += 1
    return cell.count


cdef void ngrams_of(const uint64_t *hashes, const uint32_t *sizes, int64_t n, Table *table, uint64_t *rolling,
                    uint8_t *alive, uint8_t *masked, double *out, int64_t *surplus) noexcept nogil:
    """Measure one text: shares of the most frequent 2- to 4-grams, then shares under repeated 5- to 10-grams.

    An n-gram can repeat only if both (n - 1)-grams in it do, so each round looks at what the last one left alive.
    ``surplus`` takes, for n = 2, 3, 4, how many n-grams are repeats of an earlier one.
    """
    cdef int64_t i, k, left = n, size, total = 0, covered
    cdef uint32_t best, place
    cdef Cell *cell
    for i in range(n):
        total += sizes[i]
        rolling[i] = hashes[i]
        alive[i] = 1
    alive[n] = 0
    for size in range(FIRST, LAST + 1):
        table.stamp += 1
        left = n - size + 1
        if left < 2 or total == 0:
            return
        for i in range(left):
            if alive[i] and alive[i + 1]:
                rolling[i] = rolling[i] * STEP + hashes[i + size - 1]
                count(table, mix(rolling[i]), <uint32_t>i)
            else:
                alive[i] = 0
        alive[left] = 0
        best = 1
        place = 0
        covered = 0
        memset(masked, 0, n)
        for i in range(left):
            if not alive[i]:
                continue
            cell = find(table, mix(rolling[i]))
            if cell.count < 2:
                alive[i] = 0
                continue
            if size < FIRST + TOPS:
                surplus[size - FIRST] += cell.first != <uint32_t>i
                if cell.count > best:
                    best = cell.count
                    place = cell.first
            else:
                for k in range(i, i + size):
                    masked[k] = 1
        if size < FIRST + TOPS:
            if best > 1:
                for k in range(place, place + size):
                    covered += sizes[k]
                out[size - FIRST] = <double>(covered * best) / <double>total
        else:
            for i in range(n):
                covered += masked[i] * sizes[i]
            out[size - FIRST] = <double>covered / <double>total


def ngrams(const uint64_t[::1] hashes, const uint32_t[::1] sizes, const int64_t[::1] bounds, double[:, ::1] out,
           int64_t[:, ::1] surplus):
    """Measure every text; ``out`` has nine columns (n = 2 to 10) and starts at zero, ``surplus`` three."""
    cdef int64_t row, longest = 1, room = 16
    cdef Table table
    cdef uint64_t *rolling
    cdef uint8_t *alive
    cdef uint8_t *masked
    for row in range(bounds.shape[0] - 1):
        longest = max(longest, bounds[row + 1] - bounds[row])
    while room < 2 * longest:
        room *= 2
    table.cells = <Cell *>calloc(room, sizeof(Cell))
    table.stamp = 0
    rolling = <uint64_t *>malloc(longest * sizeof(uint64_t))
    alive = <uint8_t *>malloc(longest + 1)
    masked = <uint8_t *>malloc(longest)
    if table.cells == NULL or rolling == NULL or alive == NULL or masked == NULL:
        free(table.cells)
        free(rolling)
        free(alive)
        free(masked)
        raise MemoryError
    with nogil:
        for row in range(bounds.shape[0] - 1):
            longest = bounds[row + 1] - bounds[row]
            if longest < FIRST:
                continue
            table.mask = 15
            while table.mask + 1 < 2 * longest:
                table.mask = table.mask * 2 + 1
            ngrams_of(&hashes[0] + bounds[row], &sizes[0] + bounds[row], longest, &table, rolling, alive, masked,
                      &out[row, 0], &surplus[row, 0])
    free(table.cells)
    free(rolling)
    free(alive)
    free(masked)


cdef inline bint is_space(uint8_t c) noexcept nogil:
    return c == 32 or 9 <= c <= 13 or 28 <= c <= 31


cdef inline bint telling(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Whether a line holds a character that is no ASCII punctuation or space."""
    while p < end:
        if 48 <= p[0] <= 57 or 97 <= p[0] <= 122 or p[0] >= 0xC2:
            return True
        p += 1
    return False


cdef void pieces_of(const uint8_t *p, const uint8_t *end, bint paragraphs, Table *table, int64_t *out) noexcept nogil:
    """Count the lines (or paragraphs) of one text into out: all, repeats, characters of all, of repeats."""
    cdef const uint8_t *stop
    cdef const uint8_t *next_line
    cdef const uint8_t *first
    cdef const uint8_t *last
    cdef int64_t points
    while p < end:
        stop = p
        while True:
            stop = <const uint8_t *>memchr(stop, 10, end - stop)
            if stop == NULL:
                stop = end
            if not paragraphs or stop == end:
                break
            if stop + 1 < end and stop[1] == 10:
                break
            stop += 1
        next_line = stop + 1
        first = p
        last = stop
        while first < last and is_space(first[0]):
            first += 1
        while last > first and is_space((last - 1)[0]):
            last -= 1
        p = next_line
        if not telling(first, last):
            continue
        points = code_points(first, last)
        out[0] += 1
        out[2] += points
        if count(table, mix(bytes_hash(first, last - first)), 0) > 1:
            out[1] += 1
            out[3] += points


cdef int64_t ends_of(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Count line ends."""
    cdef int64_t n = 0
    while p < end:
        p = <const uint8_t *>memchr(p, 10, end - p)
        if p == NULL:
            return n
        n += 1
        p += 1
    return n


def pieces(const uint8_t[::1] buffer, const int64_t[::1] offsets, const int64_t[::1] groups, bint paragraphs,
           int64_t[:, ::1] out):
    """Count lines or paragraphs over the texts of each group (``groups[i]`` to ``groups[i + 1]``)."""
    cdef int64_t row, i, lines, most = 1, room = 16
    cdef Table table
    if buffer.shape[0] == 0:
        return
    for row in range(groups.shape[0] - 1):
        lines = ends_of(&buffer[0] + offsets[groups[row]], &buffer[0] + offsets[groups[row + 1]])
        most = max(most, lines + groups[row + 1] - groups[row])
    while room < 2 * most:
        room *= 2
    table.cells = <Cell *>calloc(room, sizeof(Cell))
    table.stamp = 0
    if table.cells == NULL:
        raise MemoryError
    with nogil:
        for row in range(groups.shape[0] - 1):
            table.stamp += 1
            lines = ends_of(&buffer[0] + offsets[groups[row]], &buffer[0] + offsets[groups[row + 1]])
            table.mask = 15
            while table.mask + 1 < 2 * (lines + groups[row + 1] - groups[row]):
                table.mask = table.mask * 2 + 1
            for i in range(groups[row], groups[row + 1]):
                pieces_of(&buffer[0] + offsets[i], &buffer[0] + offsets[i + 1], paragraphs, &table, &out[row, 0])
    free(table.cells)
