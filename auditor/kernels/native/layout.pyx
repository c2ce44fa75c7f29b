# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The layout of many normalised texts: the type of every line, those of one type in a row together."""

from libc.stdint cimport int64_t, uint8_t, uint32_t

cdef extern from "unicode.h" nogil:
    uint32_t utf8_read(const uint8_t *p, const uint8_t *end, int *size)

cdef enum:
    LONGEST = 96  # bytes of one text's layout


cdef inline bint han_number(uint32_t c) noexcept nogil:
    return (c == 0x4E00 or c == 0x4E8C or c == 0x4E09 or c == 0x56DB or c == 0x4E94 or c == 0x516D or c == 0x4E03
            or c == 0x516B or c == 0x4E5D or c == 0x5341)


cdef inline bint dot(uint32_t c) noexcept nogil:
    return c == 46 or c == 41 or c == 0x3001


cdef uint8_t kind(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Return the type of a line that is neither blank nor fenced; its ends are stripped."""
    cdef int64_t count = 0, n = 0
    cdef int size
    cdef uint32_t c
    cdef uint32_t head[12]
    cdef uint32_t last = 0, before = 0
    cdef const uint8_t *q = p
    while q < end:
        c = utf8_read(q, end, &size)
        q += size
        if count < 12:
            head[count] = c
        count += 1
        before = last
        last = c
    for n in range(min(count, 12), 12):
        head[n] = 0
    if head[0] == 35:
        n = 0
        while n < 7 and head[n] == 35:
            n += 1
        if n < 7 and head[n] == 32:
            return 104  # h
    if head[0] == 62:
        return 113  # q
    if head[0] == 124:
        return 116  # t
    if head[0] == 42 and head[1] == 42 and count > 4:
        if (last == 42 and before == 42) or (last == 58 and before == 42):
            return 104
    if (head[0] == 45 or head[0] == 42 or head[0] == 43) and (head[1] == 32 or head[1] == 9):
        return 98  # b
    if head[0] == 0x2022 or head[0] == 0x25CF or head[0] == 0x25CB or head[0] == 0x25AA or head[0] == 0xB7:
        return 98
    n = 0
    while n < 3 and 48 <= head[n] <= 57:
        n += 1
    if n and dot(head[n]) and not 48 <= head[n + 1] <= 57:
        return 110  # n
    if head[0] == 40:
        n = 1
        while n < 4 and (48 <= head[n] <= 57 or han_number(head[n])):
            n += 1
        if n > 1 and head[n] == 41:
            return 110
    n = 1 if head[0] == 0x7B2C else 0
    while n < 5 and (han_number(head[n]) or (head[0] == 0x7B2C and 48 <= head[n] <= 57)):
        n += 1
    if head[0] == 0x7B2C and n > 1 and (head[n] == 0x6B65 or head[n] == 0x7AE0 or head[n] == 0x6761):
        return 110
    if head[0] != 0x7B2C and n and (head[n] == 0x3001 or head[n] == 46):
        return 110
    if head[0] == 115 and head[1] == 116 and head[2] == 101 and head[3] == 112 and head[4] == 32 and 48 <= head[5] <= 57:
        return 110
    if last == 58 and count <= 40:
        return 107  # k
    return 115 if count <= 60 else 108  # s, l


cdef inline bint blank(uint8_t c) noexcept nogil:
    return c == 32 or 9 <= c <= 13


def layouts(const uint8_t[::1] buffer, const int64_t[::1] offsets, const int64_t[::1] order, uint8_t[::1] out,
            int64_t[::1] ends):
    """Write the layout of texts, taken in ``order``, one after the other; ``ends`` takes where each stops."""
    cdef int64_t k, n = 0, first
    cdef const uint8_t *p
    cdef const uint8_t *stop
    cdef const uint8_t *line
    cdef const uint8_t *finish
    cdef uint8_t code
    cdef bint fenced
    if buffer.shape[0] == 0:
        for k in range(order.shape[0]):
            ends[k] = 0
        return 0
    with nogil:
        for k in range(order.shape[0]):
            p = &buffer[0] + offsets[order[k]]
            stop = &buffer[0] + offsets[order[k] + 1]
            first = n
            fenced = False
            while p < stop:
                line = p
                while p < stop and p[0] != 10 and p[0] != 13:
                    p += 1
                finish = p
                p += 1
                while line < finish and blank(line[0]):
                    line += 1
                while finish > line and blank(finish[-1]):
                    finish -= 1
                if line == finish:
                    continue
                if finish - line >= 3 and line[0] == 96 and line[1] == 96 and line[2] == 96:
                    fenced = not fenced
                    if not fenced:
                        continue
                    code = 99  # c
                elif fenced:
                    continue
                else:
                    code = kind(line, finish)
                if n - first + 2 > LONGEST:
                    break
                if n > first and out[n - 1] == code:
                    out[n] = 43
                    n += 1
                elif n > first + 1 and out[n - 1] == 43 and out[n - 2] == code:
                    pass
                else:
                    out[n] = code
                    n += 1
            ends[k] = n
    return n
