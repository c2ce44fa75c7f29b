# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Mark in pairs of samples the tokens that a shingle of both covers, and find the stretches that they share."""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

cdef enum:
    FRAME = 2  # parts of a sample: prompt, answer, system text


cdef struct Side:
    const uint64_t *hashes  # of its tokens
    const uint64_t *values  # the shingle that begins at each; 0: none fits
    const int64_t *parts    # where its three parts begin, and where the last one ends
    int64_t *slots          # first places of shingles, one more than they are; 0: free
    int64_t mask


cdef int64_t known(Side *side, uint64_t value, bint wide) noexcept nogil:
    """Return where a shingle stands first, with the system text or without; -1 for nowhere."""
    cdef int64_t slot = value & side.mask, at
    while side.slots[slot]:
        at = side.slots[slot] - 1
        if side.values[at] == value:
            return at if wide or at < side.parts[FRAME] else -1
        slot = (slot + 1) & side.mask
    return -1


cdef void learn(Side *side) noexcept nogil:
    """Put every shingle of a side down with its first place."""
    cdef int64_t at, slot
    memset(side.slots, 0, (side.mask + 1) * sizeof(int64_t))
    for at in range(side.parts[0], side.parts[3]):
        if side.values[at]:
            slot = side.values[at] & side.mask
            while side.slots[slot] and side.values[side.slots[slot] - 1] != side.values[at]:
                slot = (slot + 1) & side.mask
            if not side.slots[slot]:
                side.slots[slot] = at + 1


cdef void cover(Side *here, Side *there, int size, uint8_t *out) noexcept nogil:
    """Write 1 for tokens that a shingle of both covers; parts without shingles were compared exactly."""
    cdef int64_t at, reach = 0, first = here.parts[0], count, part
    for at in range(first, here.parts[3]):
        if here.values[at] and known(there, here.values[at], at >= here.parts[FRAME]) >= 0:
            reach = at + size
        out[at - first] = at < reach
    for part in range(3):
        count = here.parts[part + 1] - here.parts[part]
        if count < size and count == there.parts[part + 1] - there.parts[part]:
            at = 0
            while at < count and here.hashes[here.parts[part] + at] == there.hashes[there.parts[part] + at]:
                at += 1
            if at == count:
                memset(out + here.parts[part] - first, 1, count)


cdef int64_t blocks(Side *left, Side *right, int size, int64_t pair, int64_t[:, ::1] out, int64_t found) noexcept nogil:
    """Write stretches of both: pair, first token, end, first token there; they do not overlap on the left."""
    cdef int64_t at, here, there, stop, start, done, last = left.parts[0], base = left.parts[0], wide
    for wide in range(2):
        at = left.parts[FRAME] if wide else base
        stop = left.parts[3] if wide else left.parts[FRAME]
        while at < stop:
            there = known(right, left.values[at], wide) if left.values[at] else -1
            if there < 0:
                at += 1
                continue
            here = at
            done = there
            while here < stop and done < right.parts[3] and left.values[here] and left.values[here] == right.values[done]:
                here += 1
                done += 1
            start = max(at, last)
            if start < here + size - 1:
                last = here + size - 1
                out[found, 0], out[found, 1], out[found, 2] = pair, start - base, last - base
                out[found, 3] = there + start - at - right.parts[0]
                found += 1
            at = here
    return found


def overlap(
    const uint64_t[::1] hashes, const uint64_t[::1] values, const int64_t[:, ::1] parts, const int64_t[:, ::1] pairs,
    int size, int64_t longest, uint8_t[::1] left, uint8_t[::1] right, int64_t[:, ::1] out,
):
    """Fill ``left`` and ``right`` pair after pair, and ``out`` with stretches; return how many of these there are."""
    cdef int64_t room = 1, found = 0, pair, first = 0, second = 0
    cdef Side one, two
    if not len(values) or not len(pairs):
        return 0
    while room < 2 * longest + 2:
        room *= 2
    one.hashes = two.hashes = &hashes[0]
    one.values = two.values = &values[0]
    one.mask = two.mask = room - 1
    one.slots = <int64_t *>calloc(room, sizeof(int64_t))
    two.slots = <int64_t *>calloc(room, sizeof(int64_t))
    if one.slots == NULL or two.slots == NULL:
        free(one.slots)
        free(two.slots)
        raise MemoryError
    with nogil:
        for pair in range(pairs.shape[0]):
            one.parts, two.parts = &parts[pairs[pair, 0], 0], &parts[pairs[pair, 1], 0]
            one.mask = two.mask = fitting(max(one.parts[3] - one.parts[0], two.parts[3] - two.parts[0]))
            learn(&one)
            learn(&two)
            cover(&one, &two, size, &left[0] + first)
            cover(&two, &one, size, &right[0] + second)
            found = blocks(&one, &two, size, pair, out, found)
            first += one.parts[3] - one.parts[0]
            second += two.parts[3] - two.parts[0]
    free(one.slots)
    free(two.slots)
    return found


cdef int64_t fitting(int64_t tokens) noexcept nogil:
    """Return the mask of a table that is at most half full."""
    cdef int64_t room = 1
    while room < 2 * tokens + 2:
        room *= 2
    return room - 1
