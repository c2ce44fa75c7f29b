# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The search for sets of shingles that many texts hold together, the weightiest first."""

import numpy as np

from libc.math cimport ceil
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef enum:
    KEYS = 4
    MANY = 64  # candidates weighed at once, at most
    UNLIKE = 128  # least values told apart, at most


cdef class Search:
    """Which shingles each text holds, and the other way; what is alive, known, counted and seen."""

    cdef const int64_t[::1] starts, posting_starts
    cdef const int32_t[::1] shingles, postings
    cdef const uint32_t[:, ::1] keys
    cdef const uint8_t[::1] ends
    cdef uint8_t[::1] alive, closed
    cdef int32_t[::1] counts, living, heap, ranks, looked, common, touched
    cdef int32_t[::1] weighed, leader, chosen  # when a set was last weighed, by which seed, and in which round
    cdef uint32_t[::1] local, stood  # counters that are never set back, and where they stood for each candidate
    cdef double[::1] weights
    cdef uint64_t[::1] marked
    cdef int64_t size, opened
    cdef int32_t round
    cdef int least, fixed, longest, tried, looks
    cdef double share, favour

    def __init__(self, starts, shingles, posting_starts, postings, keys, ends, int least, int fixed, double share,
                 int longest, double favour, int tried, int looks):
        """Take what is searched, and what is looked for; wrappers check bounds."""
        if tried > MANY or KEYS * least > UNLIKE:
            raise ValueError("that many are not told apart")
        self.starts, self.shingles, self.posting_starts, self.postings = starts, shingles, posting_starts, postings
        self.keys, self.ends = keys, ends
        self.least, self.fixed, self.share, self.longest, self.favour = least, fixed, share, longest, favour
        self.tried, self.looks = tried, looks
        values = len(posting_starts) - 1
        self.alive, self.closed = np.zeros(len(starts) - 1, np.uint8), np.zeros(values, np.uint8)
        room = np.zeros((9, values), np.int32)
        self.counts, self.living, self.heap, self.ranks, self.common, self.touched = room[:6]
        self.weighed, self.leader, self.chosen = room[6:]
        self.local, self.stood = np.zeros((2, values), np.uint32)
        self.weights = np.zeros(values)
        self.looked = np.empty(looks, np.int32)
        self.marked = np.zeros(values // 64 + 1, np.uint64)
        self.size = self.opened = self.round = 0

    def begin(self, const int32_t[::1] texts, const int32_t[::1] known):
        """Look among some texts; shingles that are known of all of them do not count."""
        cdef int64_t i, j
        cdef int32_t s
        with nogil:
            for i in range(known.shape[0]):
                self.closed[known[i]] = 1
            for i in range(texts.shape[0]):
                self.alive[texts[i]] = 1
                for j in range(self.starts[texts[i]], self.starts[texts[i] + 1]):
                    s = self.shingles[j]
                    if self.living[s] == 0:
                        self.touched[self.opened] = s
                        self.opened += 1
                    self.living[s] += 1
            self.size = 0
            for i in range(self.opened):
                s = self.touched[i]
                self.counts[s] = 0 if self.closed[s] else self.living[s]
                self.weighed[s], self.leader[s] = 0, s
                if self.counts[s] >= self.least:
                    self.push(s)

    def end(self, const int32_t[::1] texts, const int32_t[::1] known):
        """Forget what was looked at."""
        cdef int64_t i
        with nogil:
            for i in range(known.shape[0]):
                self.closed[known[i]] = 0
            for i in range(texts.shape[0]):
                self.alive[texts[i]] = 0
            for i in range(self.opened):
                self.counts[self.touched[i]] = self.living[self.touched[i]] = 0
            self.opened = self.size = 0

    cdef bint before(self, int32_t count, int32_t s, int64_t at) noexcept nogil:
        return count > self.ranks[at] or (count == self.ranks[at] and s < self.heap[at])

    cdef void push(self, int32_t s) noexcept nogil:
        """Put a shingle on the heap, by its count."""
        cdef int64_t at = self.size
        cdef int32_t count = self.counts[s]
        self.size += 1
        while at and self.before(count, s, (at - 1) // 2):
            self.heap[at], self.ranks[at] = self.heap[(at - 1) // 2], self.ranks[(at - 1) // 2]
            at = (at - 1) // 2
        self.heap[at], self.ranks[at] = s, count

    cdef int32_t pop(self) noexcept nogil:
        """Take the most frequent shingle off the heap; -1 if there is none. Counts only fall: old ones are set right."""
        cdef int64_t at, low
        cdef int32_t s, top, count, last
        while self.size:
            top, count = self.heap[0], self.ranks[0]
            self.size -= 1
            s, last = self.heap[self.size], self.ranks[self.size]
            at = 0
            while 2 * at + 1 < self.size:
                low = 2 * at + 1
                if low + 1 < self.size and self.before(self.ranks[low + 1], self.heap[low + 1], low):
                    low += 1
                if self.before(last, s, low):
                    break
                self.heap[at], self.ranks[at] = self.heap[low], self.ranks[low]
                at = low
            self.heap[at], self.ranks[at] = s, last
            if self.counts[top] == count:
                return top
            if self.counts[top] >= self.least:
                self.push(top)
        return -1

    cdef bint weigh(self, int32_t seed) noexcept nogil:
        """Weigh the set of a seed, unless its texts are those of last time; tell whether there is one."""
        cdef int64_t i, n
        if self.weighed[seed] == self.living[seed]:
            return True
        n = self.closure(seed, &self.weights[seed])
        if n == 0:
            return False
        self.weighed[seed] = self.living[seed]
        for i in range(n):
            self.leader[self.common[i]] = seed
        return True

    cdef int64_t closure(self, int32_t seed, double *weight) noexcept nogil:
        """Find the shingles that most living texts of a shingle have; 0 if too few of them are not known.

        What most have, one of the first few has: only that is looked at in the others, and no longer than it may last.
        Every shingle is counted, without asking which: counters go on from where they stood.
        """
        cdef int64_t i, j, last, n = self.living[seed], first, seen = 0, found = 0, fresh = 0, kept = 0, until, need
        cdef int64_t *starts = <int64_t *>&self.starts[0]
        cdef int32_t *shingles = <int32_t *>&self.shingles[0]
        cdef int32_t *living = &self.living[0]
        cdef int32_t *common = &self.common[0]
        cdef uint32_t *local = &self.local[0]
        cdef uint32_t *stood = &self.stood[0]
        cdef uint64_t *marked = &self.marked[0]
        cdef int32_t s, text
        cdef bint end = False
        need = <int64_t>ceil(self.share * n)
        first = n - <int64_t>(self.share * n) + 1
        until = first
        for i in range(self.posting_starts[seed], self.posting_starts[seed + 1]):
            text = self.postings[i]
            if not self.alive[text]:
                continue
            if seen == until:
                fresh = 0
                for j in range(found):
                    s = common[j]
                    fresh += not self.closed[s] and <int64_t>(local[s] - stood[j]) + n - seen >= need
                if fresh < self.fixed:
                    break
                until += first
            seen += 1
            j, last = starts[text], starts[text + 1]
            if seen > first:
                while j < last:
                    local[shingles[j]] += 1
                    j += 1
                continue
            while j < last:
                s = shingles[j]
                if living[s] >= need and not marked[s >> 6] >> (s & 63) & 1:
                    marked[s >> 6] |= <uint64_t>1 << (s & 63)
                    common[found], stood[found] = s, local[s]
                    found += 1
                local[s] += 1
                j += 1
        fresh = 0
        for j in range(found):
            s = common[j]
            marked[s >> 6] &= ~(<uint64_t>1 << (s & 63))
            if seen == n and <int64_t>(local[s] - stood[j]) >= need:
                common[kept] = s
                kept += 1
                if not self.closed[s]:
                    fresh += 1
                    end = end or self.ends[s]
        weight[0] = <double>n * min(fresh, <int64_t>self.longest) * (self.favour if end else 1.0)
        return kept if fresh >= self.fixed else 0

    cdef bint unlike(self, const int32_t[::1] texts, int64_t n) noexcept nogil:
        """Tell whether texts are unlike enough: how many different least values they have, on the average."""
        cdef uint32_t seen[UNLIKE]
        cdef int64_t i, total = 0, different
        cdef int k, j
        for k in range(KEYS):
            different = 0
            for i in range(n):
                for j in range(different):
                    if seen[j] == self.keys[texts[i], k]:
                        break
                else:
                    seen[different] = self.keys[texts[i], k]
                    different += 1
                    if different == UNLIKE or total + different >= KEYS * self.least:
                        break
            total += different
            if total >= KEYS * self.least:
                return True
        return False

    def next(self, int32_t[::1] shared, int32_t[::1] texts):
        """Write the weightiest set and its texts, which are dead from now on; returns how many of both (0: no more)."""
        cdef int32_t seeds[MANY]
        cdef double weights[MANY]
        cdef double weight
        cdef int64_t i, j, n, candidates, looked, best
        cdef int32_t s
        with nogil:
            while True:
                candidates = looked = 0
                self.round += 1
                while looked < self.looks and candidates < self.tried:
                    s = self.pop()
                    if s < 0:
                        break
                    self.looked[looked] = s
                    looked += 1
                    if self.leader[s] != s and self.chosen[self.leader[s]] == self.round:
                        continue
                    if not self.weigh(s):
                        self.counts[s] = 0
                        continue
                    self.chosen[s] = self.round
                    seeds[candidates], weights[candidates] = s, self.weights[s]
                    candidates += 1
                n = 0
                for i in range(candidates):
                    best = -1
                    for j in range(candidates):
                        if weights[j] > 0 and (best < 0 or weights[j] > weights[best]
                                               or (weights[j] == weights[best] and seeds[j] < seeds[best])):
                            best = j
                    s = seeds[best]
                    weights[best] = 0
                    n = self.members(s, texts)
                    if self.unlike(texts, n):
                        break
                    self.counts[s] = n = 0
                if n:
                    best = self.closure(s, &weight)
                    for i in range(best):
                        shared[i] = self.common[i]
                    self.kill(texts, n)
                for i in range(looked):
                    if self.counts[self.looked[i]] >= self.least:
                        self.push(self.looked[i])
                if n:
                    break
                if self.size == 0:
                    best = 0
                    break
        return best, n

    cdef int64_t members(self, int32_t seed, int32_t[::1] texts) noexcept nogil:
        """Write the living texts of a shingle."""
        cdef int64_t i, n = 0
        for i in range(self.posting_starts[seed], self.posting_starts[seed + 1]):
            if self.alive[self.postings[i]]:
                texts[n] = self.postings[i]
                n += 1
        return n

    cdef void kill(self, const int32_t[::1] texts, int64_t n) noexcept nogil:
        """Set texts aside; shingles that lead to nothing keep a count of 0."""
        cdef int64_t i, j
        cdef int32_t s
        for i in range(n):
            self.alive[texts[i]] = 0
            for j in range(self.starts[texts[i]], self.starts[texts[i] + 1]):
                s = self.shingles[j]
                self.living[s] -= 1
                self.counts[s] -= self.counts[s] > 0
