/* Decode UTF-8 and look code points up; safe on any bytes, malformed ones read as U+FFFD. */
#pragma once
#include "unicode_table.h"

enum { WORD, SOLO, SPACE, MARK };
enum { LEAVE = 4, EXPAND = 8 };

static inline uint32_t unicode_entry_of(uint32_t code) { return unicode_entry[unicode_stage[code >> 7] * 128 + (code & 127)]; }

/* Read one code point at p (p < end); *size is the bytes it took. */
static inline uint32_t utf8_read(const uint8_t *p, const uint8_t *end, int *size) {
    uint32_t c = p[0];
    if (c < 0x80) { *size = 1; return c; }
    if (c >= 0xC2 && c < 0xE0 && end - p >= 2 && (p[1] & 0xC0) == 0x80) { *size = 2; return (c & 31) << 6 | (p[1] & 63); }
    if (c >= 0xE0 && c < 0xF0 && end - p >= 3 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
        *size = 3;
        return (c & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
    }
    if (c >= 0xF0 && c < 0xF5 && end - p >= 4 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80 && (p[3] & 0xC0) == 0x80) {
        uint32_t code = (c & 7) << 18 | (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
        *size = 4;
        return code < 0x110000 ? code : 0xFFFD;
    }
    *size = 1;
    return 0xFFFD;
}

/* Whether one of U+4E00 to U+9FEF stands at p: Han letters in every version of Unicode in use, normal as they are. */
static inline int is_han(const uint8_t *p, const uint8_t *end) {
    if (p[0] < 0xE4 || p[0] > 0xE9 || end - p < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80) return 0;
    return (uint32_t)((p[0] & 15) << 12 | (p[1] & 63) << 6 | (p[2] & 63)) - 0x4E00 <= 0x9FEF - 0x4E00;
}

/* Write one code point; out must have four bytes. Returns the bytes written. */
static inline int utf8_write(uint32_t c, uint8_t *out) {
    if (c < 0x80) { out[0] = (uint8_t)c; return 1; }
    if (c < 0x800) { out[0] = (uint8_t)(0xC0 | c >> 6); out[1] = (uint8_t)(0x80 | (c & 63)); return 2; }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12); out[1] = (uint8_t)(0x80 | (c >> 6 & 63)); out[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18); out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 63)); out[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}
