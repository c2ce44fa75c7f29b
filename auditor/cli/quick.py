"""Keep the command line quick: do not load what it does not need, do not give back what will be needed again."""

import ctypes
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from threading import Thread
from types import ModuleType


def seldom_swept() -> None:
    """Let Python look for circles of dead objects less often: a scan makes many objects and next to no circles."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


TRIM, PAD, MAPPED, ARENAS = -1, -2, -3, -8
"""Names of glibc's settings of memory."""


def thrifty() -> None:
    """Keep freed memory for the next batch, where the C library is glibc; start no threads for algebra.

    By default large arrays are given back to the system and fetched anew, page by page and cleared, for every batch:
    a third of the time of measuring. Arrow, which has an allocator of its own, is told to share what is kept.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    choose = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if choose is not None:
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
        for name, value in ((ARENAS, 1), (MAPPED, 32 << 20), (TRIM, 512 << 20), (PAD, 16 << 20)):
            choose(name, value)


def without_pandas() -> None:
    """Let pyarrow find no pandas in this process.

    pyarrow looks for it at its first array, so as to know its types, and loading it takes longer than auditing a
    small file. No command hands pandas objects to pyarrow; libraries that import pandas themselves still can.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa  # noqa: PLC0415  (only a command that works needs it)

    too_old = ModuleType("pandas")
    too_old.__version__ = "0"  # type: ignore[attr-defined]
    sys.modules["pandas"] = too_old
    try:
        with warnings.catch_warnings(action="ignore"):
            pa.array([0])
    finally:
        del sys.modules["pandas"]


def ahead(names: Sequence[str]) -> None:
    """Load modules that the end of a command needs while its kernels, which hold no lock, are at work."""
    Thread(target=lambda: [import_module(name) for name in names], daemon=True).start()
