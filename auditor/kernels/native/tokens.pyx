# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Normalise, tokenise and hash many texts that lie in one flat UTF-8 buffer.

Bounds: a text's bytes are ``buffer[offsets[i]:offsets[i + 1]]``; wrappers check that offsets rise and stay inside.
"""

import numpy as np

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from "unicode.h" nogil:
    const char *UNIDATA_VERSION
    const uint32_t unicode_expansion[]
    uint32_t unicode_entry_of(uint32_t code)
    uint32_t utf8_read(const uint8_t *p, const uint8_t *end, int *size)
    int utf8_write(uint32_t c, uint8_t *out)

cdef enum:
    WORD = 0
    SOLO = 1
    SPACE = 2
    MARK = 3
    LEAVE = 4
    EXPAND = 8
    LONGEST = 80  # bytes that one code point can normalise to: 18 code points of four bytes, and room

cdef uint64_t TOKEN_SEED = 0x9E3779B97F4A7C15u
cdef uint64_t TOKEN_STEP = 0xFF51AFD7ED558CCDu
cdef uint64_t FOLD_ONE = 0xFF51AFD7ED558CCDu
cdef uint64_t FOLD_TWO = 0xC4CEB9FE1A85EC53u
cdef uint64_t ALL_HIGH = 0x8080808080808080u

UNICODE = UNIDATA_VERSION.decode()


cdef int64_t _normalise_one(const uint8_t *p, const uint8_t *end, uint8_t *out, int64_t room, int *leave) noexcept nogil:
    """Write one normalised text; returns bytes written, or -1 when room is short; sets leave for Python's work."""
    cdef uint8_t *q = out
    cdef uint8_t *stop = out + room
    cdef uint32_t code, entry, value
    cdef uint64_t word
    cdef int size, k
    cdef uint8_t byte
    leave[0] = 0
    while p < end:
        while end - p >= 8 and stop - q >= 8:
            memcpy(&word, p, 8)
            if word & ALL_HIGH:
                break
            for k in range(8):
                byte = p[k]
                q[k] = byte + 32 if 65 <= byte <= 90 else byte
            p += 8
            q += 8
        if p >= end:
            break
        if stop - q < LONGEST:
            return -1
        code = utf8_read(p, end, &size)
        entry = unicode_entry_of(code)
        p += size
        if entry & LEAVE:
            leave[0] = 1
            return 0
        value = entry >> 4
        if entry & EXPAND:
            for k in range(<int>unicode_expansion[value]):
                q += utf8_write(unicode_expansion[value + 1 + k], q)
        else:
            q += utf8_write(value if value else code, q)
    return q - out


def normalise(const uint8_t[::1] buffer, const int64_t[::1] offsets, int64_t first, uint8_t[::1] out, int64_t[::1] ends,
              uint8_t[::1] leave, int64_t at):
    """Normalise texts from ``first`` on into ``out`` from ``at`` on; returns the first text not done and the new end."""
    cdef int64_t i = first, count = offsets.shape[0] - 1, written
    cdef int64_t room = out.shape[0]
    cdef int left
    if buffer.shape[0] == 0 or room == 0:
        for i in range(first, count):
            ends[i] = at
        return count, at
    with nogil:
        while i < count:
            written = _normalise_one(&buffer[0] + offsets[i], &buffer[0] + offsets[i + 1], &out[0] + at, room - at, &left)
            if written < 0:
                break
            leave[i] = left
            at += written
            ends[i] = at
            i += 1
    return i, at


def tokens(const uint8_t[::1] buffer, const int64_t[::1] offsets, const int64_t[::1] order, uint64_t[::1] hashes,
           uint32_t[::1] sizes, int64_t[::1] bounds):
    """Hash the tokens of normalised texts, taken in ``order``; returns how many tokens were written."""
    cdef int64_t k, n = 0
    cdef const uint8_t *p
    cdef const uint8_t *end
    cdef uint64_t h
    cdef uint32_t code, group, length
    cdef int size
    bounds[0] = 0
    if buffer.shape[0] == 0:
        for k in range(order.shape[0]):
            bounds[k + 1] = 0
        return 0
    with nogil:
        for k in range(order.shape[0]):
            p = &buffer[0] + offsets[order[k]]
            end = &buffer[0] + offsets[order[k] + 1]
            h = TOKEN_SEED
            length = 0
            while p < end:
                code = utf8_read(p, end, &size)
                group = unicode_entry_of(code) & 3
                p += size
                if group == WORD:
                    h = (h ^ code) * TOKEN_STEP
                    h ^= h >> 32
                    length += 1
                    continue
                if length:
                    hashes[n] = h
                    sizes[n] = length
                    n += 1
                    h = TOKEN_SEED
                    length = 0
                if group == SOLO:
                    h = (TOKEN_SEED ^ code) * TOKEN_STEP
                    hashes[n] = h ^ (h >> 32)
                    sizes[n] = 1
                    n += 1
                    h = TOKEN_SEED
            if length:
                hashes[n] = h
                sizes[n] = length
                n += 1
            bounds[k + 1] = n
    return n


cdef inline void _fold(uint64_t word, uint64_t *one, uint64_t *two) noexcept nogil:
    one[0] = (one[0] ^ word) * FOLD_ONE
    one[0] ^= one[0] >> 32
    two[0] = (two[0] ^ word) * FOLD_TWO
    two[0] ^= two[0] >> 29


def copy_hashes(const uint8_t[::1] buffer, const int64_t[::1] offsets, uint64_t[:, ::1] out):
    """Hash every normalised text with its white space folded, to 128 bits."""
    cdef int64_t i
    cdef const uint8_t *p
    cdef const uint8_t *end
    cdef uint64_t one, two, word
    cdef uint32_t code
    cdef int size, k, filled, gap
    cdef int64_t length
    cdef bint blank
    if buffer.shape[0] == 0:
        for i in range(offsets.shape[0] - 1):
            out[i, 0] = 0
            out[i, 1] = 0
        return
    with nogil:
        for i in range(offsets.shape[0] - 1):
            p = &buffer[0] + offsets[i]
            end = &buffer[0] + offsets[i + 1]
            one = two = word = 0
            filled = gap = 0
            length = 0
            while p < end:
                if p[0] < 0x80:
                    size = 1
                    blank = p[0] == 32 or 9 <= p[0] <= 13 or 28 <= p[0] <= 31
                else:
                    code = utf8_read(p, end, &size)
                    blank = (unicode_entry_of(code) & 3) == SPACE
                if blank:
                    gap = length > 0
                    p += size
                    continue
                if gap:
                    gap = 0
                    word |= <uint64_t>32 << (8 * filled)
                    filled += 1
                    length += 1
                    if filled == 8:
                        _fold(word, &one, &two)
                        word = 0
                        filled = 0
                for k in range(size):
                    word |= <uint64_t>p[k] << (8 * filled)
                    filled += 1
                    if filled == 8:
                        _fold(word, &one, &two)
                        word = 0
                        filled = 0
                length += size
                p += size
            if filled:
                _fold(word, &one, &two)
            _fold(<uint64_t>length, &one, &two)
            out[i, 0] = one
            out[i, 1] = two
