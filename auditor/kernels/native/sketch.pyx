# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Shingles of token hashes: MinHash signatures, and sorted sets for exact similarity."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

cdef extern from "lanes.h" nogil:
    void lanes_fold(const uint32_t *h, int64_t n, const uint32_t *a, const uint32_t *b, uint32_t *sig, int perms)

cdef enum:
    CHUNK = 1024  # shingles hashed before they are folded: stays in the first cache

cdef uint64_t SHINGLE_STEP = 0xD6E8FEB86659FD93u
cdef uint64_t BAND_STEP = 0x9E3779B97F4A7C15u


cdef inline uint64_t mix(uint64_t v) noexcept nogil:
    v = (v ^ (v >> 33)) * <uint64_t>0xFF51AFD7ED558CCDu
    v = (v ^ (v >> 33)) * <uint64_t>0xC4CEB9FE1A85EC53u
    return v ^ (v >> 33)


cdef inline uint32_t fmix32(uint32_t v) noexcept nogil:
    v = (v ^ (v >> 16)) * <uint32_t>0x85EBCA6Bu
    v = (v ^ (v >> 13)) * <uint32_t>0xC2B2AE35u
    return v ^ (v >> 16)


cdef inline uint64_t power(uint64_t base, int64_t times) noexcept nogil:
    cdef uint64_t value = 1
    cdef int64_t k
    for k in range(times):
        value *= base
    return value


def signatures(const uint64_t[::1] hashes, const int64_t[::1] bounds, int64_t size, const uint32_t[::1] a,
               const uint32_t[::1] b, uint32_t[:, ::1] out):
    """Fold the shingles of each text into its row of ``out``, which starts at all ones."""
    cdef int64_t row, i, filled, last
    cdef int perms = <int>a.shape[0]
    cdef uint64_t rolling, oldest = power(SHINGLE_STEP, size)
    cdef uint32_t chunk[CHUNK]
    with nogil:
        for row in range(bounds.shape[0] - 1):
            if bounds[row + 1] - bounds[row] < size:
                continue
            rolling = 0
            filled = 0
            last = bounds[row] + size - 1
            for i in range(bounds[row], last):
                rolling = rolling * SHINGLE_STEP + hashes[i]
            for i in range(last, bounds[row + 1]):
                rolling = rolling * SHINGLE_STEP + hashes[i]
                if i > last:
                    rolling -= hashes[i - size] * oldest
                chunk[filled] = fmix32(<uint32_t>mix(rolling))
                filled += 1
                if filled == CHUNK:
                    lanes_fold(chunk, filled, &a[0], &b[0], &out[row, 0], perms)
                    filled = 0
            lanes_fold(chunk, filled, &a[0], &b[0], &out[row, 0], perms)


cdef void _sort(uint64_t *values, uint64_t *spare, int64_t n) noexcept nogil:
    """Sort hashes: one counting pass by their top bits, then insertion, linear because hashes spread evenly."""
    cdef int bits = 1
    cdef int64_t i, j, total = 0, held
    cdef uint64_t value
    cdef int64_t counts[4096]
    while bits < 12 and (<int64_t>1 << bits) < n:
        bits += 1
    memset(counts, 0, sizeof(int64_t) << bits)
    for i in range(n):
        counts[values[i] >> (64 - bits)] += 1
    for i in range(<int64_t>1 << bits):
        held = counts[i]
        counts[i] = total
        total += held
    for i in range(n):
        value = values[i]
        spare[counts[value >> (64 - bits)]] = value
        counts[value >> (64 - bits)] += 1
    for i in range(n):
        value = spare[i]
        j = i
        while j and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


def shingle_sets(const uint64_t[::1] hashes, const int64_t[::1] bounds, int64_t size, uint64_t[::1] out,
                 int64_t[::1] ends):
    """Write each text's sorted distinct shingles one after the other; ``ends`` takes where each set stops."""
    cdef int64_t row, i, n, at = 0, begin, longest = 1
    cdef uint64_t rolling, oldest = power(SHINGLE_STEP, size)
    cdef uint64_t *spare
    for row in range(bounds.shape[0] - 1):
        longest = max(longest, bounds[row + 1] - bounds[row])
    spare = <uint64_t *>malloc(longest * sizeof(uint64_t))
    if spare == NULL:
        raise MemoryError
    with nogil:
        for row in range(bounds.shape[0] - 1):
            begin = at
            n = bounds[row + 1] - bounds[row] - size + 1
            rolling = 0
            for i in range(bounds[row], bounds[row + 1]):
                rolling = rolling * SHINGLE_STEP + hashes[i]
                if i - bounds[row] >= size:
                    rolling -= hashes[i - size] * oldest
                if i - bounds[row] >= size - 1:
                    out[at] = mix(rolling)
                    at += 1
            if n > 1:
                _sort_wide(&out[0] + begin, spare, n)
                at = begin + 1
                for i in range(begin + 1, begin + n):
                    if out[i] != out[i - 1]:
                        out[at] = out[i]
                        at += 1
            ends[row] = at
    free(spare)


def taken(const uint64_t[::1] values, const int64_t[::1] offsets, const int64_t[::1] places, uint64_t[::1] out,
          int64_t[::1] ends, int64_t at):
    """Copy sets to ``out`` from ``at`` on; returns where the last one ends, or -1: one is not there, or out of room."""
    cdef int64_t i, first, last
    with nogil:
        for i in range(places.shape[0]):
            if i >= ends.shape[0] or places[i] < 0 or places[i] >= offsets.shape[0] - 1:
                at = -1
                break
            first, last = offsets[places[i]], offsets[places[i] + 1]
            if first < 0 or last < first or last > values.shape[0] or at + last - first > out.shape[0]:
                at = -1
                break
            if last > first:
                memcpy(&out[at], &values[first], (last - first) * sizeof(uint64_t))
            at += last - first
            ends[i] = at
    return at


def united(const uint64_t[::1] left, const int64_t[::1] lefts, const uint64_t[::1] right, const int64_t[::1] rights,
           uint64_t[::1] out, int64_t[::1] ends):
    """Merge two sorted sets for each text."""
    cdef int64_t row, i, j, at = 0
    with nogil:
        for row in range(lefts.shape[0] - 1):
            i, j = lefts[row], rights[row]
            while i < lefts[row + 1] and j < rights[row + 1]:
                if left[i] < right[j]:
                    out[at] = left[i]
                    i += 1
                elif right[j] < left[i]:
                    out[at] = right[j]
                    j += 1
                else:
                    out[at] = left[i]
                    i += 1
                    j += 1
                at += 1
            while i < lefts[row + 1]:
                out[at] = left[i]
                i += 1
                at += 1
            while j < rights[row + 1]:
                out[at] = right[j]
                j += 1
                at += 1
            ends[row] = at


cdef void _sort_wide(uint64_t *values, uint64_t *spare, int64_t n) noexcept nogil:
    """Sort any number of hashes: long lists by bytes from the lowest up, short ones by top bits."""
    cdef int64_t counts[256]
    cdef int64_t i, total, held
    cdef int shift
    cdef uint64_t *source = values
    cdef uint64_t *target = spare
    cdef uint64_t *other
    if n <= 16384:
        _sort(values, spare, n)
        return
    for shift in range(0, 64, 8):
        memset(counts, 0, sizeof(counts))
        for i in range(n):
            counts[(source[i] >> shift) & 255] += 1
        total = 0
        for i in range(256):
            held = counts[i]
            counts[i] = total
            total += held
        for i in range(n):
            target[counts[(source[i] >> shift) & 255]] = source[i]
            counts[(source[i] >> shift) & 255] += 1
        other = source
        source = target
        target = other


def band_keys(const uint32_t[:, ::1] signatures, int64_t rows, uint64_t[:, ::1] out):
    """Hash each band of ``rows`` signature values; ``out`` has a row for each band."""
    cdef int64_t band, i, k
    cdef uint64_t key
    with nogil:
        for i in range(signatures.shape[0]):
            for band in range(out.shape[0]):
                key = <uint64_t>band
                for k in range(band * rows, band * rows + rows):
                    key = (key ^ signatures[i, k]) * BAND_STEP
                    key ^= key >> 32
                out[band, i] = mix(key)
