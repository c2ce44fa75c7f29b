/* All maximal repetitions of a block of symbols, of any period, by divide and conquer: G. Main and R. Lorentz, "An
   O(n log n) algorithm for finding all repetitions in a string", Journal of Algorithms 5 (1984). */

#ifndef REPETITIONS_H
#define REPETITIONS_H

#include <stdint.h>

enum { SMALL = 32 /* blocks up to this size are searched by trying every period */ };

typedef struct {
    const uint32_t *symbols; /* the whole text: a repetition that runs out of the block is left to a larger block */
    int64_t size;
    int64_t origin;          /* where the searched window begins: `seen` counts from there */
    uint32_t *seen;          /* end of the last repetition found from each start; a multiple of its period is none */
    uint32_t *work[4];       /* as long as the window, each */
    void (*found)(void *to, int64_t start, int64_t end, int64_t period);
    void *to;
} repetition_search;

/* z[i]: how many symbols from i on equal those from 0 on. Reads backwards from `s` if `step` is -1. */
static inline void own_prefixes(const uint32_t *s, int64_t size, int step, uint32_t *z) {
    int64_t left = 0, right = 0;
    z[0] = (uint32_t)size;
    for (int64_t i = 1; i < size; i++) {
        int64_t k = 0;
        if (i < right) k = z[i - left] < right - i ? z[i - left] : right - i;
        while (i + k < size && s[step * (i + k)] == s[step * k]) k++;
        if (i + k > right) left = i, right = i + k;
        z[i] = (uint32_t)k;
    }
}

/* x[i], i < count: how many symbols of the text from i on equal the pattern's, whose own prefixes are z. */
static inline void prefixes_in(const uint32_t *text, int64_t size, const uint32_t *pattern, int64_t pattern_size,
                               const uint32_t *z, int64_t count, int step, uint32_t *x) {
    int64_t left = 0, right = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t k = 0;
        if (i < right) k = z[i - left] < right - i ? z[i - left] : right - i;
        while (i + k < size && k < pattern_size && text[step * (i + k)] == pattern[step * k]) k++;
        if (i + k > right) left = i, right = i + k;
        x[i] = (uint32_t)k;
    }
}

/* Report a repetition unless it goes on beyond its block or is known under a shorter period. */
static inline void offer(const repetition_search *in, int64_t low, int64_t high, int64_t start, int64_t end,
                         int64_t period) {
    const uint32_t *s = in->symbols;
    if (start == low && start > 0 && s[start - 1] == s[start - 1 + period]) return;
    if (end == high && end < in->size && s[end] == s[end - period]) return;
    if (in->seen[start - in->origin] == (uint32_t)(end - in->origin)) return;
    in->seen[start - in->origin] = (uint32_t)(end - in->origin);
    in->found(in->to, start, end, period);
}

static void try_every_period(const repetition_search *in, int64_t low, int64_t high) {
    const uint32_t *s = in->symbols;
    for (int64_t period = 1; 2 * period < high - low; period++)
        for (int64_t i = low; i + period < high; i++) {
            int64_t start = i;
            while (i + period < high && s[i] == s[i + period]) i++;
            if (i - start > period) offer(in, low, high, start, i + period, period);
        }
}

/* Find the repetitions with more than two copies that lie within [low, high). */
static void find_repetitions(const repetition_search *in, int64_t low, int64_t high) {
    if (high - low <= SMALL) {
        try_every_period(in, low, high);
        return;
    }
    const int64_t middle = low + (high - low) / 2, lefts = middle - low, rights = high - middle;
    find_repetitions(in, low, middle);
    find_repetitions(in, middle, high);
    const uint32_t *right = in->symbols + middle, *left = right - 1;
    uint32_t *right_z = in->work[0], *left_z = in->work[1], *right_x = in->work[2], *left_x = in->work[3];
    own_prefixes(right, rights, 1, right_z);
    own_prefixes(left, lefts, -1, left_z);
    prefixes_in(in->symbols + low, high - low, right, rights, right_z, lefts, 1, right_x);
    prefixes_in(in->symbols + high - 1, high - low, left, lefts, left_z, rights, -1, left_x);
    /* A repetition across the middle has a whole copy on the right of it, or on the left. */
    for (int64_t period = 1; 2 * period < high - low; period++) {
        int64_t back = 0, ahead;
        if (period <= rights) {
            back = left_x[rights - period];
            ahead = period < rights ? right_z[period] : 0;
            if (back > 0 && back + ahead > period) offer(in, low, high, middle - back, middle + period + ahead, period);
        }
        if (period <= lefts && back < period) {
            ahead = right_x[lefts - period];
            back = period < lefts ? left_z[period] : 0;
            if (ahead > 0 && back + ahead > period) offer(in, low, high, middle - period - back, middle + ahead, period);
        }
    }
}

#endif
