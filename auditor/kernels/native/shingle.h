/* Shingles of fine tokens: their hashes, and open tables of them. */

#ifndef SHINGLE_H
#define SHINGLE_H

#include <stdint.h>

enum { END_TOKEN = 2, CUT_TOKEN = 5 };

#if defined(__GNUC__)
#define fetch(place) __builtin_prefetch(place)
#define bits_of(x) __builtin_popcountll(x)
#else
#define fetch(place) ((void)(place))
static inline int bits_of(uint64_t x) {
    int n = 0;
    for (; x; x &= x - 1) n++;
    return n;
}
#endif

static const uint64_t shingle_turns[4] = {
    0x9E3779B97F4A7C15u, 0xBF58476D1CE4E5B9u, 0x94D049BB133111EBu, 0xD1342543DE82EF95u,
};

static inline uint64_t shingle_mix(uint64_t v) {
    v = (v ^ (v >> 33)) * 0xFF51AFD7ED558CCDu;
    v = (v ^ (v >> 33)) * 0xC4CEB9FE1A85EC53u;
    return v ^ (v >> 33);
}

static inline uint64_t shingle_step(uint64_t h, uint32_t token) { return (h + token) * 0xD6E8FEB86659FD93u; }

/* Hash the tokens of a shingle; 0 where they are not of one turn, or not neighbours in it. */
static inline uint64_t shingle_of(const uint32_t *tokens, int size) {
    uint64_t h = 0;
    for (int k = 0; k < size - 1; k++) {
        if (tokens[k] == END_TOKEN || tokens[k] == CUT_TOKEN) return 0;
        h = shingle_step(h, tokens[k]);
    }
    if (tokens[size - 1] == CUT_TOKEN) return 0;
    h = shingle_mix(h + tokens[size - 1]);
    return h ? h : 1;
}

/* Return where a hash stands in an open table, or where it would; empty slots hold 0. */
static inline int64_t place_of(uint64_t h, const uint64_t *slots, int64_t mask) {
    int64_t at = (int64_t)((h * shingle_turns[0]) >> 20) & mask;
    while (slots[at] && slots[at] != h) at = (at + 1) & mask;
    return at;
}

#endif
