/* Which bit two neighbouring tokens have in a table of pairs. */
#ifndef SPOT_H
#define SPOT_H

#include <stdint.h>

static inline uint64_t pair_of(uint32_t token, uint32_t then) {
    return (((uint64_t)token << 32 | then) * 0x9E3779B97F4A7C15u) >> 40;
}

#endif
