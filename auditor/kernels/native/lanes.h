/* Fold hashes into a MinHash signature: sig[i] = min over h of a[i] * h + b[i], modulo 2^32. */
#pragma once
#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define DISPATCH __attribute__((target_clones("avx512f", "avx2", "sse4.1", "default")))
#else
#define DISPATCH
#endif

static inline uint32_t lane(uint32_t a, uint32_t h, uint32_t b, uint32_t least) {
    uint32_t v = a * h + b;
    return v < least ? v : least;
}

/* Eight hashes for each pass over the signature: the signature is loaded and stored an eighth as often. */
DISPATCH
static void lanes_fold(const uint32_t *restrict h, int64_t n, const uint32_t *restrict a, const uint32_t *restrict b,
                       uint32_t *restrict sig, int perms) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint32_t h0 = h[i], h1 = h[i + 1], h2 = h[i + 2], h3 = h[i + 3], h4 = h[i + 4], h5 = h[i + 5], h6 = h[i + 6], h7 = h[i + 7];
        for (int k = 0; k < perms; k++) {
            uint32_t s = sig[k];
            s = lane(a[k], h0, b[k], s); s = lane(a[k], h1, b[k], s); s = lane(a[k], h2, b[k], s); s = lane(a[k], h3, b[k], s);
            s = lane(a[k], h4, b[k], s); s = lane(a[k], h5, b[k], s); s = lane(a[k], h6, b[k], s); s = lane(a[k], h7, b[k], s);
            sig[k] = s;
        }
    }
    for (; i < n; i++)
        for (int k = 0; k < perms; k++) sig[k] = lane(a[k], h[i], b[k], sig[k]);
}
