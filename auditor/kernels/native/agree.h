/* Count equal bytes of two sketches: how far two samples' signatures agree. */
#pragma once
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline int agree(const uint8_t *a, const uint8_t *b, int size) {
    int same = 0, i = 0;
#ifdef __SSE2__
    const __m128i zero = _mm_setzero_si128();
    __m128i total = zero;
    for (; size - i >= 16; i += 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(a + i)), y = _mm_loadu_si128((const __m128i *)(b + i));
        total = _mm_add_epi64(total, _mm_sad_epu8(_mm_sub_epi8(zero, _mm_cmpeq_epi8(x, y)), zero));
    }
    same = _mm_cvtsi128_si32(total) + _mm_cvtsi128_si32(_mm_unpackhi_epi64(total, total));
#endif
    for (; i < size; i++) same += a[i] == b[i];
    return same;
}
