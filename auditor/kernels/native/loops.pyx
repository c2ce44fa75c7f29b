# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Propose the stretches of texts that may be loops, compiled: `auditor.kernels.reference.loops` defines the result.

Ordinary text costs one look into a table per symbol of the masked view: how far back did the gram of SIFT symbols that
ends here end last? In a run with period p and more than two copies, 2 p + 1 symbols or more, every gram but those of the
first copy ended p before as well. So the run shows as p - SIFT + 2 places in a row, or more, with distances of at most
p; and a stretch of n places in a row holds no run unless its distances are at most n + SIFT - 2 (`_sift`). No run is
lost by that: grams that share a slot of the table are taken for one another, so a distance is never overrated, and a
run of the plain view is one of the masked view too, where its copies are no longer, unless it lies within a number or
has no more than five masked symbols (`_note_number`). Only what passes is searched, exactly (`repetitions.h`).
"""

from libc.stdint cimport UINT32_MAX, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, qsort, realloc
from libc.string cimport memcmp, memset

import numpy as np

cdef extern from "symbols.h":
    enum:
        SPACE_SYMBOL
        DIGIT_SYMBOL
    int64_t read_symbol(const uint8_t *data, int64_t size, uint32_t *symbol, uint32_t *kind) noexcept nogil
    bint is_content(uint32_t symbol) noexcept nogil

cdef extern from "repetitions.h":
    ctypedef struct repetition_search:
        const uint32_t *symbols
        int64_t size
        int64_t origin
        uint32_t *seen
        uint32_t **work
        void (*found)(void *, int64_t, int64_t, int64_t) noexcept nogil
        void *to
    void find_repetitions(const repetition_search *search, int64_t low, int64_t high) noexcept nogil

cdef enum:
    VIEW_PLAIN, VIEW_MASKED, VIEW_TAIL, VIEW_BLANK
    LEAST_SPAN = 16
    FLOOD = 200
    GRAM = 5
    SHORTEST_TAIL = 48
    LAST = 32
    SIFT = 4  # the shortest run of the masked view, six symbols of period 2, still shows with this
    FEWEST = 9  # symbols of the shortest run: with a blank between any two of them they span LEAST_SPAN
    PORTION = 64  # bytes; every flood of white space holds a whole portion
    DEEP = 20  # rounds of sifting after which a stretch is searched anyway
    SLOTS = 1 << 14  # of the table for short texts: few grams share one, and it stays in the second-level cache
    MOST_SLOTS = 1 << 22

cdef struct Row:
    int64_t text, view, start, end, period

cdef struct Window:
    int64_t start, end

cdef struct Array:
    void *data
    int64_t room

# All that one call owns. The five views of the current text below are cut from `views`, as long as the text each.
cdef struct Scan:
    Array views, work, table, windows, rows
    uint32_t *plain     # the symbols without white space
    uint32_t *masked    # ... and with one "0" for each run of digits
    uint32_t *first     # where in `plain` each masked symbol begins; one more for the end
    uint32_t *back      # how far back the gram that ends at each masked symbol was seen last; beyond the start: never
    uint32_t *places    # where in the text each plain symbol stands, white space counted as one
    int64_t plains, maskeds, window_count, row_count
    int64_t text, view  # what the next row is about
    int64_t clock       # what the table's entries count from; those below are of earlier texts
    bint blank          # the text holds a flood of white space
    bint numbers        # it holds numbers that the sieve cannot judge
    bint worth          # it may hold windows to be searched
    bint failed         # out of memory


def runs(const uint8_t[::1] buffer, const int64_t[::1] offsets):
    """Find the periodic stretches of many texts: sorted rows of text, view, start, end, period."""
    cdef Scan scan
    cdef int64_t number, texts = offsets.shape[0] - 1
    for number in range(texts):
        if not 0 <= offsets[number] <= offsets[number + 1] <= buffer.shape[0]:
            raise ValueError("offsets must ascend within the buffer")
        if offsets[number + 1] - offsets[number] > UINT32_MAX // 4:
            raise ValueError("a text is longer than 1 GiB")
    memset(&scan, 0, sizeof(Scan))
    try:
        with nogil:
            for number in range(texts):
                if offsets[number] < offsets[number + 1] and not scan.failed:
                    scan.text = number
                    _scan_text(&scan, &buffer[offsets[number]], offsets[number + 1] - offsets[number])
        if scan.failed:
            raise MemoryError("no room to search for loops")
        found = np.empty((scan.row_count, 5), np.int64)
        _hand_over(<const int64_t *>scan.rows.data, found)
    finally:
        free(scan.views.data)
        free(scan.work.data)
        free(scan.table.data)
        free(scan.windows.data)
        free(scan.rows.data)
    return found


cdef void _hand_over(const int64_t *rows, int64_t[:, ::1] found):
    cdef int64_t i, j
    for i in range(found.shape[0]):
        for j in range(5):
            found[i, j] = rows[5 * i + j]


cdef void _scan_text(Scan *scan, const uint8_t *data, int64_t size) noexcept nogil:
    cdef int64_t i, rows = scan.row_count
    cdef bint tail, fully
    cdef Window *window
    if not _begin(scan, size):
        return
    _read(scan, data, size)
    _look_back(scan, _slots(size) - 1)
    tail = _recurring_tail(scan) > 0  # by shorter grams, and distances never overrated: not yet sure
    fully = scan.numbers or scan.blank or tail
    if fully:
        _read_fully(scan, data, size)
    if scan.worth or scan.numbers:
        _note_windows(scan)
    if not fully:
        if scan.window_count == 0:
            return
        _read_fully(scan, data, size)
    for i in range(scan.window_count):
        window = <Window *>scan.windows.data + i
        _search(scan, VIEW_PLAIN, scan.first[window.start], scan.first[window.end])
        if _holds_number(scan, window.start, window.end):
            _search(scan, VIEW_MASKED, window.start, window.end)
    if tail:
        _find_tail(scan)
    if not scan.failed and scan.row_count > rows:
        _tidy(scan, rows)


# --- memory: every array grows here, and a refusal ends the scan ------------------------------------------------------

cdef bint _reserve(Scan *scan, Array *array, int64_t bytes) noexcept nogil:
    """Make room, keeping what is there; new bytes are zero."""
    cdef void *data
    if bytes > array.room:
        data = realloc(array.data, bytes + bytes // 2)
        if data == NULL:
            scan.failed = True
            return False
        memset(<uint8_t *>data + array.room, 0, bytes + bytes // 2 - array.room)
        array.data = data
        array.room = bytes + bytes // 2
    return True


cdef bint _begin(Scan *scan, int64_t size) noexcept nogil:
    cdef int64_t slots = _slots(size)
    cdef uint32_t *views
    if not _reserve(scan, &scan.views, 5 * (size + 1) * sizeof(uint32_t)):
        return False
    if not _reserve(scan, &scan.table, slots * sizeof(uint32_t)):
        return False
    if scan.clock == 0 or scan.clock + size > UINT32_MAX:
        memset(scan.table.data, 0, scan.table.room)
        scan.clock = 1
    views = <uint32_t *>scan.views.data
    scan.plain = views
    scan.masked = views + (size + 1)
    scan.first = views + 2 * (size + 1)
    scan.back = views + 3 * (size + 1)
    scan.places = views + 4 * (size + 1)
    scan.plains = scan.maskeds = scan.window_count = 0
    return True


cdef int64_t _slots(int64_t size) noexcept nogil:
    cdef int64_t slots = SLOTS
    while slots < 4 * size and slots < MOST_SLOTS:
        slots *= 2
    return slots


cdef void _add_row(Scan *scan, int64_t view, int64_t start, int64_t end, int64_t period) noexcept nogil:
    cdef Row *row
    if _reserve(scan, &scan.rows, (scan.row_count + 1) * sizeof(Row)):
        row = <Row *>scan.rows.data + scan.row_count
        row.text, row.view, row.start, row.end, row.period = scan.text, view, start, end, period
        scan.row_count += 1


cdef void _add_window(Scan *scan, int64_t start, int64_t end) noexcept nogil:
    """Note what to search; windows that meet become one, and those of a stretch one with the numbers within it."""
    cdef Window *window
    while scan.window_count > 0:
        window = <Window *>scan.windows.data + scan.window_count - 1
        if window.end < start:
            break
        start, end = min(start, window.start), max(end, window.end)
        scan.window_count -= 1
    if _reserve(scan, &scan.windows, (scan.window_count + 1) * sizeof(Window)):
        window = <Window *>scan.windows.data + scan.window_count
        window.start, window.end = start, end
        scan.window_count += 1


# --- reading and sifting ----------------------------------------------------------------------------------------------

cdef void _read(Scan *scan, const uint8_t *data, int64_t size) noexcept nogil:
    """Fill `masked`, with a branch for digits only: white space could not be foretold."""
    cdef uint32_t *masked = scan.masked
    cdef uint32_t symbol, kind
    cdef int64_t i = 0, stop, count = 0, before, number = -1, digits = 0, numbers = 0
    cdef bint worth = False, blank = False
    while i < size:
        stop = min(i + PORTION, size)
        before = count
        while i < stop:
            i += read_symbol(data + i, size - i, &symbol, &kind)
            masked[count] = symbol
            if kind != DIGIT_SYMBOL:
                count += kind  # 0 for white space
            elif number == count:  # nothing solid since the last digit
                digits += 1
                worth |= digits == FEWEST
            else:
                numbers = numbers + 1 if number == count - 1 else 1  # in a row, with one mark between two
                worth |= numbers == 3
                masked[count] = 48
                count += 1
                number, digits = count, 1
        blank |= count == before
    scan.maskeds = count
    scan.numbers = worth
    scan.blank = blank


cdef void _look_back(Scan *scan, uint64_t mask) noexcept nogil:
    """Fill `back`, and tell whether a window of the text is worth a look: at the last place of a run it is."""
    cdef uint32_t *table = <uint32_t *>scan.table.data
    cdef const uint32_t *masked = scan.masked
    cdef uint32_t *back = scan.back
    cdef uint32_t now = <uint32_t>scan.clock, distance, count = 0, worth = 0, i, size = <uint32_t>scan.maskeds
    cdef uint64_t gram = 0, slot
    for i in range(size):
        gram = (gram << 16) + masked[i]
        slot = ((gram * 0x9E3779B97F4A7C15ULL) >> 40) & mask
        distance = now - table[slot]
        table[slot] = now
        now += 1
        back[i] = distance
        count = (count + 1) & (0 - <uint32_t>(distance <= i))
        worth |= distance < count + SIFT - 1
    scan.clock = now
    scan.worth = worth > 0


cdef void _read_fully(Scan *scan, const uint8_t *data, int64_t size) noexcept nogil:
    """Fill `plain`, `first` and `places`, and note the floods of white space."""
    cdef uint32_t symbol, kind
    cdef int64_t i = 0, place = 0, plains = 0, maskeds = 0, number = -1, blanks = 0, gaps = 0
    while i < size:
        i += read_symbol(data + i, size - i, &symbol, &kind)
        place += 1
        if kind == SPACE_SYMBOL:
            blanks += 1
            continue
        if blanks > FLOOD:
            _add_row(scan, VIEW_BLANK, place - 1 - blanks, place - 1, 0)
        gaps += blanks > 0
        blanks = 0
        if kind != DIGIT_SYMBOL or number != maskeds:
            scan.first[maskeds] = <uint32_t>plains
            maskeds += 1
        if kind == DIGIT_SYMBOL:
            number = maskeds
        scan.plain[plains] = symbol
        scan.places[plains] = <uint32_t>(plains + gaps)
        plains += 1
    if blanks > FLOOD:
        _add_row(scan, VIEW_BLANK, place - blanks, place, 0)
    scan.first[maskeds] = <uint32_t>plains
    scan.plains = plains


cdef void _note_windows(Scan *scan) noexcept nogil:
    cdef int64_t i, since = -1
    for i in range(scan.maskeds):
        if scan.numbers and scan.masked[i] == 48:
            _note_number(scan, i)
        if scan.back[i] <= i:
            since = i if since < 0 else since
        elif since >= 0:
            _sift(scan, since, i, 0)
            since = -1
    if since >= 0:
        _sift(scan, since, scan.maskeds, 0)


cdef void _note_number(Scan *scan, int64_t place) noexcept nogil:
    """Note what the sieve cannot see: repetitions within a number, and three numbers with two marks between them."""
    cdef const uint32_t *m = scan.masked + max(0, place - 4)
    if scan.first[place + 1] - scan.first[place] >= FEWEST:
        _add_window(scan, place, place + 1)
    if place >= 4 and m[0] == 48 and m[2] == 48 and m[1] == m[3] and scan.first[place - 1] - scan.first[place - 2] > 2:
        _add_window(scan, place - 4, place + 1)


cdef void _sift(Scan *scan, int64_t start, int64_t end, int64_t depth) noexcept nogil:
    """Note the windows of a stretch of recurring places; split it where a distance is too great for its length.

    The first copy of a run stands before its first recurring place: up to a period, and the rest of a gram.
    """
    cdef int64_t period = end - start + SIFT - 2, i = start, j
    cdef const uint32_t *back = scan.back
    while i < end:
        while i < end and back[i] > period:
            i += 1
        j = i
        while j < end and back[j] <= period:
            j += 1
        if (i == start and j == end) or (j > i and depth == DEEP):
            i = max(0, i - period - SIFT + 1)
            if j - i >= FEWEST or _holds_number(scan, i, j):
                _add_window(scan, i, j)
        elif j > i:
            _sift(scan, i, j, depth + 1)
        i = j


# --- searching --------------------------------------------------------------------------------------------------------

cdef bint _holds_number(Scan *scan, int64_t start, int64_t end) noexcept nogil:
    cdef int64_t i
    for i in range(start, end):
        if scan.masked[i] == 48:
            return True
    return False


cdef void _search(Scan *scan, int64_t view, int64_t start, int64_t end) noexcept nogil:
    cdef repetition_search search
    cdef uint32_t *work
    cdef int64_t i, size = end - start
    if not _reserve(scan, &scan.work, 5 * size * sizeof(uint32_t)):
        return
    work = <uint32_t *>scan.work.data
    for i in range(4):
        search.work[i] = work + i * size
    search.seen = work + 4 * size
    memset(search.seen, 0, size * sizeof(uint32_t))
    search.symbols = scan.plain if view == VIEW_PLAIN else scan.masked
    search.size = scan.plains if view == VIEW_PLAIN else scan.maskeds
    search.origin = start
    search.found, search.to = _offer, scan
    scan.view = view
    find_repetitions(&search, start, end)


cdef void _offer(void *to, int64_t start, int64_t end, int64_t period) noexcept nogil:
    """Keep a repetition if it has three copies, content that its view is for, and length."""
    cdef Scan *scan = <Scan *>to
    cdef const uint32_t *symbols = scan.plain if scan.view == VIEW_PLAIN else scan.masked
    cdef bint content = False, number = False
    cdef int64_t i, first = start, last = end - 1, span
    if end - start < 3 * period:
        for i in range(end - 2 * period, start + period):
            if is_content(symbols[i]):
                return
    for i in range(start, start + period):
        if scan.view == VIEW_MASKED and symbols[i] == 48:
            number = True
        elif is_content(symbols[i]):
            content = True
        if content and (number or scan.view == VIEW_PLAIN):
            break
    if scan.view == VIEW_MASKED:
        if not (content and number):
            return
        first, last = scan.first[start], scan.first[end] - 1
    span = scan.places[last] + 1 - scan.places[first]
    if span >= LEAST_SPAN and (content or span > FLOOD):
        _add_row(scan, scan.view, start, end, period)


cdef int _by_place(const void *one, const void *other) noexcept nogil:
    cdef const int64_t *a = <const int64_t *>one
    cdef const int64_t *b = <const int64_t *>other
    cdef int i
    for i in range(5):
        if a[i] != b[i]:
            return -1 if a[i] < b[i] else 1
    return 0


cdef void _tidy(Scan *scan, int64_t since) noexcept nogil:
    """Sort the rows of one text; of rows for the same stretch keep the shortest period."""
    cdef Row *rows = <Row *>scan.rows.data
    cdef int64_t i, kept = since
    qsort(rows + since, scan.row_count - since, sizeof(Row), _by_place)
    for i in range(since, scan.row_count):
        if kept > since and memcmp(&rows[kept - 1], &rows[i], 4 * sizeof(int64_t)) == 0:
            continue
        rows[kept] = rows[i]
        kept += 1
    scan.row_count = kept


# --- the tail ---------------------------------------------------------------------------------------------------------

cdef int64_t _recurring_tail(Scan *scan) noexcept nogil:
    """Give the length of the longest end that recurs by the distances in `back`, 0 for none."""
    cdef int64_t size = scan.maskeds, length = SHORTEST_TAIL, longest = 0, i, count = 0
    cdef const uint32_t *back = scan.back
    if size < SHORTEST_TAIL:
        return 0
    for i in range(size - LAST, size):
        count += back[i] <= i
    if 10 * count < 6 * LAST:
        return 0
    while length <= size:
        count = 0
        for i in range(size - length, size):
            count += back[i] <= i and 3 * <int64_t>back[i] <= 2 * length
        if 10 * count >= 6 * length:
            longest = length
        length *= 2
    return longest


cdef void _find_tail(Scan *scan) noexcept nogil:
    """Put the true distances of grams of GRAM symbols in `back`, for the searches are over, and ask again."""
    cdef int64_t slots = SLOTS, end, length
    cdef uint32_t *last
    cdef uint64_t slot
    while slots < 2 * scan.maskeds:
        slots *= 2
    if not _reserve(scan, &scan.work, slots * sizeof(uint32_t)):
        return
    last = <uint32_t *>scan.work.data
    memset(last, 0, slots * sizeof(uint32_t))
    memset(scan.back, 0xFF, GRAM * sizeof(uint32_t))
    for end in range(GRAM, scan.maskeds + 1):
        slot = _mix(scan.masked + end - GRAM) & (slots - 1)
        while last[slot] != 0 and memcmp(scan.masked + last[slot] - GRAM, scan.masked + end - GRAM, GRAM * 4) != 0:
            slot = (slot + 1) & (slots - 1)
        scan.back[end - 1] = <uint32_t>end - last[slot] if last[slot] != 0 else UINT32_MAX
        last[slot] = <uint32_t>end
    length = _recurring_tail(scan)
    if length > 0:
        _add_row(scan, VIEW_TAIL, scan.maskeds - length, scan.maskeds, 0)


cdef uint64_t _mix(const uint32_t *gram) noexcept nogil:
    cdef uint64_t mixed = 0
    cdef int64_t i
    for i in range(GRAM):
        mixed = (mixed ^ gram[i]) * 0x9E3779B97F4A7C15ULL
    return mixed >> 32
