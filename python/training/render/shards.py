"""Shards of rendered clips on disk: int16 [n, 80000] zero-padded, with one line of metadata a clip."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from training.clip_folders import ClipSet, clips_folder
from training.render.scene import Clip, render_clip
from training.render.words import render_words

SHARD_CLIPS = 1000
PADDED_SAMPLES = 80_000


def _render(split: ClipSet, seed: int) -> Clip:
    return render_words(seed) if split == "words" else render_clip(seed, split)


def shard_paths(split: ClipSet, shard: int) -> tuple[Path, Path]:
    """Paths of a shard's samples (.npy) and metadata (.jsonl)."""
    folder = clips_folder(split)
    return folder / f"{shard:04d}.npy", folder / f"{shard:04d}.jsonl"


def write_shard(split: ClipSet, shard: int, clips: int) -> int:
    """Render clips `shard * 1000 …` and write them; the .jsonl comes last and marks the shard as complete.

    Returns:
        Number of silent renders that were drawn again.
    """
    wave_path, meta_path = shard_paths(split, shard)
    wave_path.parent.mkdir(parents=True, exist_ok=True)
    waves = np.zeros((clips, PADDED_SAMPLES), np.int16)
    lines: list[bytes] = []
    rejected = 0
    for row in range(clips):
        clip = _render(split, shard * SHARD_CLIPS + row)
        n = min(len(clip.waveform), PADDED_SAMPLES)
        waves[row, :n] = np.round(clip.waveform[:n] * 32767).astype(np.int16)
        rejected += len(clip.meta["rejected"])
        lines.append(orjson.dumps(clip.meta | {"samples": n}))
    partial = wave_path.with_suffix(".partial.npy")
    np.save(partial, waves)
    partial.replace(wave_path)
    partial_meta = meta_path.with_suffix(".partial")
    partial_meta.write_bytes(b"\n".join(lines) + b"\n")
    partial_meta.replace(meta_path)
    return rejected


def is_complete(split: ClipSet, shard: int, clips: int) -> bool:
    """Whether a shard with this number of clips is on disk."""
    wave_path, meta_path = shard_paths(split, shard)
    return wave_path.is_file() and meta_path.is_file() and meta_path.read_bytes().count(b"\n") == clips


def read_shard(split: ClipSet, shard: int) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Memory-mapped samples int16 [n, 80000] and metadata rows of one shard."""
    wave_path, meta_path = shard_paths(split, shard)
    return np.load(wave_path, mmap_mode="r"), [
        orjson.loads(line) for line in meta_path.read_bytes().splitlines()
    ]
