"""The token model: what the auditor means by normalised text, token and shingle.

This module is the definition. The compiled kernels must agree with it on every input.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby

SHINGLE = 5
"""Tokens in a shingle unless the user says otherwise."""

WORD, SOLO, SPACE, MARK = range(4)
"""Classes of code points: part of a word, a token by itself, white space, anything else."""

# Scripts written without spaces between words; each of their letters, marks and digits is a token by itself.
# Ranges are inclusive block borders of the Unicode standard.
SOLO_RANGES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x109F),  # Tibetan, Myanmar
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x2E80, 0x2FDF),  # CJK and Kangxi radicals
    (0x3005, 0x3007),  # 々 〆 〇
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3031, 0x3035),  # Kana repeat marks
    (0x3038, 0x303C),  # Hangzhou numerals, Masu mark
    (0x3040, 0x31FF),  # Hiragana, Katakana, Bopomofo, Hangul compatibility Jamo
    (0x3400, 0x4DBF),  # CJK extension A
    (0x4E00, 0xA4CF),  # CJK unified ideographs, Yi
    (0xA960, 0xA97F),  # Hangul Jamo extended A
    (0xA980, 0xA9FF),  # Javanese, Myanmar extended B
    (0xAA60, 0xAADF),  # Myanmar extended A, Tai Viet
    (0xAC00, 0xD7FF),  # Hangul syllables, Hangul Jamo extended B
    (0xF900, 0xFAFF),  # CJK compatibility ideographs
    (0x16FE0, 0x18DFF),  # Tangut, Khitan, Nushu marks
    (0x1AFF0, 0x1B2FF),  # Kana supplement and extensions, Nushu
    (0x20000, 0x3FFFF),  # CJK extensions B and later
)

_MASK = 0xFFFFFFFFFFFFFFFF
_TOKEN_SEED = 0x9E3779B97F4A7C15
_TOKEN_STEP = 0xFF51AFD7ED558CCD
_SHINGLE_STEP = 0xD6E8FEB86659FD93


def analysed(text: str) -> str:
    r"""Replace lone surrogates, which no encoding can carry, by U+FFFD.

    >>> analysed("a\ud83db")
    'a\ufffdb'
    """
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def normalise(text: str) -> str:
    """Fold what looks alike: NFKC, then lower case.

    >>> normalise("ＡＢＣ，①　Ｃａｆｅ\u0301")
    'abc,1 café'
    """
    return unicodedata.normalize("NFKC", analysed(text)).lower()


@lru_cache(maxsize=65536)
def kind(char: str) -> int:
    """Return the class of one code point of normalised text.

    >>> [kind(c) for c in "a中 。"] == [WORD, SOLO, SPACE, MARK]
    True
    """
    if unicodedata.category(char)[0] in "LMN":
        return SOLO if any(low <= ord(char) <= high for low, high in SOLO_RANGES) else WORD
    return SPACE if char.isspace() else MARK


def spans(normalised: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every token of a normalised text.

    >>> list(spans("go! 你好"))
    [(0, 2), (4, 5), (5, 6)]
    """
    at = 0
    for group, run in groupby(normalised, kind):
        size = sum(1 for _ in run)
        if group == WORD:
            yield at, at + size
        elif group == SOLO:
            yield from ((i, i + 1) for i in range(at, at + size))
        at += size


def tokens(text: str) -> list[str]:
    """Split a text into tokens: words of spaced scripts, single letters of the others.

    >>> tokens("GPT-4 会做 Café 吗？")
    ['gpt', '4', '会', '做', 'café', '吗']
    """
    normalised = normalise(text)
    return [normalised[start:end] for start, end in spans(normalised)]


def token_hash(token: str) -> int:
    """Hash one token to 64 bits: a chain of multiply and shift over its UTF-8 bytes, eight at a time.

    >>> hex(token_hash("a"))
    '0xedc2f5868cfbed62'
    """
    data = token.encode()
    value = _TOKEN_SEED
    for at in range(0, len(data), 8):
        value = ((value ^ int.from_bytes(data[at : at + 8], "little")) * _TOKEN_STEP) & _MASK
        value ^= value >> 32
    return value


def _mix(value: int) -> int:
    """Spread every input bit over all output bits (the 64-bit finaliser of MurmurHash3)."""
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & _MASK
    value = ((value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53) & _MASK
    return value ^ (value >> 33)


def shingle_hashes(words: Sequence[str], size: int = SHINGLE) -> list[int]:
    """Hash every run of ``size`` neighbouring tokens to 64 bits; fewer tokens have no shingle.

    >>> len(shingle_hashes(tokens("one two three four five six")))
    2
    >>> shingle_hashes(tokens("too short"))
    []
    """
    hashes = [token_hash(word) for word in words]
    found = []
    for start in range(len(hashes) - size + 1):
        value = 0
        for hashed in hashes[start : start + size]:
            value = (value * _SHINGLE_STEP + hashed) & _MASK
        found.append(_mix(value))
    return found


def minhash_value(shingle: int) -> int:
    """Return the 32 bits of a shingle that MinHash permutes: ``datasketch.MinHash(hashfunc=minhash_value)``.

    >>> minhash_value(0x0123456789ABCDEF) == 0x89ABCDEF
    True
    """
    return shingle & 0xFFFFFFFF


def folded(normalised: str) -> str:
    r"""Return what exact copies share: normalised text with every run of white space as one space.

    Punctuation stays, so that ``3+5`` and ``3-5`` are no copies.

    >>> folded(normalise("  Hello,\n WORLD "))
    'hello, world'
    """
    return " ".join(normalised.split())


def copy_hash(normalised: str) -> tuple[int, int]:
    """Hash a folded text to 128 bits: two chains of multiply and shift over its UTF-8 bytes, eight at a time.

    >>> copy_hash(normalise("Ｈｅｌｌｏ  world ")) == copy_hash("hello world")
    True
    """
    data = folded(normalised).encode()
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]
    one = two = 0
    for word in (*words, len(data)):
        one = ((one ^ word) * 0xFF51AFD7ED558CCD) & _MASK
        one ^= one >> 32
        two = ((two ^ word) * 0xC4CEB9FE1A85EC53) & _MASK
        two ^= two >> 29
    return one, two


def jaccard(left: set[int], right: set[int]) -> float:
    """Share of common elements in two sets; two empty sets have nothing in common.

    >>> jaccard({1, 2, 3}, {2, 3, 4})
    0.5
    """
    union = len(left | right)
    return len(left & right) / union if union else 0.0
