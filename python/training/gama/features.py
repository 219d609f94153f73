"""Log-mel features of all training clips, computed once with the project's own frontend."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.frontend import MelFrontend, frame_count
from training.shards import Shards

FRAMES, MELS = 512, 128
FRAME_SECONDS = 0.01


@dataclass(frozen=True)
class Features:
    """Un-normalised log-mel of many clips.

    Attributes:
        log_mel: float16 [N, 512, 128]; zeros after a clip's end, which is how GAMA pads.
        columns: heard time patches of each clip, [N].
        mean: mean over real frames.
        std: standard deviation over real frames.
    """

    log_mel: NDArray[np.float16]
    columns: NDArray[np.int64]
    mean: float
    std: float

    def rows(self, indices: NDArray[np.int64]) -> Tensor:
        """Normalised features of some clips, [B, 512, 128] float32."""
        return (torch.from_numpy(self.log_mel[indices]).float() - self.mean) / self.std


def _compute(shards: Shards, path: Path) -> None:
    """Writes the features of every clip to `path`, which appears whole or not at all."""
    frontend = MelFrontend(GamaConfig(target_frames=FRAMES))
    partial = path.with_suffix(".partial.npy")
    shape = (len(shards), FRAMES, MELS)
    rows = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=shape)
    for index in range(len(shards)):
        waveform = torch.from_numpy(shards.waveform(index))
        mel = frontend.log_mel(waveform - waveform.mean())[:FRAMES]
        rows[index, : len(mel)] = mel.numpy()
        if index % 4_000 == 0:
            print(f"features {index}/{len(shards)}", flush=True)
    rows.flush()
    partial.replace(path)


@torch.inference_mode()
def load_features(shards: Shards, path: Path, *, patch_frames: int) -> Features:
    """Features of all clips, computed into `path` on the first call; mean and std over 2,000 spread clips."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _compute(shards, path)
    log_mel = np.load(path, mmap_mode="r")
    frames = np.array([frame_count(shards.samples(index)) for index in range(len(shards))])
    frames = np.minimum(frames, FRAMES)
    chosen = np.linspace(0, len(shards) - 1, min(2_000, len(shards))).astype(int)
    real = np.concatenate([log_mel[index, : frames[index]].astype(np.float32).ravel() for index in chosen])
    mean, std = round(float(real.mean()), 4), round(float(real.std()), 4)
    return Features(log_mel, -(-frames // patch_frames), mean, std)
