# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Find lines, and the borders of array elements, in raw JSON bytes, and mark lines that a fast parser may misread."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memchr

cdef enum:
    BLANK = 1
    SUSPECT = 2
    DEPTH_LIMIT = 512
    KEY_LIMIT = 2048
    DIGITS = 16  # a number with fewer fits a float and a 64-bit integer

cdef enum:
    DEPTH = 0
    STRING = 1
    ESCAPED = 2


cdef inline bint _space(uint8_t c) noexcept nogil:
    return c == 32 or c == 9 or c == 13 or c == 10


cdef inline int _hex(uint8_t c) noexcept nogil:
    if 48 <= c <= 57:
        return c - 48
    c |= 32
    return c - 87 if 97 <= c <= 102 else -1


cdef int _surrogate(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Read an escape at p (``\\uXXXX``): 1 a high surrogate, 2 a low one, 0 anything else."""
    if end - p < 6 or p[0] != 92 or p[1] != 117 or (p[2] | 32) != 100:
        return 0
    return 1 if 8 <= _hex(p[3]) <= 11 else 2 if _hex(p[3]) >= 12 else 0


cdef const uint8_t *_string(const uint8_t *p, const uint8_t *end, uint64_t *key, int *flags) noexcept nogil:
    """Read a string from behind its opening quote to behind its closing one; hash its bytes when ``key`` is set."""
    cdef uint64_t h = 0xCBF29CE484222325u
    cdef int half
    cdef const uint8_t *quote
    if key == NULL:
        quote = <const uint8_t *>memchr(p, 34, end - p)
        if quote == NULL:
            return end
        if memchr(p, 92, quote - p) == NULL:
            return quote + 1
    while p < end:
        if p[0] == 34:
            if key != NULL:
                key[0] = h
            return p + 1
        if p[0] == 92:
            if key != NULL:
                flags[0] |= SUSPECT  # an escaped key may equal one spelt otherwise
            half = _surrogate(p, end)
            if half == 1 and _surrogate(p + 6, end) == 2:
                p += 12
                continue
            if half:
                flags[0] |= SUSPECT
            p += 2
            continue
        h = (h ^ p[0]) * 0x100000001B3u
        p += 1
    return end


cdef int _line(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Mark one line blank, or suspect: deep, a key twice, a long number, half a surrogate pair."""
    cdef int flags = 0, depth = 0, held = 0, i
    cdef bint expect = False
    cdef uint8_t c
    cdef uint64_t key = 0
    cdef uint64_t keys[KEY_LIMIT]
    cdef int first[DEPTH_LIMIT + 1]
    cdef bint object_at[DEPTH_LIMIT + 1]
    cdef const uint8_t *digits
    while p < end and _space(p[0]):
        p += 1
    if p == end:
        return BLANK
    object_at[0] = False
    while p < end:
        c = p[0]
        p += 1
        if c == 34:
            if expect:
                key = 0
                p = _string(p, end, &key, &flags)
                expect = False
                for i in range(first[depth], held):
                    if keys[i] == key:
                        return SUSPECT
                if held < KEY_LIMIT:
                    keys[held] = key
                    held += 1
                else:
                    return SUSPECT
            else:
                p = _string(p, end, NULL, &flags)
        elif c == 123 or c == 91:
            depth += 1
            if depth > DEPTH_LIMIT:
                return SUSPECT
            object_at[depth] = c == 123
            first[depth] = held
            expect = c == 123
        elif c == 125 or c == 93:
            if depth:
                held = first[depth]
                depth -= 1
            expect = False
        elif c == 44:
            expect = object_at[depth]
        elif 48 <= c <= 57:
            digits = p - 1
            while p < end and 48 <= p[0] <= 57:
                p += 1
            if p - digits >= DIGITS:
                return SUSPECT
    return flags


def count(const uint8_t[::1] data):
    """Count the line feeds in ``data``."""
    cdef int64_t i, found = 0
    with nogil:
        for i in range(data.shape[0]):
            found += data[i] == 10
    return found


def lines(const uint8_t[::1] data, int64_t[::1] starts, int64_t[::1] ends):
    """Find the lines of ``data``; returns how many."""
    cdef int64_t n = 0, at = 0, size = data.shape[0], stop, end
    cdef const uint8_t *base
    cdef const uint8_t *found
    if size == 0:
        return 0
    base = &data[0]
    with nogil:
        while at < size:
            found = <const uint8_t *>memchr(base + at, 10, size - at)
            stop = found - base if found != NULL else size
            end = stop - 1 if stop > at and base[stop - 1] == 13 else stop
            starts[n] = at
            ends[n] = end
            n += 1
            at = stop + 1
    return n


def mark(const uint8_t[::1] data, const int64_t[::1] starts, const int64_t[::1] ends, uint8_t[::1] marks):
    """Mark given spans of ``data`` as blank or suspect."""
    cdef int64_t i
    if data.shape[0] == 0:
        return
    with nogil:
        for i in range(starts.shape[0]):
            marks[i] = <uint8_t>_line(&data[0] + starts[i], &data[0] + ends[i])


def borders(const uint8_t[::1] data, int64_t[::1] state, int64_t[::1] out):
    """Find where a top-level array opens, its elements end, and it closes; ``state`` carries over between pieces."""
    cdef int64_t n = 0, i, depth = state[DEPTH]
    cdef bint string = state[STRING], escaped = state[ESCAPED]
    cdef uint8_t c
    with nogil:
        for i in range(data.shape[0]):
            c = data[i]
            if string:
                if escaped:
                    escaped = False
                elif c == 92:
                    escaped = True
                elif c == 34:
                    string = False
            elif c == 34:
                string = True
            elif c == 91 or c == 123:
                if depth == 0:
                    out[n] = i
                    n += 1
                depth += 1
            elif (c == 93 or c == 125) and depth:
                depth -= 1
                if depth == 0:
                    out[n] = i
                    n += 1
            elif c == 44 and depth == 1:
                out[n] = i
                n += 1
    state[DEPTH] = depth
    state[STRING] = string
    state[ESCAPED] = escaped
    return n
