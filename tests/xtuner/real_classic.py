"""Load every case with the XTuner of this environment; print what came of each as one JSON object.

Run by ``make xtuner`` in an environment of its own: ``python real_classic.py classic_cases.json tokenizer-folder``.
"""

import base64
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")


def main() -> None:
    """Load the cases one by one, each with its map function."""
    from datasets import load_dataset
    from transformers import AutoTokenizer
    from xtuner.dataset import map_fns, process_hf_dataset
    from xtuner.dataset.map_fns import template_map_fn_factory
    from xtuner.utils import PROMPT_TEMPLATE

    cases = json.loads(Path(sys.argv[1]).read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[2])
    template = {"type": template_map_fn_factory, "template": PROMPT_TEMPLATE.internlm2_chat}
    found = {}
    for name, case in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"data{case['suffix']}"
            path.write_bytes(base64.b64decode(case["base64"]) if "base64" in case else case["text"].encode())
            data = {"type": load_dataset, "path": "json", "data_files": {"train": str(path)}, "cache_dir": folder}
            try:
                loaded = process_hf_dataset(
                    dataset=data, tokenizer=tokenizer, max_length=512,
                    dataset_map_fn=getattr(map_fns, case["map_fn"]) if case["map_fn"] else None,
                    template_map_fn=template, remove_unused_columns=True, pack_to_max_length=False, map_num_proc=1,
                )  # fmt: skip
                found[name] = {"rows": len(loaded)}
            except BaseException as fault:  # noqa: BLE001  (whatever stops XTuner is the answer)
                root = fault
                found[name] = {"rows": None, "error": f"{type(root).__name__}: {root}".strip().splitlines()[0][:160]}
    sys.stdout.write("\n" + json.dumps(found, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
