"""Everything from nothing: render, features, wav2vec2, encoder, captions, export, evaluation.

    python -m training.run                      # from the folder python/, resumable
    python -m training.run --only wav2vec2      # one stage (wav2vec2, encoder or joint) and its export

Every stage continues from its newest checkpoint; a stage that is finished is only read.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable

import torch

from training.cache import training_folder
from training.stages import TRAIN_CLIPS, encoder_stage, joint_stage, wav2vec2_stage

TEST_CLIPS = 1_500
TRAINERS: dict[str, Callable[[], object]] = {
    "wav2vec2": wav2vec2_stage,
    "encoder": encoder_stage,
    "joint": joint_stage,
}


def _python(*arguments: str) -> None:
    """Runs another module of the recipe and stops when it fails."""
    print("+ python -m", " ".join(arguments), flush=True)
    subprocess.run([sys.executable, "-m", *arguments], check=True)


def main() -> int:
    """Runs the recipe, or one stage of it."""
    parser = argparse.ArgumentParser(description="Train gama-tiny and wav2vec2-tiny from nothing.")
    parser.add_argument("--only", choices=sorted(TRAINERS))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.only is not None:
        TRAINERS[options.only]()
        return 0
    print(f"cache: {training_folder()}", flush=True)
    _python("training.render", "--split", "test", "--clips", str(TEST_CLIPS))
    _python("training.render", "--split", "train", "--clips", str(TRAIN_CLIPS))
    for stage in ("wav2vec2", "encoder", "joint"):
        _python("training.run", "--only", stage, "--threads", str(options.threads))
    _python("training.evaluate", "--layers")
    _python("training.evaluate", "--split", "test", "--write")
    _python("training.evaluate", "--split", "samples", "--write")
    return 0


if __name__ == "__main__":
    sys.exit(main())
