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
from training.stages import SCENES, WORD_CLIPS, encoder_stage, joint_stage, wav2vec2_stage

TEST_CLIPS = 1_500
TRAINERS: dict[str, Callable[[], object]] = {
    "wav2vec2": wav2vec2_stage,
    "encoder": encoder_stage,
    "joint": joint_stage,
}


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    """Starts another module of the recipe."""
    print("+ python -m", " ".join(arguments), flush=True)
    return subprocess.Popen([sys.executable, "-m", *arguments])


def _finish(*processes: subprocess.Popen[bytes]) -> None:
    """Waits for processes; when one fails, ends the others and stops.

    Raises:
        SystemExit: one of them failed.
    """
    for process in processes:
        if process.wait() != 0:
            for other in processes:
                other.terminate()
            raise SystemExit(f"{' '.join(map(str, process.args[1:]))} ended with {process.returncode}")


def _train(threads: int) -> None:
    """wav2vec2 beside encoder and captions, as the shipped weights were trained."""
    share = str(max(1, threads // 2))
    beside = _start("training.run", "--only", "wav2vec2", "--threads", share)
    _finish(_start("training.run", "--only", "joint", "--threads", share), beside)


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
    for split, clips in (("test", TEST_CLIPS), ("train", SCENES), ("words", WORD_CLIPS)):
        _finish(_start("training.render", "--split", split, "--clips", str(clips)))
    _train(options.threads)
    _finish(_start("training.evaluate", "--layers"))
    for split in ("test", "samples"):
        _finish(_start("training.evaluate", "--split", split, "--write"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
