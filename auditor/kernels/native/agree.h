/* Count equal bytes of two sketches: how far two samples' signatures agree. */
#pragma once
#include <stdint.h>

static inline int agree(const uint8_t *a, const uint8_t *b, int size) {
    int same = 0;
    for (int i = 0; i < size; i++) same += a[i] == b[i];
    return same;
}
