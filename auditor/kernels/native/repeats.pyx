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


cdef struct Room:
    uint64_t *rolling  # the hash of the n-gram at each token
    uint32_t *places   # where n-grams stand that may repeat, in order
    uint64_t *once     # bits of hashes that were seen
    uint64_t *twice    # and of those that were seen again


cdef inline uint64_t bit_of(uint64_t key, int shift) noexcept nogil:
    return (key * <uint64_t>0x9E3779B97F4A7C15u) >> shift


cdef int64_t doubtful(Room *room, int64_t n) noexcept nogil:
    """Leave out the n-grams that certainly stand alone: no other falls on their bit. Returns how many are left.

    Eight bits for each keep nearly all that stand alone out of the table, and lie in the first cache.
    """
    cdef int64_t i, left = 0
    cdef int shift = 58
    cdef uint64_t bit, mask
    while shift > 32 and (<int64_t>1 << (64 - shift)) < 8 * n:
        shift -= 1
    memset(room.once, 0, <size_t>1 << (61 - shift))
    memset(room.twice, 0, <size_t>1 << (61 - shift))
    for i in range(n):
        bit = bit_of(room.rolling[room.places[i]], shift)
        mask = <uint64_t>1 << (bit & 63)
        room.twice[bit >> 6] |= room.once[bit >> 6] & mask
        room.once[bit >> 6] |= mask
    for i in range(n):
        bit = bit_of(room.rolling[room.places[i]], shift)
        room.places[left] = room.places[i]
        left += room.twice[bit >> 6] >> (bit & 63) & 1
    return left


cdef int64_t repeated(Room *room, int64_t n, Table *table) noexcept nogil:
    """Count n-grams, and leave out those that stand alone; returns how many are left."""
    cdef int64_t i, left = 0
    table.mask = 15
    while table.mask + 1 < 2 * n:
        table.mask = table.mask * 2 + 1
    table.stamp += 1
    for i in range(n):
        count(table, mix(room.rolling[room.places[i]]), room.places[i])
    for i in range(n):
        room.places[left] = room.places[i]
        left += find(table, mix(room.rolling[room.places[i]])).count > 1
    return left


cdef void ngrams_of(const uint64_t *hashes, const uint32_t *sizes, int64_t n, Table *table, Room *room, double *out,
                    int64_t *surplus) noexcept nogil:
    """Measure one text: shares of the most frequent 2- to 4-grams, then shares under repeated 5- to 10-grams.

    An n-gram can repeat only if both (n - 1)-grams in it do, so each round looks at what the last one left.
    ``surplus`` takes, for n = 2, 3, 4, how many n-grams are repeats of an earlier one.
    """
    cdef int64_t i, k, size, total = 0, covered, reach, held = n, left
    cdef uint32_t best, place, at
    cdef Cell *cell
    for i in range(n):
        total += sizes[i]
        room.rolling[i] = hashes[i]
        room.places[i] = <uint32_t>i
    if total == 0:
        return
    for size in range(FIRST, LAST + 1):
        left = 0
        for i in range(held - 1):
            at = room.places[i]
            if room.places[i + 1] == at + 1 and at + size <= n:
                room.rolling[at] = room.rolling[at] * STEP + hashes[at + size - 1]
                room.places[left] = at
                left += 1
        held = repeated(room, doubtful(room, left), table) if left > 1 else 0
        if held == 0:
            return
        if size < FIRST + TOPS:
            best = 1
            place = 0
            covered = 0
            for i in range(held):
                cell = find(table, mix(room.rolling[room.places[i]]))
                surplus[size - FIRST] += cell.first != room.places[i]
                if cell.count > best:
                    best = cell.count
                    place = cell.first
            for k in range(place, place + size):
                covered += sizes[k]
            out[size - FIRST] = <double>(covered * best) / <double>total
        else:
            covered = reach = 0
            for i in range(held):
                for k in range(max(reach, <int64_t>room.places[i]), room.places[i] + size):
                    covered += sizes[k]
                reach = room.places[i] + size
            out[size - FIRST] = <double>covered / <double>total


def ngrams(const uint64_t[::1] hashes, const uint32_t[::1] sizes, const int64_t[::1] bounds, double[:, ::1] out,
           int64_t[:, ::1] surplus):
    """Measure every text; ``out`` has nine columns (n = 2 to 10) and starts at zero, ``surplus`` three."""
    cdef int64_t row, longest = 1, size = 16
    cdef Table table
    cdef Room room
    for row in range(bounds.shape[0] - 1):
        longest = max(longest, bounds[row + 1] - bounds[row])
    if longest > 0xFFFFFFFF:
        raise ValueError("a text of more than 2^32 tokens")
    while size < 2 * longest:
        size *= 2
    table.cells = <Cell *>calloc(size, sizeof(Cell))
    table.stamp = 0
    room.rolling = <uint64_t *>malloc(longest * sizeof(uint64_t))
    room.places = <uint32_t *>malloc(longest * sizeof(uint32_t))
    room.once = <uint64_t *>malloc(size * sizeof(uint64_t))
    room.twice = <uint64_t *>malloc(size * sizeof(uint64_t))
    try:
        if NULL in (table.cells, room.rolling, room.places, room.once, room.twice):
            raise MemoryError
        with nogil:
            for row in range(bounds.shape[0] - 1):
                longest = bounds[row + 1] - bounds[row]
                if longest >= FIRST:
                    ngrams_of(&hashes[0] + bounds[row], &sizes[0] + bounds[row], longest, &table, &room, &out[row, 0],
                              &surplus[row, 0])
    finally:
        free(table.cells)
        free(room.rolling)
        free(room.places)
        free(room.once)
        free(room.twice)


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
