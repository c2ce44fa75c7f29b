"""Build the compiled kernels; everything else about the package is in setup.cfg."""

import sys
from pathlib import Path

from setuptools import Extension, setup

sys.path.insert(0, str(Path(__file__).parent))
from auditor.kernels.unicode_table import header

NATIVE = Path("auditor/kernels/native")
TABLE = NATIVE / "unicode_table.h"

made = header()
if not TABLE.exists() or TABLE.read_text(encoding="utf-8") != made:
    TABLE.write_text(made, encoding="utf-8")

setup(
    ext_modules=[
        Extension(
            f"auditor.kernels.native.{source.stem}",
            [str(source)],
            include_dirs=[str(NATIVE)],
            depends=[str(header) for header in NATIVE.glob("*.h")],
            extra_compile_args=["-O3"],
            optional=True,
        )
        for source in sorted(NATIVE.glob("*.pyx"))
    ]
)
