"""What each of XTuner's map functions wants of a row, and how the auditor calls that shape."""

from typing import NamedTuple


class Map(NamedTuple):
    """One map function: the fields it needs on every row, and the dialects that rows for it may have."""

    fields: tuple[str, ...]
    dialects: tuple[str, ...]


# From the public documentation and the code of xtuner 0.1.23 and 0.2.0.
MAPS: dict[str, Map] = {
    "alpaca_map_fn": Map(("instruction", "input", "output"), ("alpaca",)),
    "alpaca_zh_map_fn": Map(("instruction_zh", "input_zh", "output_zh"), ("alpaca_zh",)),
    "arxiv_map_fn": Map(("abstract", "title"), ("arxiv",)),
    "code_alpaca_map_fn": Map(("prompt", "completion"), ("prompt_completion",)),
    "colors_map_fn": Map(("description", "color"), ("colors",)),
    "crime_kg_assitant_map_fn": Map(("input", "output"), ("input_output", "alpaca")),
    "default_map_fn": Map(("input", "output"), ("input_output", "alpaca")),
    "law_reference_map_fn": Map(("question", "answer"), ("question_answer", "sql")),
    "llava_map_fn": Map(("conversations",), ("sharegpt",)),
    "llava_image_only_map_fn": Map(("conversations",), ("sharegpt",)),
    "medical_map_fn": Map(("instruction", "input", "output"), ("alpaca",)),
    "msagent_react_map_fn": Map(("conversations",), ("sharegpt",)),
    "oasst1_map_fn": Map(("text",), ("oasst1", "text")),
    "openai_map_fn": Map(("messages",), ("messages",)),
    "openorca_map_fn": Map(("system_prompt", "question", "response"), ("question_response",)),
    "pretrain_map_fn": Map(("text",), ("text", "oasst1")),
    "sql_map_fn": Map(("context", "question", "answer"), ("sql",)),
    "stack_exchange_map_fn": Map(("question", "response"), ("question_response",)),
    "tiny_codes_map_fn": Map(("prompt", "response"), ("prompt_response",)),
    "wizardlm_map_fn": Map(("conversations",), ("sharegpt",)),
    "orpo_dpo_mix_40k_map_fn": Map(("chosen", "rejected"), ("preference",)),
    "intel_orca_dpo_map_fn": Map(("system", "question", "chosen", "rejected"), ("preference",)),
}
STANDARD = Map(("conversation",), ("conversation",))
"""What ``dataset_map_fn=None`` wants: XTuner's own form."""

REGISTRY = {"crime_kg_assitan": "crime_kg_assitant_map_fn"}
"""Names of the registry that are not simply the function without ``_map_fn``."""

BY_DIALECT = {
    "conversation": None, "alpaca": "alpaca_map_fn", "alpaca_zh": "alpaca_zh_map_fn", "arxiv": "arxiv_map_fn",
    "colors": "colors_map_fn", "messages": "openai_map_fn", "sharegpt": "wizardlm_map_fn", "sql": "sql_map_fn",
    "oasst1": "oasst1_map_fn", "text": "pretrain_map_fn", "prompt_completion": "code_alpaca_map_fn",
    "prompt_response": "tiny_codes_map_fn", "question_answer": "law_reference_map_fn",
    "question_response": "stack_exchange_map_fn", "input_output": "default_map_fn",
}  # fmt: skip
"""The map function that reads a dialect; absent where classic XTuner has none."""


def known(name: str | None) -> Map | None:
    """Return what a map function wants, by the function's or the registry's name; None for one that is not XTuner's.

    >>> known("alpaca").fields
    ('instruction', 'input', 'output')
    >>> known(None).dialects
    ('conversation',)
    """
    if name is None:
        return STANDARD
    last = name.rpartition(".")[2]
    return MAPS.get(last) or MAPS.get(REGISTRY.get(last, f"{last}_map_fn"))
