"""How much memory a scan may fill: what the user says, else what this machine or its container gives."""

import os
import re
from pathlib import Path

from auditor.errors import UsageError

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
CGROUP = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where a container's limit stands: version 2 and version 1."""

LEAST = 64 << 20


def budget(text: str | None = None) -> int:
    """Return the bytes that may be filled: a size such as ``4G``, or (none given) half of what there is.

    >>> budget("4G") == 4 << 30, budget("1.5 GiB") == 3 << 29
    (True, True)
    """
    if text is None:
        return max(LEAST, limit() // 2)
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", text, re.IGNORECASE)
    if not found:
        raise UsageError("{text} is no size of memory", hint="give one such as 512M or 4G", text=text)
    size = int(float(found[1]) * UNITS[found[2].upper()])
    if size < LEAST:
        raise UsageError("{text} of memory is too little", hint="give at least 64M", text=text)
    return size


def limit() -> int:
    """Return the memory of this machine, or of the container that this process is in."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    held = [Path(path).read_text(encoding="ascii").strip() for path in CGROUP if Path(path).is_file()]
    return min([whole, *(int(text) for text in held if text.isdigit() and int(text) > 0)])
