# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Normalise, tokenise and hash many texts that lie in one flat UTF-8 buffer.

Bounds: a text's bytes are ``buffer[offsets[i]:offsets[i + 1]]``; wrappers check that offsets rise and stay inside.
"""

import numpy as np

from libc.stdint cimport int8_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cdef extern from "unicode.h" nogil:
    const char *UNIDATA_VERSION
    const uint32_t unicode_expansion[]
    uint32_t unicode_entry_of(uint32_t code)
    uint32_t utf8_read(const uint8_t *p, const uint8_t *end, int *size)
    int utf8_write(uint32_t c, uint8_t *out)
    bint is_han(const uint8_t *p, const uint8_t *end)

cdef extern from "words.h" nogil:
    int64_t copy_han(const uint8_t *p, const uint8_t *end, uint8_t *q, const uint8_t *stop)
    int64_t lower_ascii(const uint8_t *p, int64_t size, uint8_t *q)
    int64_t text_tokens(const uint8_t *p, const uint8_t *end, const uint8_t *stop, uint64_t *hashes, uint32_t *sizes)
    int64_t code_points(const uint8_t *p, const uint8_t *end)
    int64_t fold_space(const uint8_t *p, const uint8_t *end, uint8_t *out)
    void fold_hash(const uint8_t *p, int64_t size, uint64_t *out)

cdef enum:
    LEAVE = 4
    EXPAND = 8
    LONGEST = 80  # bytes that one code point can normalise to: 18 code points of four bytes, and room


UNICODE = UNIDATA_VERSION.decode()


cdef int64_t _normalise_one(const uint8_t *p, const uint8_t *end, uint8_t *out, int64_t room, int *leave) noexcept nogil:
    """Write one normalised text; returns bytes written, or -1 when room is short; sets leave for Python's work."""
    cdef uint8_t *q = out
    cdef uint8_t *stop = out + room
    cdef uint32_t code, entry, value
    cdef int64_t lowered, copied
    cdef int size, k
    leave[0] = 0
    while p < end:
        if p[0] < 0x80:
            lowered = lower_ascii(p, min(end - p, stop - q), q)
            p += lowered
            q += lowered
        if p >= end:
            break
        if stop - q < LONGEST:
            return -1
        copied = copy_han(p, end, q, stop)
        p += copied
        q += copied
        if copied and (p >= end or p[0] < 0x80 or stop - q < LONGEST):
            continue
        if is_han(p, end):
            memcpy(q, p, 3)
            p += 3
            q += 3
            continue
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
    cdef const uint8_t *base
    cdef const uint8_t *stop
    bounds[0] = 0
    if buffer.shape[0] == 0 or hashes.shape[0] == 0:
        for k in range(order.shape[0]):
            bounds[k + 1] = 0
        return 0
    base = &buffer[0]
    stop = base + buffer.shape[0]
    with nogil:
        for k in range(order.shape[0]):
            n += text_tokens(base + offsets[order[k]], base + offsets[order[k] + 1], stop, &hashes[0] + n, &sizes[0] + n)
            bounds[k + 1] = n
    return n


def copy_hashes(const uint8_t[::1] buffer, const int64_t[::1] offsets, uint64_t[:, ::1] out):
    """Hash every normalised text with its white space folded, to 128 bits."""
    cdef int64_t i, size, longest = 0
    cdef const uint8_t *base = &buffer[0] if buffer.shape[0] else NULL
    cdef uint8_t *scratch
    for i in range(offsets.shape[0] - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    scratch = <uint8_t *>malloc(longest + 32)
    if scratch == NULL:
        raise MemoryError
    with nogil:
        for i in range(offsets.shape[0] - 1):
            size = fold_space(base + offsets[i], base + offsets[i + 1], scratch)
            fold_hash(scratch, size, &out[i, 0])
    free(scratch)


cdef inline uint64_t mix(uint64_t v) noexcept nogil:
    v = (v ^ (v >> 33)) * <uint64_t>0xFF51AFD7ED558CCDu
    v = (v ^ (v >> 33)) * <uint64_t>0xC4CEB9FE1A85EC53u
    return v ^ (v >> 33)


def part_keys(const uint64_t[:, ::1] hashes, const int8_t[::1] part, const int8_t[::1] role, const int64_t[::1] offsets,
              const int64_t[::1] first, int64_t parts, uint64_t[:, ::1] out):
    """Hash each sample's turns of some parts (a bit each), with their roles and order; zeros where all are empty."""
    cdef int64_t i, t, place
    cdef uint64_t tag
    cdef bint filled
    with nogil:
        for i in range(first.shape[0] - 1):
            out[i, 0] = out[i, 1] = 0
            place = 0
            filled = False
            for t in range(first[i], first[i + 1]):
                if not parts >> part[t] & 1:
                    continue
                tag = mix(<uint64_t>(place * 16 + role[t] + 1))
                out[i, 0] += mix(hashes[t, 0] ^ tag)
                out[i, 1] += mix(hashes[t, 1] ^ tag)
                filled |= offsets[t + 1] > offsets[t]
                place += 1
            if not filled:
                out[i, 0] = out[i, 1] = 0


def characters(const uint8_t[::1] buffer, const int64_t[::1] offsets, int64_t[::1] out):
    """Count the code points of every text."""
    cdef int64_t i
    cdef const uint8_t *base = &buffer[0] if buffer.shape[0] else NULL
    with nogil:
        for i in range(offsets.shape[0] - 1):
            out[i] = code_points(base + offsets[i], base + offsets[i + 1])
