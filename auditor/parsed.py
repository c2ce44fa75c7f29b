"""Files of rules and profiles, parsed and checked; of those that ship the outcome is kept between runs."""

import json
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import xxhash

from auditor import __version__, schema, shelf, yaml
from auditor.shipped import RULES


def parsed(path: Path, kind: str) -> dict[str, Any]:
    """Parse and check a file (``rule`` or ``profile``); to parse all that ship takes half a second."""
    status = path.stat()
    stamp = [status.st_mtime_ns, status.st_size]
    known = _known().get(str(path))
    if known and known["stamp"] == stamp:
        held: dict[str, Any] = known["held"]
        return held
    held = yaml.load(path)
    schema.check(held, kind, partial(yaml.place, path))
    if RULES in path.parents:
        _known()[str(path)] = {"stamp": stamp, "held": held}
        _fresh.add(str(path))
    return held


_fresh: set[str] = set()
"""What was parsed by this process and is not kept yet."""


def keep() -> None:
    """Keep what was parsed, for the next run."""
    if _fresh:
        _fresh.clear()
        shelf.put(name(), json.dumps(_known(), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def name() -> str:
    """Name the file of this installation's parsed files."""
    place = xxhash.xxh3_64_hexdigest(f"{__version__} {RULES}".encode("utf-8", "surrogatepass"))
    return f"rules-{place}.json"


@lru_cache(maxsize=1)
def _known() -> dict[str, Any]:
    """Return what an earlier run parsed: plain data, with the stamps of the files."""
    try:
        held = json.loads(shelf.take(name()))
    except ValueError:
        return {}
    ones = held.values() if isinstance(held, dict) else [None]
    return held if all(isinstance(one, dict) and one.keys() == {"stamp", "held"} for one in ones) else {}
