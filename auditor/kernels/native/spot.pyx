# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Many phrases looked for at once in streams of fine tokens: an automaton over tokens, walked once."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

cdef uint64_t STEP = 0x9E3779B97F4A7C15u


cdef extern from "spot.h" nogil:
    uint64_t pair_of(uint32_t token, uint32_t then)


cdef inline int64_t slot_of(uint64_t key, const uint64_t *slots, int64_t mask) noexcept nogil:
    cdef int64_t at = <int64_t>((key * STEP) >> 24) & mask
    while slots[at] and slots[at] != key:
        at = (at + 1) & mask
    return at


def spot(const uint32_t[::1] tokens, const int64_t[::1] bounds, const uint64_t[::1] slots, const int32_t[::1] targets,
         const int32_t[::1] fail, const int32_t[::1] ends, const uint64_t[::1] first, const uint64_t[::1] pairs,
         int64_t[:, ::1] out):
    """Write (text, phrase, first token within the text) of every phrase's last token met; returns how many there are.

    State ``s`` goes to ``targets[i]`` where ``slots[i]`` is ``(s << 32 | token) + 1``, else falls back to ``fail[s]``;
    ``ends`` holds for each state the phrase that ends there (-1: none), the phrase's length, and the next shorter
    state with a phrase (-1), three numbers a state. A token that may begin a phrase has a bit in ``first``, and two
    tokens that may have one in ``pairs``, unless there are phrases of one token: then that is empty. What does not
    fit is counted, not written.
    """
    cdef int64_t text, i, at, n = 0, room = out.shape[0], mask = slots.shape[0] - 1
    cdef int32_t state, other
    cdef int64_t paired = pairs.shape[0]
    cdef uint64_t key, words = first.shape[0] - 1
    with nogil:
        for text in range(bounds.shape[0] - 1):
            state = 0
            for i in range(bounds[text], bounds[text + 1]):
                if state == 0:
                    if not first[tokens[i] >> 6 & words] >> (tokens[i] & 63) & 1:
                        continue
                    if paired:
                        if i + 1 == bounds[text + 1]:
                            break
                        key = pair_of(tokens[i], tokens[i + 1])
                        if not pairs[<int64_t>(key >> 6) & paired - 1] >> (key & 63) & 1:
                            continue
                while True:
                    key = (<uint64_t>state << 32 | tokens[i]) + 1
                    at = slot_of(key, &slots[0], mask)
                    if slots[at] == key:
                        state = targets[at]
                        break
                    if state == 0:
                        break
                    state = fail[state]
                other = state
                while other > 0:
                    if ends[3 * other] >= 0:
                        if n < room:
                            out[n, 0], out[n, 1] = text, ends[3 * other]
                            out[n, 2] = i - bounds[text] - ends[3 * other + 1] + 1
                        n += 1
                    other = ends[3 * other + 2]
    return n
