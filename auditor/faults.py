"""What can be wrong with one line of input, and what XTuner would do about it."""

from typing import NamedTuple


class FaultKind(NamedTuple):
    """One kind of fault: is the row lost, and does XTuner stop at it (classic loaders, V1)?

    Which inputs stop XTuner was found by running 0.1.23, 0.2.0 and V1 on files that hold just that fault.
    """

    rejects: bool
    classic: bool
    v1: bool


class Fault(NamedTuple):
    """One fault: where it stands, what it is, and in which words to say so."""

    line: int
    offset: int
    length: int
    kind: str
    message: str


KINDS = {
    "json": FaultKind(rejects=True, classic=True, v1=True),
    "utf8": FaultKind(rejects=True, classic=True, v1=True),
    "encoding": FaultKind(rejects=True, classic=True, v1=True),
    "blank": FaultKind(rejects=True, classic=False, v1=True),
    "deep": FaultKind(rejects=True, classic=True, v1=True),
    "long": FaultKind(rejects=True, classic=True, v1=False),
    "number": FaultKind(rejects=True, classic=True, v1=True),
    "shape": FaultKind(rejects=True, classic=True, v1=True),
    "unknown": FaultKind(rejects=True, classic=True, v1=True),
    "truncated": FaultKind(rejects=True, classic=True, v1=True),
    "changed": FaultKind(rejects=True, classic=False, v1=False),
    "bom": FaultKind(rejects=False, classic=False, v1=True),
    "duplicate_key": FaultKind(rejects=False, classic=True, v1=False),
    "surrogate": FaultKind(rejects=False, classic=True, v1=True),
    "nonfinite": FaultKind(rejects=False, classic=False, v1=False),
    "big_number": FaultKind(rejects=False, classic=False, v1=False),
    "control": FaultKind(rejects=False, classic=False, v1=False),
    "empty": FaultKind(rejects=False, classic=False, v1=False),
}
