"""The accessibility checker axe-core, fetched once through npm into the tests' cache."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

CACHE = Path.home() / ".cache" / "auditor-tests"


def source() -> str:
    """Return axe-core as a script; skip the test where it cannot be had."""
    held = sorted(CACHE.glob("axe-core-4.*.tgz"))
    if not held:
        held = _fetched()
    with tarfile.open(held[-1]) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


def _fetched() -> list[Path]:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core is not in the cache, and there is no npm to fetch it")
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        asked = [npm, "pack", "axe-core@4", "--silent", "--pack-destination", str(CACHE)]
        subprocess.run(asked, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as fault:
        pytest.skip(f"axe-core cannot be had from the registry: {fault}")
    return sorted(CACHE.glob("axe-core-4.*.tgz"))
