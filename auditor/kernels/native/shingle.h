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

/* Shingles that are hashed at once: they and their tokens stay in the first cache. */
enum { SHINGLES = 64 };

/* Products of 64 bits want AVX-512; without it plain registers are as fast. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12 && defined(__x86_64__) && defined(__linux__)
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WIDE
#endif

static inline __attribute__((always_inline)) void shingles_hashed(const uint32_t *restrict tokens, int64_t n, int size,
                                                                  uint64_t *restrict out) {
    for (int64_t i = 0; i < n; i++) {
        uint64_t h = 0;
        uint32_t apart = tokens[i + size - 1] == CUT_TOKEN;
        for (int k = 0; k < size - 1; k++) {
            apart |= (tokens[i + k] == END_TOKEN) | (tokens[i + k] == CUT_TOKEN);
            h = shingle_step(h, tokens[i + k]);
        }
        h = shingle_mix(h + tokens[i + size - 1]);
        out[i] = apart ? 0 : h ? h : 1;
    }
}

/* Hash n neighbouring shingles, as shingle_of does each; n + size - 1 tokens are read. */
WIDE static void shingles_of(const uint32_t *restrict tokens, int64_t n, int size, uint64_t *restrict out) {
    if (size == 4) shingles_hashed(tokens, n, 4, out);
    else for (int64_t i = 0; i < n; i++) out[i] = shingle_of(tokens + i, size);
}

/* Keep the least value of each of the four turns of hashes; a hash of 0 is none. */
WIDE static void shingles_least(const uint64_t *restrict h, int64_t n, uint32_t *restrict least) {
    for (int k = 0; k < 4; k++) {
        uint32_t best = least[k];
        for (int64_t i = 0; i < n; i++) {
            uint32_t v = h[i] ? (uint32_t)((h[i] * shingle_turns[k]) >> 32) : 0xFFFFFFFFu;
            best = v < best ? v : best;
        }
        least[k] = best;
    }
}

/* Add bytes up. */
WIDE static int64_t bytes_sum(const uint8_t *restrict bytes, int64_t n) {
    int64_t total = 0;
    for (int64_t i = 0; i < n;) {
        int64_t end = n - i > (1 << 20) ? i + (1 << 20) : n;
        uint32_t part = 0;
        for (; i < end; i++) part += bytes[i];
        total += part;
    }
    return total;
}

/* Return where a hash stands in an open table, or where it would; empty slots hold 0. */
static inline int64_t place_of(uint64_t h, const uint64_t *slots, int64_t mask) {
    int64_t at = (int64_t)((h * shingle_turns[0]) >> 20) & mask;
    while (slots[at] && slots[at] != h) at = (at + 1) & mask;
    return at;
}

#endif
