"""Configurations are read, never run: XTuner's own, dumped ones, V1's, and hostile ones."""

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import InputError
from auditor.xtuner.config import Config, looks_like_one, read

HERE = Path(__file__).parent
HEAD = """
from datasets import load_dataset
from xtuner.dataset import ConcatDataset, process_hf_dataset
from xtuner.dataset.map_fns import alpaca_map_fn, openai_map_fn, template_map_fn_factory
from xtuner.engine.hooks import EvaluateChatHook
from xtuner.utils import PROMPT_TEMPLATE, SYSTEM_TEMPLATE
"""
V1_HEAD = """
import json, os
from xtuner.v1.datasets import OpenaiTokenizeFunctionConfig
from xtuner.v1.datasets.config import DataloaderConfig, DatasetConfig
from xtuner.v1.train import TrainerConfig
"""


def config(folder: Path, text: str, name: str = "cfg.py", **environment: str) -> Config:
    """Read a configuration of this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read(path, environment)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configurations that ship with xtuner 0.1.23."""
    import subprocess

    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run(
        [*command, "--python-version", "3.10", "--dest", str(folder), "xtuner==0.1.23"],
        check=False,
        capture_output=True,
    )
    found = list(folder.glob("xtuner-0.1.23*.whl"))
    if done.returncode or not found:
        pytest.skip("xtuner 0.1.23 cannot be downloaded here")
    with zipfile.ZipFile(found[0]) as packed:
        packed.extractall(folder)
    return folder / "xtuner" / "configs"


def test_every_shipped_configuration_resolves(wheel: Path) -> None:
    """All train configurations of xtuner 0.1.23: data sets, map functions and hooks, without a single unknown."""
    paths = [path for path in sorted(wheel.rglob("*.py")) if "train_dataloader" in path.read_text(encoding="utf-8")
             or "train_dataset" in path.read_text(encoding="utf-8")]  # fmt: skip
    configs = [read(path) for path in paths]
    datasets = [data for one in configs for data in one.datasets]
    hooks = [hook for one in configs for hook in one.hooks]
    assert (len(configs), len(datasets), len(hooks)) == (578, 719, 531)
    assert [str(one.path) for one in configs if one.unresolved] == []
    assert all(data.files or data.hub for data in datasets)
    assert all(hook.inputs and hook.every for hook in hooks)
    assert {one.target for one in configs} == {"classic"}


def test_classic(tmp_path: Path) -> None:
    """Several data sets, names, sums of strings, and the hook's settings."""
    one = config(tmp_path, HEAD + """
root = './data/'
max_length = int(2048 - (336 / 14)**2)
a = dict(type=process_hf_dataset, dataset=dict(type=load_dataset, path='json', data_files=dict(train=root + 'a.json')),
         max_length=max_length, dataset_map_fn=alpaca_map_fn,
         template_map_fn=dict(type=template_map_fn_factory, template=PROMPT_TEMPLATE.qwen_chat))
hub = dict(type=load_dataset, path='org/name')
b = dict(type=process_hf_dataset, dataset=hub, dataset_map_fn='xtuner.x.openai_map_fn')
train_dataset = dict(type=ConcatDataset, datasets=[a, b])
train_dataloader = dict(batch_size=1, dataset=train_dataset)
every = 100
every *= 5
custom_hooks = [dict(type=EvaluateChatHook, every_n_iters=every, evaluation_inputs=['问' '题'],
                     system=SYSTEM_TEMPLATE.coder, generation_kwargs=dict(repetition_penalty=1.2))]
custom_hooks += []
""")  # fmt: skip
    first, second = one.datasets
    assert (first.files, first.max_length, first.template) == (["./data/a.json"], 1472, "qwen_chat")
    assert first.map_fn == "xtuner.dataset.map_fns.alpaca_map_fn"
    assert (second.hub, second.files) == ("org/name", [])
    assert (one.hooks[0].every, one.hooks[0].inputs) == (500, ["问题"])
    assert one.hooks[0].system == "xtuner.utils.SYSTEM_TEMPLATE.coder"
    assert one.hooks[0].generation == {"repetition_penalty": 1.2}
    assert one.unresolved == []


@pytest.mark.parametrize("name", ["hook_0.2.0", "hook_0.1.23", "classic_0.2.0"])
def test_dumped(name: str) -> None:
    """The copy that a run leaves in its work folder says the same as the source."""
    path = next((HERE / "work_dirs" / name).glob("*/vis_data/config.py"))
    one = read(path)
    assert [list(data.files) for data in one.datasets] == [["./data/conv.jsonl"]]
    assert one.datasets[0].template == "internlm2_chat"


def test_read_base(tmp_path: Path) -> None:
    """Files beside the configuration are read, and only read."""
    (tmp_path / "base.py").write_text("data_path = 'x.jsonl'\nmaximum = 512\n")
    one = config(tmp_path, HEAD + """
from mmengine.config import read_base
with read_base():
    from .base import *
    from .map_fn import mine
train_dataloader = dict(dataset=dict(type=process_hf_dataset, max_length=maximum, dataset_map_fn=mine,
    dataset=dict(type=load_dataset, path='json', data_files=data_path)))
""")  # fmt: skip
    assert (one.datasets[0].files, one.datasets[0].max_length) == (["x.jsonl"], 512)
    assert one.datasets[0].custom


def test_what_is_not_known_is_named_with_its_line(tmp_path: Path) -> None:
    """A path that only running could tell is no reason to give up on the rest."""
    one = config(tmp_path, HEAD + """
import glob
train_dataloader = dict(dataset=dict(type=process_hf_dataset,
    dataset=dict(type=load_dataset, path='json', data_files=sorted(glob.glob('*.json')))))
""")  # fmt: skip
    assert [(entry.line, entry.what) for entry in one.unresolved] == [(10, "dataset")]


def test_v1(tmp_path: Path) -> None:
    """Literal paths, environment variables by --env only, and a JSON list of data sets that the file loops over."""
    (tmp_path / "meta.json").write_text('{"recipes": {"annotation": "r.jsonl", "sample_ratio": 2.0}}')
    text = (
        V1_HEAD
        + f"""
path = os.environ["DATA"]
tokenize = OpenaiTokenizeFunctionConfig(chat_template="qwen3", max_length=4096)
data = [{{"dataset": DatasetConfig(anno_path=path, cache_tag="v1"), "tokenize_fn": tokenize}}]
with open({str(tmp_path / "meta.json")!r}) as f:
    found = json.load(f)
for name, entry in found.items():
    data.append({{"dataset": DatasetConfig(name=name, anno_path=entry["annotation"],
                 sample_ratio=entry.get("sample_ratio", 1.0)), "tokenize_fn": tokenize}})
trainer = TrainerConfig(dataloader_cfg=DataloaderConfig(dataset_config_list=data, pack_max_length=4096))
"""
    )
    unbound = config(tmp_path, text)
    assert unbound.target == "v1"
    assert [(entry.line, entry.values) for entry in unbound.unresolved] == [(7, {"name": "DATA"})]
    bound = config(tmp_path, text, DATA="d.jsonl")
    assert [(list(data.files), data.times, data.max_length) for data in bound.datasets] == [
        (["d.jsonl"], 1.0, 4096),
        (["r.jsonl"], 2.0, 4096),
    ]
    assert bound.datasets[0].cache_tag == "v1"
    assert not bound.unresolved
    assert looks_like_one(tmp_path / "meta.json")
    assert [list(data.files) for data in read(tmp_path / "meta.json").datasets] == [["r.jsonl"]]
    (tmp_path / "rows.json").write_text('[{"messages": []}]')
    assert not looks_like_one(tmp_path / "rows.json")


class Watch:
    """Hears what the interpreter is asked to do; there is no way to stop hearing, so it can be deaf."""

    def __init__(self) -> None:
        self.on = False
        self.heard: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what would run or write."""
        writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
        if self.on and (writes or event in {"exec", "os.system", "subprocess.Popen", "import", "os.remove"}):
            self.heard.append(event)


@pytest.fixture(scope="session")
def watch() -> Watch:
    """One audit hook for the session."""
    made = Watch()
    sys.addaudithook(made)
    return made


CANARIES = [
    "import os\nos.system('touch {canary}')\n",
    "open('{canary}', 'w').write('x')\n",
    "__import__('pathlib').Path('{canary}').touch()\n",
    "exec(\"open('{canary}', 'w')\")\n",
    "class A(metaclass=type('M', (type,), dict(__new__=lambda *a: open('{canary}', 'w')))):\n    pass\n",
    "x = [c for c in ().__class__.__base__.__subclasses__() if open('{canary}', 'w')]\n",
    "x = '{{0.__class__}}'.format(1)\ndata_path = f'{{open(\"{canary}\", \"w\")!r}}'\n",
    "from pathlib import Path\nPath('{canary}').write_text('x')\n",
]


@pytest.mark.parametrize("body", CANARIES)
def test_nothing_runs(body: str, tmp_path: Path, watch: Watch) -> None:
    """A configuration that would run code creates no file, and the interpreter is asked for nothing."""
    canary = tmp_path / "canary"
    path = tmp_path / "cfg.py"
    path.write_text(HEAD + body.format(canary=canary) + "train_dataloader = dict(dataset=dict(data_path='a.jsonl'))\n")
    read(path)  # whatever is imported late is imported now
    watch.heard.clear()
    watch.on = True
    try:
        one = read(path)
    finally:
        watch.on = False
    assert watch.heard == []
    assert not canary.exists()
    assert one.datasets[0].files == ["a.jsonl"]


@pytest.mark.parametrize(
    "body",
    [
        "x = 9 ** 9 ** 9",
        "x = 'a' * 10 ** 9",
        "x = [0] * 10 ** 9",
        "for i in range(10000):\n    for j in range(10000):\n        x = j",
    ],
)
def test_greed_ends(body: str, tmp_path: Path) -> None:
    """What would take endless time or memory is refused."""
    with pytest.raises(InputError, match="asks for too much"):
        config(tmp_path, body)


def test_broken_python(tmp_path: Path) -> None:
    """A syntax error is an error with its line."""
    with pytest.raises(InputError, match=r"cfg.py:2: no Python"):
        config(tmp_path, "x = 1\ny = (\n")
    with pytest.raises(InputError):
        config(tmp_path, "x = " + "(" * 5000 + ")" * 5000)


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths lead into the test's own folder."""
    monkeypatch.chdir(tmp_path)
