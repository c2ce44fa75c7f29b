# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Take rows of JSON apart into turns, without a Python object for each."""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

cdef extern from "turns.h" nogil:
    enum:
        LAYOUTS_MOST
        STEPS_MOST
    ctypedef struct member:
        const uint8_t *key
        const uint8_t *key_end
    ctypedef struct row_view:
        int count
        uint64_t keys
        member members[1]
    ctypedef struct instruction:
        int member
        int op
    ctypedef struct layout:
        uint64_t keys
        int count
        int dialect
        int steps
        instruction step[1]
        uint8_t *names
    ctypedef struct turn_list:
        int64_t *ends
        int8_t *role
        uint8_t *trained
        int64_t count
        int64_t room
        uint8_t *text
        uint8_t *base
    const uint8_t *past_space(const uint8_t *p, const uint8_t *end)
    int check_row(const uint8_t *p, const uint8_t *end, row_view *row)
    int has_names(const layout *lay, const row_view *row)
    int take_row(const row_view *row, const layout *lay, const uint8_t *end, turn_list *turns)

cdef enum:
    READ = 0
    BLANK = 1
    ODD = 2


cdef bytes _learnt(layout *lay, const row_view *row, learn):
    """Ask what becomes of rows with these members; returns the bytes that hold their names."""
    cdef list names = [row.members[i].key[:row.members[i].key_end - row.members[i].key] for i in range(row.count)]
    cdef bytes held = b"".join([len(name).to_bytes(8, "little") + name for name in names])
    found = learn(tuple([name.decode() for name in names]) if row.count >= 0 else None)
    lay.keys, lay.count, lay.steps = row.keys, row.count, 0
    lay.dialect = -1
    lay.names = <uint8_t *>PyBytes_AS_STRING(held)
    if found is None or len(found[1]) > STEPS_MOST:
        return held
    lay.dialect = found[0]
    for place, op in found[1]:
        if not -1 <= place < max(row.count, 0):
            raise ValueError("a layout names a member that is not there")
        lay.step[lay.steps].member = place
        lay.step[lay.steps].op = op
        lay.steps += 1
    return held


def turns(const uint8_t[::1] data, const int64_t[::1] starts, const int64_t[::1] ends, uint8_t[::1] state,
          int16_t[::1] dialect, int32_t[::1] counts, uint8_t[::1] text, learn):
    """Take rows apart; ``text`` takes their texts. Returns where each turn's text ends, its role, and if it is trained.

    ``learn`` is given the names of a row's members (None: the row is a list) and returns a number for the dialect and
    the steps to take, or None where such rows are odd.
    """
    cdef int64_t i
    cdef int known = 0, at = 0, k, done
    cdef row_view *row = <row_view *>calloc(1, sizeof(row_view))
    cdef layout *layouts = <layout *>calloc(LAYOUTS_MOST, sizeof(layout))
    cdef turn_list list
    cdef const uint8_t *base
    cdef const uint8_t *end
    cdef object kept = []
    list.ends, list.role, list.trained = NULL, NULL, NULL
    list.count = list.room = 0
    list.base = list.text = &text[0]
    base = &data[0]
    try:
        if row == NULL or layouts == NULL:
            raise MemoryError
        with nogil:
            for i in range(starts.shape[0]):
                dialect[i] = -1
                counts[i] = 0
                end = base + ends[i]
                if past_space(base + starts[i], end) == end:
                    state[i] = BLANK
                    continue
                state[i] = ODD
                if not check_row(base + starts[i], end, row):
                    continue
                if not (at < known and has_names(&layouts[at], row)):
                    at = 0
                    while at < known and not has_names(&layouts[at], row):
                        at += 1
                    if at == known:
                        if known == LAYOUTS_MOST:
                            continue
                        with gil:
                            kept.append(_learnt(&layouts[at], row, learn))
                        known += 1
                k = <int>list.count
                done = take_row(row, &layouts[at], end, &list)
                if done < 0:
                    with gil:
                        raise MemoryError
                if done:
                    state[i] = READ
                    dialect[i] = <int16_t>layouts[at].dialect
                    counts[i] = <int32_t>(list.count - k)
        return _out(&list)
    finally:
        free(row)
        free(layouts)
        free(list.ends)
        free(list.role)
        free(list.trained)


cdef _out(turn_list *list):
    cdef int64_t n = list.count
    ends, role, trained = np.empty(n, np.int64), np.empty(n, np.int8), np.empty(n, np.uint8)
    cdef int64_t[::1] to_ends = ends
    cdef int8_t[::1] to_role = role
    cdef uint8_t[::1] to_trained = trained
    if n:
        memcpy(&to_ends[0], list.ends, n * sizeof(int64_t))
        memcpy(&to_role[0], list.role, n)
        memcpy(&to_trained[0], list.trained, n)
    return ends, role, trained.view(np.bool_)


def framed(const uint8_t[::1] buffer, const int64_t[::1] offsets, const int8_t[::1] roles, const int64_t[::1] first,
           uint8_t[::1] out):
    """Write each row's texts, roles and sizes of texts one after the other."""
    cdef int64_t i, k, size
    cdef uint8_t *q = &out[0]
    with nogil:
        for i in range(first.shape[0] - 1):
            if first[i] == first[i + 1]:
                continue
            size = offsets[first[i + 1]] - offsets[first[i]]
            memcpy(q, &buffer[0] + offsets[first[i]], size)
            q += size
            memcpy(q, &roles[first[i]], first[i + 1] - first[i])
            q += first[i + 1] - first[i]
            for k in range(first[i], first[i + 1]):
                size = offsets[k + 1] - offsets[k]
                memcpy(q, &size, 8)
                q += 8
