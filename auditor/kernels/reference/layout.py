"""The layout of texts, line by line."""

import re

import numpy as np

from auditor.kernels.flat import Bytes, Ints, Texts

LONGEST = 96
"""Characters of one text's layout; what lies beyond is left out."""

_BLANK = " \t\n\v\f\r"
_KINDS = (
    ("h", re.compile(r"#{1,6} |\*\*(?=.).*\*[*:]\Z", re.DOTALL)),
    ("q", re.compile(">")),
    ("t", re.compile(r"\|")),
    ("b", re.compile(r"[-*+][ \t]|[•●○▪·]")),
    ("n", re.compile(r"[0-9]{1,3}[.)、](?![0-9])|\([0-9一二三四五六七八九十]{1,3}\)|step [0-9]")),
    ("n", re.compile("第[0-9一二三四五六七八九十]{1,4}[步章条]|[一二三四五六七八九十]{1,5}[、.]")),
)


def kind(line: str) -> str:
    """Return the type of a line of normalised text that is neither blank nor fenced.

    Headings, quotes, tables, bullets, numbered steps; else labels (short, a colon at the end), short or long prose.

    >>> [kind(line) for line in ("## a", "- a", "1. a", "第一步:a", "材料:", "so it goes")]
    ['h', 'b', 'n', 'n', 'k', 's']
    """
    for code, pattern in _KINDS:
        if pattern.match(line) and not (line.startswith("**") and not _bold(line)):
            return code
    return "k" if line.endswith(":") and len(line) <= 40 else "s" if len(line) <= 60 else "l"


def _bold(line: str) -> bool:
    return len(line) > 4 and line.endswith(("**", "*:"))


def layout(text: str) -> str:
    r"""Return the types of a text's lines, blank ones left out; ``+`` says that the one before is repeated.

    >>> layout("Here it is:\n\n1. one\n2. two\n```\ncode\n```\nEnjoy")
    'kn+cs'
    """
    found = ""
    fenced = False
    for line in re.split("[\n\r]", text):
        own = line.strip(_BLANK)
        if not own:
            continue
        if own.startswith("```"):
            fenced = not fenced
            if not fenced:
                continue
        elif fenced:
            continue
        code = "c" if fenced else kind(own)
        if len(found) + 2 > LONGEST:
            break
        if found.endswith(code):
            found += "+"
        elif not found.endswith(f"{code}+"):
            found += code
    return found


def layouts(texts: Texts, order: Ints) -> tuple[Bytes, Ints]:
    """Return the layouts of texts, one after the other, and where each ends."""
    found = [layout(texts.text(index)).encode() for index in order.tolist()]
    return np.frombuffer(b"".join(found), np.uint8), np.cumsum([len(each) for each in found], dtype=np.int64)
