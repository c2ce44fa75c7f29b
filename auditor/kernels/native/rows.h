/* Rows of JSON: check one strictly, and copy strings out of it. Anything unusual is odd: left to a careful parser.
 *
 * What passes is JSON by RFC 8259 in valid UTF-8, with no key twice in an object, no half of a surrogate pair, no
 * number of DIGITS digits in a row or more, and not nested deeper than DEPTH_MOST. */
#pragma once
#include "bytes.h"

enum { DEPTH_MOST = 64, KEYS_MOST = 256, MEMBERS_MOST = 64, DIGITS = 16 };

typedef struct { const uint8_t *key, *key_end, *value; } member;

typedef struct {
    int count;         /* members of the top-level object; -1: the row is a list */
    uint64_t keys;     /* a hash of their names in order */
    const uint8_t *list;
    member members[MEMBERS_MOST];
} row_view;

static inline const uint8_t *past_space(const uint8_t *p, const uint8_t *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

/* Bytes from p that are plain within a string: no quote, backslash or control character and (ascii) nothing over 7F. */
static inline const uint8_t *past_plain(const uint8_t *p, const uint8_t *end, int ascii) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), low = _mm_set1_epi8(0x1F);
    while (end - p >= 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)p);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_min_epu8(v, low), v));
        const int mask = _mm_movemask_epi8(ascii ? _mm_or_si128(hit, v) : hit);
        if (mask) return p + __builtin_ctz(mask);
        p += 16;
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && *p >= 0x20 && !(ascii && *p >= 0x80)) p++;
    return p;
}

/* Step over one character beyond ASCII (or as many of three bytes as come at once); NULL where the bytes are no UTF-8. */
static inline const uint8_t *past_wide(const uint8_t *p, const uint8_t *end) {
    const uint8_t lead = p[0];
    const int64_t left = end - p;
#ifdef __SSE2__
    if (left >= 16) {
        const unsigned fits = wide_fits(p);
        if (fits == FIVE) return p + 15;
        const int run = whole_threes(fits);
        if (run) return p + run;
    }
#endif
    if (lead < 0xC2 || lead > 0xF4 || left < 2 || (p[1] & 0xC0) != 0x80) return NULL;
    if (lead < 0xE0) return p + 2;
    if (left < 3 || (p[2] & 0xC0) != 0x80) return NULL;
    if (lead < 0xF0) {
        if ((lead == 0xE0 && p[1] < 0xA0) || (lead == 0xED && p[1] > 0x9F)) return NULL;
        return p + 3;
    }
    if (left < 4 || (p[3] & 0xC0) != 0x80 || (lead == 0xF0 && p[1] < 0x90) || (lead == 0xF4 && p[1] > 0x8F)) return NULL;
    return p + 4;
}

static inline int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code unit of the escape \uXXXX at p, or -1. */
static inline int32_t escaped_unit(const uint8_t *p, const uint8_t *end) {
    int32_t unit = 0;
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
    for (int i = 2; i < 6; i++) {
        const int digit = hex_digit(p[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* Step over one escape; NULL where it is none, or half a surrogate pair. */
static inline const uint8_t *past_escape(const uint8_t *p, const uint8_t *end) {
    if (end - p < 2) return NULL;
    if (p[1] != 'u') return strchr("\"\\/bfnrt", p[1]) && p[1] ? p + 2 : NULL;
    const int32_t unit = escaped_unit(p, end);
    if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000)) return NULL;
    if (unit < 0xD800 || unit >= 0xE000) return p + 6;
    const int32_t low = escaped_unit(p + 6, end);
    return low >= 0xDC00 && low < 0xE000 ? p + 12 : NULL;
}

/* Step from behind a string's opening quote to behind its closing one; NULL where anything in it is odd. */
static const uint8_t *past_string(const uint8_t *p, const uint8_t *end, int *escapes) {
    for (;;) {
        p = past_plain(p, end, 1);
        if (p == end) return NULL;
        if (*p == '"') return p + 1;
        if (*p >= 0x80) {
            do {
                p = past_wide(p, end);
            } while (p && p < end && *p >= 0x80);
        } else if (*p == '\\') {
            *escapes = 1;
            p = past_escape(p, end);
        } else {
            return NULL;
        }
        if (!p) return NULL;
    }
}

static const uint8_t *past_number(const uint8_t *p, const uint8_t *end) {
    const uint8_t *digits;
    if (p < end && *p == '-') p++;
    digits = p;
    while (p < end && *p >= '0' && *p <= '9') p++;
    if (p == digits || (*digits == '0' && p - digits > 1) || p - digits >= DIGITS) return NULL;
    if (p < end && *p == '.') {
        digits = ++p;
        while (p < end && *p >= '0' && *p <= '9') p++;
        if (p == digits || p - digits >= DIGITS) return NULL;
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        digits = p;
        while (p < end && *p >= '0' && *p <= '9') p++;
        if (p == digits || p - digits > 2) return NULL; /* more may overflow */
    }
    return p;
}

static const uint8_t *past_literal(const uint8_t *p, const uint8_t *end) {
    if (end - p >= 4 && (!memcmp(p, "true", 4) || !memcmp(p, "null", 4))) return p + 4;
    return end - p >= 5 && !memcmp(p, "false", 5) ? p + 5 : NULL;
}

static inline uint64_t name_hash(const uint8_t *p, const uint8_t *end) {
    uint64_t h = 0xCBF29CE484222325u ^ (uint64_t)(end - p);
    for (; p < end; p++) h = (h ^ *p) * 0x100000001B3u;
    return h;
}

/* Check one row and note its top-level members; 0: odd. */
static int check_row(const uint8_t *p, const uint8_t *end, row_view *row) {
    uint64_t keys[KEYS_MOST];
    int first[DEPTH_MOST + 1], depth = 0, held = 0, escapes;
    uint8_t object[DEPTH_MOST + 1];
    const uint8_t *name;
    uint64_t key;
    row->count = 0;
    row->keys = 0;
    p = past_space(p, end);
    if (p == end || (*p != '{' && *p != '[')) return 0;
    row->list = p;
    if (*p == '[') row->count = -1;
value:
    p = past_space(p, end);
    if (p == end) return 0;
    switch (*p) {
    case '{':
    case '[':
        if (depth == DEPTH_MOST) return 0;
        object[++depth] = *p == '{';
        first[depth] = held;
        p = past_space(p + 1, end);
        if (p == end) return 0;
        if (*p == (object[depth] ? '}' : ']')) goto close;
        if (object[depth]) goto key;
        goto value;
    case '"':
        escapes = 0;
        p = past_string(p + 1, end, &escapes);
        break;
    case 't':
    case 'f':
    case 'n':
        p = past_literal(p, end);
        break;
    default:
        p = past_number(p, end);
    }
    if (!p) return 0;
    goto after;
key:
    if (p == end || *p != '"') return 0;
    name = p + 1;
    escapes = 0;
    p = past_string(name, end, &escapes);
    if (!p || escapes) return 0; /* an escaped key may equal one spelt otherwise */
    key = name_hash(name, p - 1);
    for (int i = first[depth]; i < held; i++)
        if (keys[i] == key) return 0;
    if (held == KEYS_MOST) return 0;
    keys[held++] = key;
    if (depth == 1) {
        if (row->count == MEMBERS_MOST) return 0;
        row->members[row->count].key = name;
        row->members[row->count].key_end = p - 1;
        row->keys = (row->keys ^ key) * 0x9E3779B97F4A7C15u;
    }
    p = past_space(p, end);
    if (p == end || *p != ':') return 0;
    p = past_space(p + 1, end);
    if (depth == 1) row->members[row->count++].value = p;
    goto value;
close:
    held = first[depth--];
    p++;
after:
    p = past_space(p, end);
    if (depth == 0) return p == end;
    if (p == end) return 0;
    if (*p == ',') {
        p = past_space(p + 1, end);
        if (object[depth]) goto key;
        goto value;
    }
    if (*p == (object[depth] ? '}' : ']')) goto close;
    return 0;
}

/* --- from here on rows have been checked ------------------------------------------------------------------------- */

static inline uint8_t *put_code(uint32_t c, uint8_t *q) {
    if (c < 0x80) {
        *q++ = (uint8_t)c;
    } else if (c < 0x800) {
        *q++ = (uint8_t)(0xC0 | c >> 6), *q++ = (uint8_t)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *q++ = (uint8_t)(0xE0 | c >> 12), *q++ = (uint8_t)(0x80 | (c >> 6 & 63)), *q++ = (uint8_t)(0x80 | (c & 63));
    } else {
        *q++ = (uint8_t)(0xF0 | c >> 18), *q++ = (uint8_t)(0x80 | (c >> 12 & 63));
        *q++ = (uint8_t)(0x80 | (c >> 6 & 63)), *q++ = (uint8_t)(0x80 | (c & 63));
    }
    return q;
}

/* Copy a string's text from behind its opening quote; *p ends behind the closing one. The result is never longer. */
static uint8_t *copy_string(const uint8_t **p, const uint8_t *end, uint8_t *q) {
    static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    const uint8_t *at = *p;
    for (;;) {
        const uint8_t *stop = past_plain(at, end, 0);
        memcpy(q, at, (size_t)(stop - at));
        q += stop - at;
        if (*stop == '"') {
            *p = stop + 1;
            return q;
        }
        if (stop[1] != 'u') {
            *q++ = (uint8_t)strchr(plain, stop[1])[1];
            at = stop + 2;
            continue;
        }
        uint32_t code = (uint32_t)escaped_unit(stop, end);
        at = stop + 6;
        if (code >= 0xD800 && code < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)escaped_unit(at, end) - 0xDC00);
            at += 6;
        }
        q = put_code(code, q);
    }
}

/* Step over a string from behind its opening quote. */
static inline const uint8_t *skip_string(const uint8_t *p, const uint8_t *end) {
    for (;;) {
        p = past_plain(p, end, 0);
        if (*p == '"') return p + 1;
        p += 2;
    }
}
