"""Hold the auditor against the real XTuner, in environments of its own: ``python real_all.py FOLDER``.

0.2.0 and 0.1.23, on a CPU: the recorded results of every case, and a training of ten iterations with our hook.
V1 is on no package index; its cases were recorded once.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
PINS = {
    "0.2.0": ["xtuner==0.2.0", "torch==2.13.0", "transformers==4.48.0", "mmengine==0.10.6", "datasets==5.0.1",
              "bitsandbytes==0.45.0", "pyarrow==26.0.1"],
    "0.1.23": ["datasets==2.21.0", "pyarrow==16.1.0", "numpy==1.26.4"],
}  # fmt: skip
STUBS = {
    # PyPI's torchvision does not load beside a CPU build of torch, and XTuner wants three names of it.
    "torchvision/__init__.py": "from . import transforms\n__version__ = '0.0.0'\n",
    "torchvision/transforms/__init__.py": "from . import functional\nfrom .functional import InterpolationMode\n",
    "torchvision/transforms/functional.py": "class InterpolationMode:\n    BICUBIC = 'bicubic'\n",
    # 0.1.23 imports deepspeed, and uses it only where it is asked for.
    "deepspeed/__init__.py": "__version__ = '0.14.4'\n",
}


def environment(version: str, folder: Path) -> Path:
    """Make an environment, once; return its Python. That of 0.1.23 stands on that of 0.2.0."""
    home = folder / version
    python = home / "bin" / "python"
    if (home / "ready").exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PINS[version]], check=True)
    if version == "0.2.0":
        subprocess.run([str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "torchvision"], check=True)
    else:
        _unpacked(python, packages(home), folder)
    (home / "ready").touch()
    return python


def packages(home: Path) -> Path:
    """Return the folder of an environment's packages."""
    return next(home.glob("lib/python*/site-packages"))


def _unpacked(python: Path, site: Path, folder: Path) -> None:
    """Unpack 0.1.23, whose metadata refuse newer Pythons; what it needs besides comes from beside."""
    command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*command, "--python-version", "3.10", "--dest", str(folder), "xtuner==0.1.23"], check=True)
    with zipfile.ZipFile(next(folder.glob("xtuner-0.1.23*.whl"))) as wheel:
        wheel.extractall(site)
    (site / "beside.pth").write_text(f"{packages(folder / '0.2.0').resolve()}\n")


def run(python: Path, folder: Path, *arguments: str) -> str:
    """Run a script in an environment, with the stubs and the auditor in sight."""
    for name, text in STUBS.items():
        (folder / "stubs" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "stubs" / name).write_text(text)
    seen = os.pathsep.join([str((folder / "stubs").resolve()), str(REPOSITORY)])
    held = {**os.environ, "PYTHONPATH": seen, "HF_HOME": str((folder / "cache" / python.parts[-3]).resolve())}
    script, *rest = arguments
    done = subprocess.run(
        [str(python.absolute()), str(HERE / script), *rest],
        cwd=folder,
        env=held,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{script} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def agree(python: Path, folder: Path, target: str, kind: str, script: str) -> None:
    """Load every case of a kind, and compare with what was recorded."""
    told = run(python, folder, script, str(HERE / f"{kind}_cases.json"), "tiny")
    found = json.loads(told[told.index("\n{") :])
    recorded = json.loads((HERE / f"{kind}_recorded.json").read_bytes())[target]
    differing = [name for name in recorded if recorded[name]["rows"] != found[name]["rows"]]
    print(f"{target}: {len(recorded) - len(differing)} of {len(recorded)} {kind} cases as recorded {differing}")
    if differing:
        sys.exit(1)


def train(python: Path, folder: Path, version: str) -> None:
    """Train with our hook, and look at what it left."""
    work = folder / f"work_{version}"
    shutil.rmtree(work, ignore_errors=True)
    run(python, folder, "real_train.py", str(HERE / "real_hook_cfg.py"), "--work-dir", work.name)
    (written,) = work.glob("*/vis_data/evaluations.jsonl")
    entries = [json.loads(line) for line in written.read_text(encoding="utf-8").strip().split("\n")]
    names = {entry["config"] for entry in entries}
    assert names == {"plain", "firm", "greedy"}, names
    print(f"{version}: {len(entries)} evaluations with {len(names)} configurations")


def main(folder: Path) -> None:
    """Everything, one version after the other."""
    folder.mkdir(exist_ok=True)
    for version, target in (("0.2.0", "classic"), ("0.1.23", "classic-0.1.23")):
        python = environment(version, folder)
        if not (folder / "tiny").exists():
            run(python, folder, "real_tiny.py", ".")
        agree(python, folder, target, "classic", "real_classic.py")
        agree(python, folder, target, "loader", "real_loaders.py")
        train(python, folder, version)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
