# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Fine tokens of many normalised texts: words, single letters, numbers, marks and line breaks.

Bounds: a text's bytes are ``buffer[offsets[i]:offsets[i + 1]]``; wrappers check that offsets rise and stay inside.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "unicode.h" nogil:
    uint32_t unicode_entry_of(uint32_t code)
    uint32_t utf8_read(const uint8_t *p, const uint8_t *end, int *size)
    bint is_han(const uint8_t *p, const uint8_t *end)

cdef extern from "words.h" nogil:
    bint is_ascii_word(uint8_t c)

cdef enum:
    WORD = 0
    SOLO = 1
    SPACE = 2
    MARK = 3

cdef uint64_t TOKEN_SEED = 0x9E3779B97F4A7C15u
cdef uint64_t TOKEN_STEP = 0xFF51AFD7ED558CCDu
cdef uint32_t BEGIN = 1, END = 2, BREAK = 3, NUMBER = 4, NONE = 0xFFFFFFFFu


cdef inline uint32_t fine_hash(uint64_t h, bint mark) noexcept nogil:
    cdef uint32_t value = (<uint32_t>(h >> 32) & ~<uint32_t>1) | mark
    return value if value >= 16 else value + 16


cdef inline uint64_t step(uint64_t h, uint32_t code) noexcept nogil:
    h = (h ^ code) * TOKEN_STEP
    return h ^ (h >> 32)


cdef struct Out:
    uint32_t *hashes
    uint8_t *sizes
    int64_t *places  # NULL: not wanted
    int64_t n


cdef inline void put(Out *out, uint32_t token, int64_t size, int64_t place) noexcept nogil:
    out.hashes[out.n] = token
    out.sizes[out.n] = <uint8_t>(size if size < 255 else 255)
    if out.places != NULL:
        out.places[out.n] = place
    out.n += 1


cdef void one(const uint8_t *p, const uint8_t *end, Out *out) noexcept nogil:
    """Write one text's fine tokens; nothing for a text that has none."""
    cdef uint64_t h = TOKEN_SEED
    cdef uint32_t code, group, last = NONE
    cdef int64_t at = 0, length = 0, first = out.n + 1
    cdef int size
    cdef bint digits = True, broken = False
    put(out, BEGIN, 0, 0)
    while p < end:
        if length and is_ascii_word(p[0]):  # most of most texts
            digits = digits and p[0] <= 57
            h = step(h, p[0])
            length += 1
            at += 1
            p += 1
            continue
        if is_han(p, end):
            code, group, size = (p[0] & 15) << 12 | (p[1] & 63) << 6 | (p[2] & 63), SOLO, 3
        else:
            code = utf8_read(p, end, &size)
            group = unicode_entry_of(code) & 3
        p += size
        at += 1
        if length and group != WORD:
            put(out, NUMBER if digits else fine_hash(h, False), length, at - 1 - length)
            h, length, digits = TOKEN_SEED, 0, True
        if group == SPACE:
            broken = broken or code == 10 or code == 13
            last = NONE
            continue
        if group == MARK and code == last:
            if out.sizes[out.n - 1] < 255:
                out.sizes[out.n - 1] += 1
            continue
        if broken and out.n > first:
            put(out, BREAK, 0, at - 1)
        broken = False
        last = code if group == MARK else NONE
        if group == WORD:
            digits = digits and 48 <= code <= 57
            h = step(h, code)
            length += 1
        else:
            put(out, fine_hash(step(TOKEN_SEED, code), group == MARK), 1, at - 1)
    if length:
        put(out, NUMBER if digits else fine_hash(h, False), length, at - length)
    if out.n == first:
        out.n -= 1
    else:
        put(out, END, 0, at)


def fine(const uint8_t[::1] buffer, const int64_t[::1] offsets, const int64_t[::1] order, uint32_t[::1] hashes,
         uint8_t[::1] sizes, int64_t[::1] places, int64_t[::1] bounds):
    """Write each text's fine tokens between a begin and an end; returns how many tokens were written.

    ``places`` takes where each token begins, in code points of its text; it may be empty.
    """
    cdef int64_t k
    cdef Out out
    bounds[0] = 0
    if buffer.shape[0] == 0 or order.shape[0] == 0:
        for k in range(order.shape[0]):
            bounds[k + 1] = 0
        return 0
    out.hashes, out.sizes, out.n = &hashes[0], &sizes[0], 0
    out.places = &places[0] if places.shape[0] else NULL
    with nogil:
        for k in range(order.shape[0]):
            if offsets[order[k]] < offsets[order[k] + 1]:
                one(&buffer[0] + offsets[order[k]], &buffer[0] + offsets[order[k] + 1], &out)
            bounds[k + 1] = out.n
    return out.n
