/* Tokens and folded text of normalised UTF-8: words of ASCII sixteen bytes at a time, everything else by code point. */
#pragma once
#include "bytes.h"
#include "unicode.h"

#define TOKEN_SEED 0x9E3779B97F4A7C15u
#define TOKEN_STEP 0xFF51AFD7ED558CCDu

static inline int is_ascii_word(uint8_t c) {
    return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10;
}

#ifdef __SSE2__
/* Bytes that are white space, control characters, or the first of white space beyond ASCII. */
static inline __m128i may_be_space(__m128i v) {
    __m128i hit = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(' ')), v);
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8((char)0xC2)));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8((char)0xE1)));
    return _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8((char)0xE2)));
}
#endif

/* Copy ASCII in lower case, up to the first byte that is none; returns how many bytes. */
static int64_t lower_ascii(const uint8_t *p, int64_t size, uint8_t *q) {
    int64_t i = 0;
#ifdef __SSE2__
    for (; size - i >= 16; i += 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(p + i));
        const int wide = _mm_movemask_epi8(v);
        const __m128i from = _mm_sub_epi8(v, _mm_set1_epi8('A'));
        const __m128i upper = _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8(25)), from);
        _mm_storeu_si128((__m128i *)(q + i), _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20))));
        if (wide) return i + __builtin_ctz((unsigned)wide);
    }
#endif
    for (; i < size && p[i] < 0x80; i++) q[i] = (uint8_t)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
    return i;
}

static inline uint64_t token_hash(const uint8_t *p, int64_t size, const uint8_t *stop) {
    uint64_t h = TOKEN_SEED;
    for (; size > 8; p += 8, size -= 8) {
        h = (h ^ word_at(p, 8)) * TOKEN_STEP;
        h ^= h >> 32;
    }
    /* Where eight bytes may be read, the last word costs no branch. */
    const uint64_t last = stop - p >= 8 ? word_at(p, 8) & (~(uint64_t)0 >> (64 - 8 * size)) : word_at(p, size);
    h = (h ^ last) * TOKEN_STEP;
    return h ^ h >> 32;
}

/* The token that is being read, and where finished ones go. */
typedef struct {
    const uint8_t *open; /* where it begins; NULL: between tokens */
    int64_t more;        /* how many of its bytes are no code point of their own */
    const uint8_t *stop; /* where readable bytes end */
    uint64_t *hashes;
    uint32_t *sizes;
    int64_t count;
} token_reader;

static inline void close_token(token_reader *in, const uint8_t *end) {
    in->hashes[in->count] = token_hash(in->open, end - in->open, in->stop);
    in->sizes[in->count++] = (uint32_t)(end - in->open - in->more);
    in->open = NULL;
}

#ifdef __SSE2__
enum { BLOCK = 64, AHEAD = 16 };

/* Hash a token of which sixteen bytes may be read: nearly all need no branch. */
static inline uint64_t short_hash(const uint8_t *p, int64_t size) {
    uint64_t words[2];
    memcpy(words, p, 16);
    const uint64_t mask = ~(uint64_t)0 >> (-8 * size & 63);
    uint64_t one = (TOKEN_SEED ^ (words[0] & (size < 8 ? mask : ~(uint64_t)0))) * TOKEN_STEP;
    one ^= one >> 32;
    uint64_t two = (one ^ (words[1] & mask)) * TOKEN_STEP;
    two ^= two >> 32;
    return size > 8 ? two : one;
}

/* Which of the 64 bytes at p belong to words of ASCII; ``wide`` are those beyond it. */
static inline uint64_t words_among(const uint8_t *p, uint64_t *wide) {
    uint64_t found = 0, beyond = 0;
    for (int k = 0; k < BLOCK; k += 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(p + k));
        const __m128i hit = _mm_or_si128(between(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z'), between(v, '0', '9'));
        found |= (uint64_t)(unsigned)_mm_movemask_epi8(hit) << k;
        beyond |= (uint64_t)(unsigned)_mm_movemask_epi8(v) << k;
    }
    *wide = beyond;
    return found;
}

/* Read up to 64 bytes of ASCII, or to the first byte that is none; at least one byte is read. Where words start
 * and end are the edges of a mask, so that their lengths are nothing the processor has to guess. From p on, 64 bytes and
 * those that hashing looks at must be readable; ``size`` of them are text. */
static inline const uint8_t *read_ascii(token_reader *in, const uint8_t *p, int64_t size) {
    uint64_t wide;
    const uint64_t word = words_among(p, &wide);
    if (wide) size = __builtin_ctzll(wide) < size ? __builtin_ctzll(wide) : size;
    const uint64_t within = size < BLOCK ? ((uint64_t)1 << size) - 1 : ~(uint64_t)0;
    const uint64_t before = word << 1 | (in->open != NULL);
    uint64_t starts = word & ~before & within, ends = before & ~word & within;
    if (in->open && ends) {
        close_token(in, p + __builtin_ctzll(ends));
        ends &= ends - 1;
    }
    for (; ends; starts &= starts - 1, ends &= ends - 1) {
        const uint8_t *start = p + __builtin_ctzll(starts);
        const int64_t length = p + __builtin_ctzll(ends) - start;
        in->hashes[in->count] = length <= 16 ? short_hash(start, length) : token_hash(start, length, in->stop);
        in->sizes[in->count++] = (uint32_t)length;
    }
    if (starts) in->open = p + __builtin_ctzll(starts), in->more = 0;
    return p + (size < BLOCK ? size : BLOCK);
}
#endif

#ifdef __SSE2__
/* Read Han letters, a token each, sixteen bytes at a time; gives where they end. Where a block holds nothing else, what
 * comes next need not wait for what was found. */
static inline const uint8_t *read_han(token_reader *in, const uint8_t *p, const uint8_t *end) {
    while (end - p >= 17) {
        const unsigned fits = han_fits(p);
        const int run = whole_threes(fits);
        if (run && in->open) close_token(in, p);
        /* Where fewer fit, what is written beyond them is written over: seventeen bytes have room for eight tokens. */
        for (int k = 0; k < 5; k++) {
            uint32_t letter;
            memcpy(&letter, p + 3 * k, 4);
            const uint64_t h = (TOKEN_SEED ^ (letter & 0xFFFFFF)) * TOKEN_STEP;
            in->hashes[in->count + k] = h ^ h >> 32;
            in->sizes[in->count + k] = 1;
        }
        in->count += run / 3;
        if (fits != FIVE) return p + run;
        p += 15;
    }
    return p;
}
#endif

/* Copy Han letters, which are normal as they are; gives how many bytes. Sixteen bytes may be written. */
static inline int64_t copy_han(const uint8_t *p, const uint8_t *end, uint8_t *q, const uint8_t *stop) {
    const uint8_t *start = p;
#ifdef __SSE2__
    for (; end - p >= 17 && stop - q >= 16; p += 15, q += 15) {
        _mm_storeu_si128((__m128i *)q, _mm_loadu_si128((const __m128i *)p));
        const unsigned fits = han_fits(p);
        if (fits != FIVE) return p - start + whole_threes(fits);
    }
#endif
    return p - start;
}

/* Hash the tokens of one text; returns how many. */
static int64_t text_tokens(const uint8_t *p, const uint8_t *end, const uint8_t *stop, uint64_t *hashes, uint32_t *sizes) {
    token_reader in = {NULL, 0, stop, hashes, sizes, 0};
    while (p < end) {
        uint32_t group;
        int size = 1;
#ifdef __SSE2__
        if (*p < 0x80 && stop - p >= BLOCK + AHEAD && p[1] < 0x80) {
            p = read_ascii(&in, p, end - p);
            if (p >= end || *p < 0x80) continue;
        }
        if (*p >= 0x80 && end - p >= 17) {
            p = read_han(&in, p, end);
            if (p >= end || *p < 0x80) continue;
        }
#endif
        if (*p < 0x80) {
            group = is_ascii_word(*p) ? WORD : MARK;
        } else if (is_han(p, end)) {
            group = SOLO;
            size = 3;
        } else {
            group = unicode_entry_of(utf8_read(p, end, &size)) & 3;
        }
        if (group == WORD) {
            if (!in.open) in.open = p, in.more = 0;
            in.more += size - 1;
        } else {
            if (in.open) close_token(&in, p);
            if (group == SOLO) {
                in.open = p;
                in.more = size - 1;
                close_token(&in, p + size);
            }
        }
        p += size;
    }
    if (in.open) close_token(&in, end);
    return in.count;
}

/* Copy bytes until one that needs a closer look: white space other than one space between visible bytes; returns how
 * many. Beyond ASCII, white space that NFKC leaves begins with C2, E1 or E2. */
static inline int64_t copy_unspaced(const uint8_t *p, const uint8_t *end, uint8_t *q) {
    const uint8_t *start = p;
#ifdef __SSE2__
    const __m128i space = _mm_set1_epi8(' ');
    while (end - p >= 17) {
        const __m128i v = _mm_loadu_si128((const __m128i *)p), next = _mm_loadu_si128((const __m128i *)(p + 1));
        const __m128i odd = may_be_space(v), spaced = _mm_cmpeq_epi8(v, space);
        const __m128i hit = _mm_or_si128(_mm_andnot_si128(spaced, odd), _mm_and_si128(spaced, may_be_space(next)));
        const int mask = _mm_movemask_epi8(hit);
        _mm_storeu_si128((__m128i *)q, v);
        if (mask) return p - start + __builtin_ctz((unsigned)mask);
        p += 16, q += 16;
    }
#endif
    while (p < end && *p > ' ' && *p != 0xC2 && *p != 0xE1 && *p != 0xE2) *q++ = *p++;
    return p - start;
}

/* Write a text with every run of white space as one space, and none at its ends; 16 bytes more than its size must be
 * there. Returns the bytes written. */
static int64_t fold_space(const uint8_t *p, const uint8_t *end, uint8_t *out) {
    uint8_t *q = out;
    int gap = 0;
    while (p < end) {
        int size = 1, blank = *p == 32 || (*p >= 9 && *p <= 13) || (*p >= 28 && *p <= 31);
        if (*p >= 0x80) blank = (unicode_entry_of(utf8_read(p, end, &size)) & 3) == SPACE;
        if (blank) {
            gap = q > out;
            p += size;
            continue;
        }
        if (gap) *q++ = ' ';
        gap = 0;
        for (int k = 0; k < size; k++) *q++ = *p++;
        size = (int)copy_unspaced(p, end, q);
        p += size, q += size;
    }
    return q - out;
}

static void fold_hash(const uint8_t *p, int64_t size, uint64_t *out) {
    uint64_t one = 0, two = 0, length = (uint64_t)size;
    for (; size > 0; p += 8, size -= 8) {
        const uint64_t word = word_at(p, size);
        one = (one ^ word) * 0xFF51AFD7ED558CCDu, one ^= one >> 32;
        two = (two ^ word) * 0xC4CEB9FE1A85EC53u, two ^= two >> 29;
    }
    one = (one ^ length) * 0xFF51AFD7ED558CCDu;
    two = (two ^ length) * 0xC4CEB9FE1A85EC53u;
    out[0] = one ^ one >> 32, out[1] = two ^ two >> 29;
}
