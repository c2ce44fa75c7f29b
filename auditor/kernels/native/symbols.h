/* Symbols of UTF-8 text: malformed bytes read as Python's decoder replaces them, classes are those of Python's str. */

#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <Python.h>
#include <stdint.h>

enum { SPACE_SYMBOL, OTHER_SYMBOL, DIGIT_SYMBOL };

static const uint8_t ascii_kind[128] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};

/* Read what is not ASCII; give the number of bytes read. */
static inline int64_t decode(const uint8_t *data, int64_t size, uint32_t *symbol) {
    const uint32_t lead = data[0];
    const int64_t more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    /* No overlong forms, no surrogates, nothing beyond U+10FFFF. */
    uint32_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint32_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    uint32_t code = lead & (0x3Fu >> more);
    *symbol = 0xFFFD;
    if (lead < 0xC2 || lead > 0xF4) return 1;
    for (int64_t i = 1; i <= more; i++) {
        if (i == size || data[i] < low || data[i] > high) return i;
        code = code << 6 | (data[i] & 0x3F);
        low = 0x80, high = 0xBF;
    }
    *symbol = code;
    return more + 1;
}

/* Read one symbol and its kind; give the number of bytes read. */
static inline int64_t read_symbol(const uint8_t *data, int64_t size, uint32_t *symbol, uint32_t *kind) {
    if (data[0] < 0x80) {
        *symbol = data[0];
        *kind = ascii_kind[data[0]];
        return 1;
    }
    size = decode(data, size, symbol);
    *kind = OTHER_SYMBOL;
    if (*symbol <= 0x3000 && Py_UNICODE_ISSPACE(*symbol)) *kind = SPACE_SYMBOL;
    /* Between U+3000 and U+A620, where most of the text is that is not ASCII, there are neither spaces nor digits. */
    if ((*symbol < 0x3000 || *symbol >= 0xA620) && Py_UNICODE_ISDECIMAL(*symbol)) *kind = DIGIT_SYMBOL;
    return size;
}

/* A letter, a digit or an emoji; the stars of rulings and ratings are neither. */
static inline int is_content(uint32_t symbol) {
    if (Py_UNICODE_ISALNUM(symbol) || symbol >= 0x1F000) return 1;
    return symbol >= 0x2600 && symbol <= 0x27BF && symbol != 0x2605 && symbol != 0x2606;
}

#endif
