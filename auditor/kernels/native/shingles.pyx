# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Shingles of fine tokens that many texts share, and which texts hold them.

A shingle is ``size`` neighbouring tokens of one turn, its begin and end among them. Wrappers check bounds.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from "shingle.h" nogil:
    void shingles_of(const uint32_t *tokens, int64_t n, int size, uint64_t *out)
    void shingles_least(const uint64_t *h, int64_t n, uint32_t *least)
    int64_t place_of(uint64_t h, const uint64_t *slots, int64_t mask)
    void fetch(const void *place)
    int bits_of(uint64_t x)
    enum: SHINGLES

cdef enum:
    KEYS = 4


def survey(const uint32_t[::1] tokens, const int64_t[::1] bounds, int size, uint8_t[::1] table, uint32_t[:, ::1] keys):
    """Count shingles by the low bits of their hashes, up to 255, and sketch every text by its least values."""
    cdef int64_t text, i, k, n, last, at, mask = table.shape[0] - 1
    cdef uint64_t ahead[SHINGLES]
    with nogil:
        for text in range(bounds.shape[0] - 1):
            i, last = bounds[text], bounds[text + 1] - size + 1
            while i < last:
                n = min(<int64_t>SHINGLES, last - i)
                shingles_of(&tokens[i], n, size, ahead)
                for k in range(n):  # memory answers while the least values are looked for
                    fetch(&table[<int64_t>(ahead[k] & <uint64_t>mask)])
                shingles_least(ahead, n, &keys[text, 0])
                for k in range(n):
                    at = <int64_t>(ahead[k] & <uint64_t>mask)
                    table[at] += (table[at] < 255) & (ahead[k] != 0)
                i += n


def crowded(const uint32_t[::1] tokens, const int64_t[::1] bounds, int size, const uint8_t[::1] table, int least,
            uint64_t[::1] values, int32_t[::1] texts, int64_t[::1] places):
    """Write the shingles whose count reaches ``least``, with their texts and first tokens; returns how many there are.

    What does not fit is counted, not written.
    """
    cdef int64_t text, i, k, n, last, found = 0, room = values.shape[0], mask = table.shape[0] - 1
    cdef uint64_t ahead[SHINGLES]
    with nogil:
        for text in range(bounds.shape[0] - 1):
            i, last = bounds[text], bounds[text + 1] - size + 1
            while i < last:
                n = min(<int64_t>SHINGLES, last - i)
                shingles_of(&tokens[i], n, size, ahead)
                for k in range(n):
                    fetch(&table[<int64_t>(ahead[k] & <uint64_t>mask)])
                for k in range(n):  # written in any case, and over again if it does not count: no branch to guess
                    if found < room:
                        values[found], texts[found], places[found] = ahead[k], <int32_t>text, i + k
                    found += (ahead[k] != 0) & (table[<int64_t>(ahead[k] & <uint64_t>mask)] >= least)
                i += n
    return found


def laid(const uint64_t[::1] values, const int32_t[::1] texts, const int64_t[::1] places, const uint64_t[::1] slots,
         const int32_t[::1] numbers, int32_t[::1] last, int64_t[::1] spots, int64_t[::1] held, int64_t[::1] postings,
         int32_t[::1] shingles, int32_t[::1] named):
    """Number the shingles of texts (rising) by an open table, each once a text; returns how many are left.

    ``last`` starts at -1 and takes each shingle's last text, ``spots`` its first place; ``held`` counts the shingles
    of each text, ``postings`` the texts of each shingle; ``named`` takes the number at every place.
    """
    cdef int64_t i, n = 0, many = values.shape[0], mask = slots.shape[0] - 1
    cdef int32_t s
    with nogil:
        for i in range(many):
            s = numbers[place_of(values[i], &slots[0], mask)]
            named[i] = s
            if last[s] == texts[i]:
                continue
            if last[s] < 0:
                spots[s] = places[i]
            last[s] = texts[i]
            held[texts[i]] += 1
            postings[s] += 1
            shingles[n] = s
            n += 1
    return n


def followed(const int32_t[::1] named, const int32_t[::1] texts, const int64_t[::1] places, int32_t[::1] behind,
             int64_t[::1] times, int64_t[::1] whole):
    """Find the shingle that stands right behind each at most places, how often it does, and how often each is there.

    ``behind`` starts at -1. Where none stands there more than half of the times, any may be named (Boyer and Moore).
    """
    cdef int64_t i, many = named.shape[0]
    cdef int32_t s, t
    with nogil:
        for i in range(many):
            s = named[i]
            t = named[i + 1] if i + 1 < many and texts[i + 1] == texts[i] and places[i + 1] == places[i] + 1 else -1
            if times[s] == 0:
                behind[s] = t
            times[s] += 1 if behind[s] == t else -1
        for i in range(times.shape[0]):
            times[i] = 0
        for i in range(many):
            s = named[i]
            t = named[i + 1] if i + 1 < many and texts[i + 1] == texts[i] and places[i + 1] == places[i] + 1 else -1
            whole[s] += 1
            times[s] += t >= 0 and behind[s] == t


def turned(const int64_t[::1] starts, const int32_t[::1] shingles, int64_t[::1] ends, int32_t[::1] postings):
    """Write which texts hold each shingle; ``ends`` takes where each list stops, and starts with where it begins."""
    cdef int64_t text, i
    with nogil:
        for text in range(starts.shape[0] - 1):
            for i in range(starts[text], starts[text + 1]):
                postings[ends[shingles[i]]] = <int32_t>text
                ends[shingles[i]] += 1


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


def table_of(const uint64_t[::1] values, uint64_t[::1] slots, int32_t[::1] numbers, uint64_t[::1] sieve):
    """Fill an open table with distinct hashes and their places among ``values``, and a sieve of single bits."""
    cdef int64_t i, at, mask = slots.shape[0] - 1
    cdef uint64_t words = sieve.shape[0] - 1
    with nogil:
        for i in range(values.shape[0]):
            at = place_of(values[i], &slots[0], mask)
            slots[at] = values[i]
            numbers[at] = <int32_t>i
            sieve[(values[i] >> 6) & words] |= <uint64_t>1 << (values[i] & 63)


def taken(const uint32_t[::1] tokens, const uint8_t[::1] sizes, const int64_t[::1] bounds, const int64_t[::1] texts,
          uint32_t[::1] out, uint8_t[::1] out_sizes):
    """Copy the tokens of some texts, and their sizes, one text behind the other."""
    cdef int64_t i, first, count, n = 0
    with nogil:
        for i in range(texts.shape[0]):
            first = bounds[texts[i]]
            count = bounds[texts[i] + 1] - first
            if count:
                memcpy(&out[n], &tokens[first], count * sizeof(uint32_t))
                memcpy(&out_sizes[n], &sizes[first], count)
            n += count
