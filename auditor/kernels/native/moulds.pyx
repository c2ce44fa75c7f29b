# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Shingles of fine tokens that many texts share, texts that share many of them, and what stands between.

A shingle is ``size`` neighbouring tokens of one turn, its begin and end among them. Wrappers check bounds.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from *:
    """
    #define bits_of(x) __builtin_popcountll(x)
    """
    int bits_of(uint64_t x) nogil

cdef enum:
    END = 2
    CUT = 5
    KEYS = 4

cdef uint64_t STEP = 0xD6E8FEB86659FD93u
cdef uint64_t ONE = 0xFF51AFD7ED558CCDu
cdef uint64_t TWO = 0xC4CEB9FE1A85EC53u
cdef uint64_t[KEYS] TURNS = [0x9E3779B97F4A7C15u, 0xBF58476D1CE4E5B9u, 0x94D049BB133111EBu, 0xD1342543DE82EF95u]


cdef inline uint64_t mix(uint64_t v) noexcept nogil:
    v = (v ^ (v >> 33)) * ONE
    v = (v ^ (v >> 33)) * TWO
    return v ^ (v >> 33)


cdef inline uint64_t shingle(const uint32_t *tokens, int size) noexcept nogil:
    """Hash the tokens of a shingle; 0 where they are not of one turn, or not neighbours in it."""
    cdef uint64_t h = 0
    cdef int k
    for k in range(size - 1):
        if tokens[k] == END or tokens[k] == CUT:
            return 0
        h = (h + tokens[k]) * STEP
    if tokens[size - 1] == CUT:
        return 0
    h = mix(h + tokens[size - 1])
    return h if h else 1


def survey(const uint32_t[::1] tokens, const int64_t[::1] bounds, int size, uint8_t[::1] table, uint32_t[:, ::1] keys):
    """Count shingles by the low bits of their hashes, up to 255, and sketch every text by its least values."""
    cdef int64_t text, i, slot, mask = table.shape[0] - 1
    cdef uint64_t h
    cdef uint32_t value
    cdef int k
    with nogil:
        for text in range(bounds.shape[0] - 1):
            for i in range(bounds[text], bounds[text + 1] - size + 1):
                h = shingle(&tokens[i], size)
                if h == 0:
                    continue
                slot = <int64_t>(h & <uint64_t>mask)
                if table[slot] < 255:
                    table[slot] += 1
                for k in range(KEYS):
                    value = <uint32_t>((h * TURNS[k]) >> 32)
                    if value < keys[text, k]:
                        keys[text, k] = value


def crowded(const uint32_t[::1] tokens, const int64_t[::1] bounds, int size, const uint8_t[::1] table, int least,
            uint64_t[::1] values, int32_t[::1] texts):
    """Write the shingles whose count reaches ``least``, with their texts; returns how many there are in all.

    What does not fit is counted, not written.
    """
    cdef int64_t text, i, n = 0, room = values.shape[0], mask = table.shape[0] - 1
    cdef uint64_t h
    with nogil:
        for text in range(bounds.shape[0] - 1):
            for i in range(bounds[text], bounds[text + 1] - size + 1):
                h = shingle(&tokens[i], size)
                if h == 0 or table[<int64_t>(h & <uint64_t>mask)] < least:
                    continue
                if n < room:
                    values[n] = h
                    texts[n] = <int32_t>text
                n += 1
    return n


def spread(const int64_t[::1] starts, const int32_t[::1] texts, const uint32_t[:, ::1] keys, double[::1] out):
    """Estimate how many unlike texts each shingle is found in: those with the same least values count once.

    Shingle ``s`` is found in ``texts[starts[s]:starts[s + 1]]``.
    """
    cdef int64_t s, i
    cdef uint64_t seen[KEYS][4]
    cdef uint32_t value
    cdef int k, w, total
    with nogil:
        for s in range(starts.shape[0] - 1):
            for k in range(KEYS):
                for w in range(4):
                    seen[k][w] = 0
            for i in range(starts[s], starts[s + 1]):
                for k in range(KEYS):
                    value = <uint32_t>(keys[texts[i], k] * <uint32_t>0x9E3779B1u) >> 24
                    seen[k][value >> 6] |= <uint64_t>1 << (value & 63)
            total = 0
            for k in range(KEYS):
                for w in range(4):
                    total += bits_of(seen[k][w])
            out[s] = total / <double>KEYS


def tally(const int32_t[::1] chosen, const int64_t[::1] starts, const int32_t[::1] shingles, int32_t[::1] counts,
          int weight):
    """Add ``weight`` to the count of every shingle of the chosen texts."""
    cdef int64_t i, j
    with nogil:
        for i in range(chosen.shape[0]):
            for j in range(starts[chosen[i]], starts[chosen[i] + 1]):
                counts[shingles[j]] += weight


def closure(const int32_t[::1] posting, const uint8_t[::1] alive, const int64_t[::1] starts,
            const int32_t[::1] shingles, double share, int32_t[::1] counts, int32_t[::1] found):
    """Find the shingles that most living texts of a posting have; returns how many, and how many texts live.

    ``counts`` must be zeros, and is left so; ``found`` takes the shingles, unordered.
    """
    cdef int64_t i, j, touched = 0, n = 0, texts = 0, kept = 0
    cdef int32_t s
    with nogil:
        for i in range(posting.shape[0]):
            if not alive[posting[i]]:
                continue
            texts += 1
            for j in range(starts[posting[i]], starts[posting[i] + 1]):
                s = shingles[j]
                if counts[s] == 0:
                    found[touched] = s
                    touched += 1
                counts[s] += 1
        for i in range(touched):
            s = found[i]
            if counts[s] >= share * texts:
                found[kept] = s
                kept += 1
            counts[s] = 0
    return kept, texts


cdef inline int64_t place_of(uint64_t h, const uint64_t *slots, int64_t mask) noexcept nogil:
    """Return where a hash stands in an open table, or where it would; empty slots hold 0."""
    cdef int64_t at = <int64_t>((h * TURNS[0]) >> 20) & mask
    while slots[at] and slots[at] != h:
        at = (at + 1) & mask
    return at


def table_of(const uint64_t[::1] values, uint64_t[::1] slots, int32_t[::1] numbers):
    """Fill an open table with distinct hashes and their places among ``values``."""
    cdef int64_t i, at, mask = slots.shape[0] - 1
    with nogil:
        for i in range(values.shape[0]):
            at = place_of(values[i], &slots[0], mask)
            slots[at] = values[i]
            numbers[at] = <int32_t>i


def pour(const uint32_t[::1] tokens, const uint8_t[::1] sizes, const int64_t[::1] bounds, int size,
         const uint64_t[::1] slots, const int32_t[::1] numbers, const int64_t[::1] starts, const int32_t[::1] owners,
         const int32_t[::1] need, int32_t[::1] marks, int32_t[::1] hits, int32_t[::1] best, int32_t[::1] score,
         int64_t[::1] covered, int64_t[::1] whole):
    """Find the template that most shingles of each text belong to, and how many characters they cover.

    Shingle ``s`` belongs to templates ``owners[starts[s]:starts[s + 1]]``; template ``t`` wants ``need[t]`` distinct
    shingles. ``marks`` (of shingles) starts at -1 and ``hits`` (of templates) at 0. A text without one gets -1.
    """
    cdef int64_t text, i, k, at, until, mask = slots.shape[0] - 1, chars, total
    cdef int64_t first, last
    cdef uint64_t h
    cdef int32_t s, t, top
    with nogil:
        for text in range(bounds.shape[0] - 1):
            first, last = bounds[text], bounds[text + 1]
            top = -1
            for i in range(first, last - size + 1):
                h = shingle(&tokens[i], size)
                if h == 0:
                    continue
                at = place_of(h, &slots[0], mask)
                if slots[at] == 0 or marks[numbers[at]] == text:
                    continue
                s = numbers[at]
                marks[s] = <int32_t>text
                for k in range(starts[s], starts[s + 1]):
                    t = owners[k]
                    hits[t] += 1
                    if hits[t] >= need[t] and (top < 0 or hits[t] > hits[top] or (hits[t] == hits[top] and t < top)):
                        top = t
            best[text] = top
            score[text] = hits[top] if top >= 0 else 0
            total = chars = 0
            until = first
            for i in range(first, last):
                if i <= last - size:
                    h = shingle(&tokens[i], size)
                    if h:
                        at = place_of(h, &slots[0], mask)
                        if slots[at]:
                            s = numbers[at]
                            for k in range(starts[s], starts[s + 1]):
                                hits[owners[k]] = 0
                                if owners[k] == top:
                                    until = i + size
                total += sizes[i]
                if i < until:
                    chars += sizes[i]
            covered[text] = chars
            whole[text] = total


def gaps(const uint32_t[::1] tokens, const int64_t[::1] bounds, int size, const int32_t[::1] chosen,
         const uint64_t[::1] slots, const int32_t[::1] numbers, const int32_t[::1] runs, int64_t[:, ::1] out,
         uint64_t[::1] hashes):
    """Write what stands between the covered runs of chosen texts: (text, slot, start, end) in tokens, and its hash.

    ``runs`` says which run of the skeleton each shingle belongs to; slot ``k`` follows run ``k - 1``. A run that stands
    twice counts where it stands first. Returns how many were written; what does not fit is left out.
    """
    cdef int64_t c, i, at, until, begin, first, last, n = 0, room = out.shape[0], mask = slots.shape[0] - 1
    cdef uint64_t h
    cdef int32_t run
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
                    h = shingle(&tokens[i], size)
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
                        h = mix((h + tokens[begin]) * STEP)
                    hashes[n] = h
                    n += 1
                if at >= 0:
                    until = max(until, i + size)
                    run = max(run, runs[numbers[at]])
                elif i == last:
                    break
    return n
