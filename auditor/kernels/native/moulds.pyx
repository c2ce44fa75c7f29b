# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Templates as sets of shingles: which one each text is poured from, and what stands in the gaps.

A shingle is ``size`` neighbouring tokens of one turn, its begin and end among them. Wrappers check bounds.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "shingle.h" nogil:
    uint64_t shingle_mix(uint64_t v)
    uint64_t shingle_step(uint64_t h, uint32_t token)
    void shingles_of(const uint32_t *tokens, int64_t n, int size, uint64_t *out)
    int64_t bytes_sum(const uint8_t *bytes, int64_t n)
    enum: SHINGLES
    int64_t place_of(uint64_t h, const uint64_t *slots, int64_t mask)


cdef inline bint sifted(uint64_t h, const uint64_t *sieve, uint64_t mask) noexcept nogil:
    """Tell whether a hash may be in a table; nearly all that are not fail here."""
    return sieve[(h >> 6) & mask] >> (h & 63) & 1


def pour(const uint32_t[::1] tokens, const uint8_t[::1] sizes, const int64_t[::1] bounds, int size,
         const uint64_t[::1] slots, const int32_t[::1] numbers, const uint64_t[::1] sieve, const int64_t[::1] starts,
         const int32_t[::1] owners, const int32_t[::1] need, int32_t[::1] marks, int32_t[::1] hits,
         int32_t[::1] spots, int32_t[::1] which, uint8_t[::1] mask, int32_t[::1] best, int32_t[::1] score,
         int32_t[::1] covered, int32_t[::1] whole):
    """Find the template that most shingles of each text belong to, and how many characters they cover.

    Shingle ``s`` belongs to templates ``owners[starts[s]:starts[s + 1]]``; template ``t`` wants ``need[t]`` distinct
    shingles. ``marks`` (of shingles) starts at -1 and ``hits`` (of templates) at 0; ``spots`` and ``which`` have room
    for the tokens of any text. A text without a template gets -1. ``mask``, if it is not empty, takes 1 for covered
    tokens.
    """
    cdef int64_t text, i, j, k, at, until, chars, total, n, first, last, ahead, sifting, room = slots.shape[0] - 1
    cdef uint64_t hashes[SHINGLES]
    cdef int32_t left[SHINGLES]
    cdef uint64_t h, words = sieve.shape[0] - 1
    cdef bint masked = mask.shape[0] > 0
    cdef int32_t s, t, top
    with nogil:
        for text in range(bounds.shape[0] - 1):
            first, last = bounds[text], bounds[text + 1]
            top = -1
            n = 0
            i = first
            while i < last - size + 1:
                ahead = min(<int64_t>SHINGLES, last - size + 1 - i)
                shingles_of(&tokens[i], ahead, size, hashes)
                sifting = 0
                for j in range(ahead):
                    left[sifting] = <int32_t>j
                    sifting += sifted(hashes[j], &sieve[0], words)
                for j in range(sifting):
                    h = hashes[left[j]]
                    at = place_of(h, &slots[0], room)
                    if h == 0 or slots[at] == 0:
                        continue
                    s = numbers[at]
                    spots[n], which[n] = <int32_t>(i + left[j] - first), s
                    n += 1
                    if marks[s] == text:
                        continue
                    marks[s] = <int32_t>text
                    for k in range(starts[s], starts[s + 1]):
                        t = owners[k]
                        hits[t] += 1
                        if (hits[t] >= need[t]
                                and (top < 0 or hits[t] > hits[top] or (hits[t] == hits[top] and t < top))):
                            top = t
                i += ahead
            best[text] = top
            score[text] = hits[top] if top >= 0 else 0
            total = bytes_sum(&sizes[first], last - first) if last > first else 0
            chars = 0
            until = first
            for j in range(n):
                s = which[j]
                for k in range(starts[s], starts[s + 1]):
                    hits[owners[k]] = 0
                    if owners[k] == top:
                        for i in range(max(until, first + spots[j]), first + spots[j] + size):
                            chars += sizes[i]
                            if masked:
                                mask[i] = 1
                        until = first + spots[j] + size
            covered[text] = <int32_t>chars
            whole[text] = <int32_t>total


def gaps(const uint32_t[::1] tokens, const int64_t[::1] bounds, int size, const int32_t[::1] chosen,
         const uint64_t[::1] slots, const int32_t[::1] numbers, const int64_t[::1] starts, const int32_t[::1] runs,
         int64_t[:, ::1] out, uint64_t[::1] hashes):
    """Write what stands between the covered runs of chosen texts: (text, slot, start, end) in tokens, and its hash.

    Runs ``runs[starts[s]:starts[s + 1]]`` of the skeleton, rising, hold shingle ``s``; slot ``k`` follows run
    ``k - 1``. Text that follows a gap is of the next run that holds it. Returns how many were written; what does not
    fit is left out.
    """
    cdef int64_t c, i, k, at, until, begin, first, last, ahead = 0, hashed = 0
    cdef int64_t n = 0, room = out.shape[0], mask = slots.shape[0] - 1
    cdef uint64_t near[SHINGLES]
    cdef uint64_t h
    cdef int32_t run, s
    cdef int64_t text
    with nogil:
        for c in range(chosen.shape[0]):
            text = chosen[c]
            first, last = bounds[text], bounds[text + 1]
            begin = until = first
            run = -1
            for i in range(first, last + 1):
                at = -1
                if i <= last - size:
                    if i == first or i == hashed:
                        ahead = min(<int64_t>SHINGLES, last - size + 1 - i)
                        shingles_of(&tokens[i], ahead, size, near)
                        hashed = i + ahead
                    h = near[ahead - (hashed - i)]
                    if h:
                        at = place_of(h, &slots[0], mask)
                        if slots[at] == 0:
                            at = -1
                if at < 0 and i < last:
                    continue
                if i > until and n < room:
                    out[n, 0], out[n, 1], out[n, 2], out[n, 3] = text, run + 1, until - first, i - first
                    h = 0
                    for begin in range(until, i):
                        h = shingle_mix(shingle_step(h, tokens[begin]))
                    hashes[n] = h
                    n += 1
                if at >= 0:
                    s = numbers[at]
                    for k in range(starts[s], starts[s + 1]):
                        if runs[k] > run or (runs[k] == run and i <= until):
                            run = runs[k]
                            break
                    until = max(until, i + size)
                elif i == last:
                    break
    return n
