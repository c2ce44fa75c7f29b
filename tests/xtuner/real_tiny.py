"""Make a tokenizer and a model so small that training them takes seconds: ``python real_tiny.py FOLDER``."""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]


def main(folder: Path) -> None:
    """Write ``data/conv.jsonl``, one of whose answers loops, and the model ``tiny``."""
    rows = [
        {
            "conversation": [
                {"system": "你是一个助手", "input": f"请介绍第{n}个景点", "output": f"第{n}个景点是外滩。Number {n}."}
            ]
        }
        for n in range(40)
    ]
    rows[3]["conversation"][0]["output"] = "好的" * 200
    (folder / "data").mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "data" / "conv.jsonl").write_text(text, encoding="utf-8")
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL, initial_alphabet=alphabet)
    made.train([str(folder / "data" / "conv.jsonl")], trainer)
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=made, additional_special_tokens=SPECIAL[3:], **names)
    fast.save_pretrained(folder / "tiny")
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ids = {"bos_token_id": fast.bos_token_id, "eos_token_id": fast.eos_token_id, "pad_token_id": fast.pad_token_id}
    config = LlamaConfig(vocab_size=len(fast), max_position_embeddings=1024, **shape, **ids)
    LlamaForCausalLM(config).save_pretrained(folder / "tiny")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
