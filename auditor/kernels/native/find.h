/* Step over bytes that none of the patterns begins with. */
#pragma once
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline const uint8_t *past_leads_free(const uint8_t *p, const uint8_t *end, const uint8_t *leads) {
#ifdef __SSE2__
    const __m128i a = _mm_set1_epi8((char)leads[0]), b = _mm_set1_epi8((char)leads[1]);
    const __m128i c = _mm_set1_epi8((char)leads[2]), d = _mm_set1_epi8((char)leads[3]);
    while (end - p >= 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)p);
        const __m128i left = _mm_or_si128(_mm_cmpeq_epi8(v, a), _mm_cmpeq_epi8(v, b));
        const int mask = _mm_movemask_epi8(_mm_or_si128(left, _mm_or_si128(_mm_cmpeq_epi8(v, c), _mm_cmpeq_epi8(v, d))));
        if (mask) return p + __builtin_ctz((unsigned)mask);
        p += 16;
    }
#endif
    while (p < end && *p != leads[0] && *p != leads[1] && *p != leads[2] && *p != leads[3]) p++;
    return p;
}
