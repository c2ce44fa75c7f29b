"""Load every case with XTuner's other classic loaders; print what came of each as one JSON object.

Run by ``make xtuner`` in an environment of its own: ``python real_loaders.py loader_cases.json tokenizer-folder``.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")


def load(loader, path, tokenizer, template):  # noqa: ANN001  (types of the real XTuner)
    """Return how many rows a loader makes of a file; InternVL's turns are read too, as training would read them."""
    from xtuner.dataset import intern_repo, internvl_dataset, moss_sft, refcoco_json
    from xtuner.dataset.llava import LLaVADataset
    from xtuner.dataset.map_fns import llava_map_fn, template_map_fn_factory

    mapped = {"type": template_map_fn_factory, "template": template}
    kept = {"image_folder": ".", "image_processor": SimpleNamespace(), "tokenizer": tokenizer, "max_length": 512}
    kept |= {"dataset_map_fn": llava_map_fn, "template_map_fn": mapped}
    if loader == "MOSSSFTDataset":
        return len(moss_sft.MOSSSFTDataset(path, tokenizer, max_length=512))
    if loader == "LLaVADataset":
        return len(LLaVADataset(data_path=path, **kept))
    if loader in {"RefCOCOJsonDataset", "InvRefCOCOJsonDataset"}:
        return len(getattr(refcoco_json, loader)(data_path=path, **kept))
    if loader == "load_intern_repo_untokenized_dataset":
        found = intern_repo.load_intern_repo_untokenized_dataset(
            folder=str(Path(path).parent), tokenizer=tokenizer, max_length=512, template_map_fn=mapped
        )
        return sum(map(len, found))
    import torchvision.transforms as shapes

    for name in ("Compose", "Lambda", "Resize", "ToTensor", "Normalize"):
        setattr(shapes, name, lambda *_args, **_more: None)
    model = SimpleNamespace(architectures=["InternLM2ForCausalLM"])
    about = dict(
        min_dynamic_patch=1, max_dynamic_patch=2, downsample_ratio=0.5, force_image_size=28, use_thumbnail=True
    )
    config = SimpleNamespace(llm_config=model, vision_config=SimpleNamespace(patch_size=14), **about)
    internvl_dataset.AutoConfig = SimpleNamespace(from_pretrained=lambda *_args, **_more: config)
    internvl_dataset.AutoTokenizer = SimpleNamespace(from_pretrained=lambda *_args, **_more: tokenizer)
    data = internvl_dataset.InternVL_V1_5_Dataset("tiny", template, path, ".", 1, 512)
    for row in data.data:
        image = row.get("image")
        if isinstance(image, list | tuple):
            assert len(image) == 1
        data.get_inputid_labels(row["conversations"], "<img></img>" if image else None)
    return len(data)


def main():
    """Load the cases one by one."""
    from transformers import AutoTokenizer
    from xtuner.utils import PROMPT_TEMPLATE

    cases = json.loads(Path(sys.argv[1]).read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[2])
    found = {}
    for name, case in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"data{case['suffix']}"
            path.write_text(case["text"], encoding="utf-8")
            try:
                rows = load(case["loader"], str(path), tokenizer, PROMPT_TEMPLATE.internlm2_chat)
                found[name] = {"rows": rows}
            except BaseException as fault:  # noqa: BLE001  (whatever stops XTuner is the answer)
                found[name] = {"rows": None, "error": f"{type(fault).__name__}: {fault}".splitlines()[0][:160]}
    sys.stdout.write("\n" + json.dumps(found, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
