"""Train a policy on toy recordings and, if told so, be killed at a step: a process of its own.

python tests/killed_policy.py FOLDER [STEP | --resume]
"""

import os
import signal
import sys
from pathlib import Path

import torch

from models.policy_recipe import PolicyProgress, PolicyTrainingSettings
from models.policy_training import train_policy
from tests.factories import practice_profile
from tests.toy_play import ToyEyes, quick_fit, tiny_detector

folder, *how = sys.argv[1:]
torch.manual_seed(0)


def die(progress: PolicyProgress) -> None:
    if how and f"step {how[0]} of" in progress.note:
        os.kill(os.getpid(), signal.SIGKILL)


train_policy(
    sorted(Path(folder).glob("*.h5")),
    profile=practice_profile(),
    detector=tiny_detector(practice_profile()),
    out=Path(folder) / "run",
    settings=PolicyTrainingSettings(
        fit=quick_fit(steps=24, checks=3), validation_fraction=0.0, device="cpu", threads=1
    ),
    eyes=ToyEyes(),
    resume=how == ["--resume"],
    on_progress=die,
)
