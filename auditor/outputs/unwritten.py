"""An audit as if it were a run folder, for those who read one and need no file of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from auditor.audit import Audit
from auditor.outputs import tables
from auditor.rule import Profile
from auditor.source import Source


@dataclass(frozen=True)
class Unwritten:
    """The tables of an audit, made when first asked for; ``summary`` is what would be written of it.

    ``sources`` are the inputs of the run that was judged, which the audit knows no more.
    """

    audit: Audit
    summary: Mapping[str, Any]
    sources: Sequence[Source]

    @property
    def profile(self) -> Profile:
        """The rules that were applied."""
        return self.audit.profile

    def columns(self, table: str, names: list[str]) -> pa.Table:
        """Return some columns of a table."""
        held: pa.Table = getattr(self, table)
        return held.select(names)

    @cached_property
    def samples(self) -> pa.Table:
        """One row for each sample."""
        return tables.samples(self.audit)

    @cached_property
    def findings(self) -> pa.Table:
        """One row for each rule met by a sample, a group or a line."""
        return tables.findings(self.audit)

    @cached_property
    def groups(self) -> pa.Table:
        """One row for each group."""
        return tables.groups(self.audit)

    @cached_property
    def members(self) -> pa.Table:
        """One row for each sample of each group."""
        return tables.members(self.audit)

    @cached_property
    def plan(self) -> pa.Table:
        """One row for each sample: keep or drop, and why."""
        return tables.fates(self.audit)
