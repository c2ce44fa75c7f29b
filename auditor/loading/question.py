"""What is asked about a file: which XTuner reads it, and how."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from auditor.faults import CLASSIC, V1
from auditor.loading.maps import BY_DIALECT, known
from auditor.vocab import Counter

Target = Literal["classic", "classic-0.1.23", "v1"]


@dataclass(frozen=True)
class Question:
    """Which XTuner, and how it reads the rows of a file."""

    target: Target = "classic"
    map_fn: str | None = None
    """Classic: the map function's name, ``None`` for XTuner's own form; V1: the tokenising function's."""
    loader: str = "load_dataset"
    template: str | None = None
    max_length: int | None = None
    count: Counter | None = field(default=None, compare=False)
    """Counts a model's tokens; without it lengths are estimates."""

    @property
    def stops(self) -> int:
        """The bit of the XTuner that is asked about."""
        return V1 if self.target == "v1" else CLASSIC

    @property
    def needed(self) -> frozenset[str]:
        """Fields that classic XTuner needs on every row."""
        wanted = known(self.map_fn) if self.target != "v1" else None
        extra = {"id"} if self.loader == "LLaVADataset" else set()
        return frozenset({*wanted.fields, *extra}) if wanted else frozenset()

    @property
    def dialects(self) -> frozenset[str]:
        """The dialects that rows may have; empty where any may be right."""
        if self.target == "v1":
            return V1_DIALECTS.get(kind_of(self.map_fn), frozenset())
        wanted = known(self.map_fn)
        if wanted is None or "preference" in self.loader:
            return frozenset()
        return frozenset(wanted.dialects)


def kind_of(map_fn: str | None) -> str:
    """Return what a V1 tokenising function reads: openai, pretrain, ftdp, tokenized or rl; custom for any other.

    >>> kind_of("xtuner.v1.datasets.FTDPTokenizeFnConfig"), kind_of(None), kind_of("mine")
    ('ftdp', 'openai', 'custom')
    """
    return "openai" if map_fn is None else TOKENIZERS.get(map_fn.rpartition(".")[2], "custom")


TOKENIZERS = {
    "OpenaiTokenizeFunctionConfig": "openai", "PretrainTokenizeFunctionConfig": "pretrain",
    "LongTextPretrainTokenizeFunctionConfig": "pretrain", "FTDPTokenizeFnConfig": "ftdp",
    "FtdpTokenizedDataMapping": "tokenized", "InternS1VLTokenizeFnConfig": "openai",
    "Qwen3VLTokenizeFnConfig": "openai", "RLTextTokenizeFnConfig": "rl", "RLQwen3VLTokenizeFnConfig": "rl",
}  # fmt: skip

MESSAGES = frozenset({"messages", "dialogs", "bare_messages"})
V1_DIALECTS = {"openai": MESSAGES, "ftdp": MESSAGES}


@lru_cache(maxsize=64)
def asked(dialect: str) -> tuple[Question, ...]:
    """Return how the rows of a dialect may be read where no configuration says."""
    classic = [Question("classic", BY_DIALECT[dialect])] if dialect in BY_DIALECT else []
    v1 = [Question("v1", "OpenaiTokenizeFunctionConfig")] if dialect in MESSAGES else []
    return (*classic, *v1)
