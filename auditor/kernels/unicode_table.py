"""Write the Unicode data that the compiled kernels need, taken from the Python that builds them.

Normalisation of a text is the joined normalisation of its code points as long as none of them can interact with
a neighbour; the table marks those that can (combining marks, conjoining letters, the Greek capital sigma, whose
lower case depends on its place), and texts that hold one are left to Python.
"""

import unicodedata

from auditor.text import kind

BLOCK = 128
LOWER_BY_PLACE = "Σ"


def _composing() -> set[str]:
    """Return the code points that may combine with the one before them."""
    second = {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for code in range(0x110000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            second.add(chr(int(parts[1], 16)))
    return second


def _entries() -> tuple[list[int], list[int]]:
    """Return one entry for each code point, and the list of expansions that entries point into.

    An entry holds: bits 0-1 the class, bit 2 "leave this text to Python", bit 3 "the value is an expansion", bits
    4-31 the value: 0 for a code point that stays as it is, a code point, or a place in the expansions, which hold
    a length and that many code points.
    """
    second = _composing()
    entries, expansions, places = list[int](), list[int](), dict[str, int]()
    for code in range(0x110000):
        char = chr(code)
        entry = kind(char)
        if 0xD800 <= code <= 0xDFFF:
            entries.append(entry)
            continue
        composed = unicodedata.normalize("NFKC", char)
        folded = composed.lower()
        first = unicodedata.normalize("NFKD", char)[0]
        risky = any(unicodedata.combining(c) or c in second for c in first + composed + folded)
        if risky or LOWER_BY_PLACE in composed:
            entry |= 4
        elif len(folded) > 1:
            if folded not in places:
                places[folded] = len(expansions)
                expansions += [len(folded), *map(ord, folded)]
            entry |= 8 | places[folded] << 4
        elif folded != char:
            entry |= ord(folded) << 4
        entries.append(entry)
    return entries, expansions


def header() -> str:
    """Return the C header: a two-stage table of entries, and the expansions."""
    entries, expansions = _entries()
    blocks = dict[tuple[int, ...], int]()
    stage = [blocks.setdefault(tuple(entries[at : at + BLOCK]), len(blocks)) for at in range(0, len(entries), BLOCK)]
    flat = [entry for block in blocks for entry in block]
    return "\n".join(
        [
            "/* Made by auditor/kernels/unicode_table.py while building; do not edit. */",
            "#include <stdint.h>",
            f'#define UNIDATA_VERSION "{unicodedata.unidata_version}"',
            _array("uint16_t", "unicode_stage", stage),
            _array("uint32_t", "unicode_entry", flat),
            _array("uint32_t", "unicode_expansion", expansions),
            "",
        ]
    )


def _array(ctype: str, name: str, values: list[int]) -> str:
    lines = (",".join(map(str, values[at : at + 24])) for at in range(0, len(values), 24))
    return f"static const {ctype} {name}[{len(values)}] = {{\n" + ",\n".join(lines) + "};"
