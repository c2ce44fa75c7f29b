"""What can be wrong with one line of input, and what XTuner would do about it."""

from typing import NamedTuple

CLASSIC, V1 = 1, 2
"""Bits of which XTuner stops at a fault."""

BY_KIND = -1
"""Stands for the bits where the kind of a fault says which."""


class FaultKind(NamedTuple):
    """One kind of fault: is the row lost, and does XTuner stop at it (classic loaders, V1)?

    Which inputs stop XTuner was found by running 0.1.23, 0.2.0 and V1 on files that hold just that fault.
    """

    rejects: bool
    classic: bool
    v1: bool

    @property
    def stops(self) -> int:
        """Bits of which XTuner stops."""
        return CLASSIC * self.classic | V1 * self.v1


class Fault(NamedTuple):
    """One fault: where it stands, what it is, in which words to say so, and which XTuner stops at it."""

    line: int
    offset: int
    length: int
    kind: str
    message: str
    stops: int = BY_KIND


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
}
LOADING = (
    "missing_field", "unknown_key", "mixed_types", "missing_output", "null_field", "no_id", "no_turns",
    "null_in_prompt", "empty_answer", "cut_at_marks", "cut_at_limit", "not_by_lines", "empty_file", "unknown_role",
    "tool_arguments", "thinking", "cache_tag", "inert_limit", "shared_hooks", "read_again", "no_loss", "answer_first",
    "no_answer_last", "joined_questions", "nothing_left", "own_map", "not_an_object", "no_map", "question_at_limit",
    "not_resolved", "from_hub", "refused_type",
)  # fmt: skip
"""What XTuner makes of rows and files that were read; which XTuner stops is told case by case."""

KINDS |= dict.fromkeys(LOADING, FaultKind(rejects=False, classic=False, v1=False))
