# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Sort rows by numbers: by eleven bits at a time from the lowest up, which keeps equal rows in place."""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

cdef enum:
    BITS = 11
    DIGITS = 6  # of eleven bits, in 64

cdef struct Item:
    uint64_t key
    int64_t row


def sort(const uint64_t[::1] keys, int64_t[::1] order):
    """Sort ``order``, rows of ``keys``, by their keys; rows with equal keys stay as they are.

    A digit that all keys share costs nothing but being counted.
    """
    cdef int64_t n = order.shape[0], i, total, held
    cdef int64_t counts[DIGITS][1 << BITS]
    cdef int digit, k
    cdef uint64_t key
    cdef Item *source
    cdef Item *target
    cdef Item *other
    cdef Item *room
    if n < 2:
        return
    room = <Item *>malloc(2 * n * sizeof(Item))
    if room == NULL:
        raise MemoryError
    with nogil:
        source, target = room, room + n
        memset(counts, 0, sizeof(counts))
        for i in range(n):
            key = keys[order[i]]
            source[i].key, source[i].row = key, order[i]
            for digit in range(DIGITS):
                counts[digit][key >> (BITS * digit) & ((1 << BITS) - 1)] += 1
        for digit in range(DIGITS):
            if counts[digit][source[0].key >> (BITS * digit) & ((1 << BITS) - 1)] == n:
                continue
            total = 0
            for k in range(1 << BITS):
                held = counts[digit][k]
                counts[digit][k] = total
                total += held
            for i in range(n):
                k = <int>(source[i].key >> (BITS * digit) & ((1 << BITS) - 1))
                target[counts[digit][k]] = source[i]
                counts[digit][k] += 1
            other = source
            source = target
            target = other
        for i in range(n):
            order[i] = source[i].row
    free(room)
