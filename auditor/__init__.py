"""Repetition Auditor: will this data teach my model to repeat itself, and what should I remove?

>>> from auditor import scan
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.api import scan
    from auditor.outputs.run import Run

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "scan"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  (whatever is asked for)
    """Import what users need only when they do: the command line must answer at once."""
    if name == "scan":
        from auditor.api import scan  # noqa: PLC0415

        return scan
    if name == "Run":
        from auditor.outputs.run import Run  # noqa: PLC0415

        return Run
    raise AttributeError(f"module 'auditor' has no attribute {name!r}")
