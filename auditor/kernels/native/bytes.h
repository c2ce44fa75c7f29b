/* Bytes of UTF-8, several at a time. */
#pragma once
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The first ``size`` (at most eight) bytes at p as a number, the first one lowest. */
static inline uint64_t word_at(const uint8_t *p, int64_t size) {
    uint64_t word = 0;
    memcpy(&word, p, (size_t)(size < 8 ? size : 8));
    return word;
}

/* Hash bytes, eight at a time. */
static inline uint64_t bytes_hash(const uint8_t *p, int64_t size) {
    uint64_t h = 0xCBF29CE484222325u ^ (uint64_t)size;
    for (; size > 0; p += 8, size -= 8) {
        h = (h ^ word_at(p, size)) * 0xFF51AFD7ED558CCDu;
        h ^= h >> 32;
    }
    return h;
}

#ifdef __SSE2__
enum { FIVE = 0x7FFF };

/* Which of fifteen bytes fit five characters of three bytes, given bytes that may lead. */
static inline unsigned threes(__m128i v, __m128i leads) {
    const __m128i first = _mm_setr_epi8(-1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, 0);
    const __m128i more = _mm_andnot_si128(first, _mm_cmpgt_epi8(_mm_set1_epi8(-64), v));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_and_si128(leads, first), more)) & FIVE;
}

/* Bytes of whole characters before the first byte that does not fit. */
static inline int whole_threes(unsigned fits) {
    const int run = __builtin_ctz(~fits);
    return run - run % 3;
}

static inline __m128i equals(__m128i v, int byte) { return _mm_cmpeq_epi8(v, _mm_set1_epi8((char)byte)); }

static inline __m128i between(__m128i v, int low, int high) {
    const __m128i from = _mm_sub_epi8(v, _mm_set1_epi8((char)low));
    return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8((char)(high - low))), from);
}

/* Which of the fifteen bytes at p fit Han letters (U+4E00 to U+9FBF, see is_han); seventeen are read. */
static inline unsigned han_fits(const uint8_t *p) {
    const __m128i v = _mm_loadu_si128((const __m128i *)p), next = _mm_loadu_si128((const __m128i *)(p + 1));
    const __m128i before = _mm_and_si128(equals(v, 0xE4), _mm_cmpgt_epi8(_mm_set1_epi8((char)0xB8), next));
    const __m128i beyond = _mm_and_si128(equals(v, 0xE9), equals(next, 0xBF));
    return threes(v, _mm_andnot_si128(_mm_or_si128(before, beyond), between(v, 0xE4, 0xE9)));
}

/* Which of the fifteen bytes at p fit valid characters of three bytes, all but U+0800 to U+0FFF and those that share
 * their lead with surrogates; sixteen are read. */
static inline unsigned wide_fits(const uint8_t *p) {
    const __m128i v = _mm_loadu_si128((const __m128i *)p);
    return threes(v, _mm_andnot_si128(equals(v, 0xED), between(v, 0xE1, 0xEF)));
}
#endif

/* Count the code points of a text: bytes that continue none. */
static int64_t code_points(const uint8_t *p, const uint8_t *end) {
    int64_t count = 0;
#ifdef __SSE2__
    const __m128i zero = _mm_setzero_si128(), last = _mm_set1_epi8(-65);
    while (end - p >= 16) {
        __m128i sum = zero;
        for (int k = 0; k < 128 && end - p >= 16; k++, p += 16)
            sum = _mm_sub_epi8(sum, _mm_cmpgt_epi8(_mm_loadu_si128((const __m128i *)p), last));
        sum = _mm_sad_epu8(sum, zero);
        count += _mm_cvtsi128_si32(sum) + _mm_cvtsi128_si32(_mm_unpackhi_epi64(sum, sum));
    }
#endif
    for (; p < end; p++) count += (int8_t)*p > -65;
    return count;
}
