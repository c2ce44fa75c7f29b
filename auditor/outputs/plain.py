"""Text that a terminal shows and never obeys."""

import unicodedata

BIDI = {0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C}


def shown(text: str) -> str:
    r"""Return a text with control and direction marks spelt out; line ends and tabs become spaces.

    >>> shown("a\x1b[2Jb\nc")
    'a\\x1b[2Jb c'
    """
    if text.isprintable():
        return text
    return "".join(_shown(char) for char in named(text))


def named(text: str) -> str:
    r"""Return a name that an ASCII locale has read byte by byte as the UTF-8 it is.

    >>> named("\udce5\udc90\udc8d")
    '名'
    """
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text


def _shown(char: str) -> str:
    if char in "\n\r\t":
        return " "
    category = unicodedata.category(char)
    if category in ("Cc", "Cs") or ord(char) in BIDI:
        return char.encode("unicode_escape").decode()
    return char


def width(text: str) -> int:
    """Return how many columns a text takes: two for wide characters, none for marks.

    >>> width("ab中")
    4
    """
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def clipped(text: str, columns: int) -> str:
    """Return a text of at most so many columns, with an ellipsis where it was cut.

    >>> clipped("abcdef", 4)
    'abc…'
    """
    if width(text) <= columns:
        return text
    kept, used = "", 0
    for char in text:
        used += width(char)
        if used > columns - 1:
            break
        kept += char
    return kept + "…"
