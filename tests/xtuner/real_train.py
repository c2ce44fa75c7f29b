"""Train for ten iterations with XTuner's own command: ``python real_train.py CONFIG --work-dir FOLDER``."""

import sys

import torch

if not hasattr(torch.cpu, "is_bf16_supported"):  # XTuner asks a CPU build for what it does not have
    torch.cpu.is_bf16_supported = lambda: False

from xtuner.tools import train

sys.argv = [train.__file__, *sys.argv[1:]]
train.main()
