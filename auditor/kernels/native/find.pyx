# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Find where any of a few short patterns stands in a buffer."""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp

cdef extern from "find.h" nogil:
    const uint8_t *past_leads_free(const uint8_t *p, const uint8_t *end, const uint8_t *leads)

cdef enum:
    LEADS = 4
    PATTERNS = 32


def places(const uint8_t[::1] data, list patterns):
    """Return rows of (place, number of the pattern), in order; the patterns begin with at most four different bytes."""
    cdef uint8_t leads[LEADS]
    cdef const uint8_t *held[PATTERNS]
    cdef int64_t sizes[PATTERNS]
    cdef int64_t n = 0, room = 0, k, count = len(patterns)
    cdef int64_t *found = NULL
    cdef int64_t *grown
    cdef const uint8_t *p
    cdef const uint8_t *end
    cdef bytes first = bytes(sorted({pattern[0] for pattern in patterns}))
    cdef bint failed = False
    if not 0 < len(first) <= LEADS or count > PATTERNS:
        raise ValueError("too many patterns, or too many bytes that they begin with")
    for k in range(LEADS):
        leads[k] = first[min(k, len(first) - 1)]
    for k in range(count):
        held[k] = <const uint8_t *>PyBytes_AS_STRING(patterns[k])
        sizes[k] = len(patterns[k])
    if data.shape[0] == 0:
        return np.empty((0, 2), np.int64)
    with nogil:
        p = &data[0]
        end = p + data.shape[0]
        while True:
            p = past_leads_free(p, end, leads)
            if p == end:
                break
            for k in range(count):
                if end - p < sizes[k] or memcmp(p, held[k], sizes[k]):
                    continue
                if n == room:
                    room = 2 * room + 64
                    grown = <int64_t *>realloc(found, 2 * room * sizeof(int64_t))
                    if grown == NULL:
                        failed = True
                        break
                    found = grown
                found[2 * n] = p - &data[0]
                found[2 * n + 1] = k
                n += 1
            if failed:
                break
            p += 1
    if failed:
        free(found)
        raise MemoryError
    out = np.empty((n, 2), np.int64)
    cdef int64_t[:, ::1] view = out
    for k in range(n):
        view[k, 0], view[k, 1] = found[2 * k], found[2 * k + 1]
    free(found)
    return out
