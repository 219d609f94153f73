"""Rendered clips of one split, read where they lie: int16 shards and their JSON lines."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
PADDED = 80_000
"""Samples of a row of a shard: 5 s, the clip first, zeros after."""


@dataclass(frozen=True)
class Shards:
    """Clips of one split in the order of their shard names.

    Attributes:
        arrays: one memory-mapped int16 array [clips, 80000] per shard.
        metas: what was rendered, per clip; `samples` is the clip's true length.
        starts: index of each shard's first clip.
    """

    arrays: list[NDArray[np.int16]]
    metas: list[dict[str, Any]]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.metas)

    def _row(self, index: int) -> NDArray[np.int16]:
        shard = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.arrays[shard][index - int(self.starts[shard])]

    def samples(self, index: int) -> int:
        """True length of a clip, in samples."""
        return int(self.metas[index]["samples"])

    def waveform(self, index: int) -> NDArray[np.float32]:
        """A clip without its padding, shape [T], float32 in [-1, 1]."""
        return self.crop(index, 0, self.samples(index))

    def crop(self, index: int, start: int, length: int) -> NDArray[np.float32]:
        """`length` samples from `start` on, shape [length], float32 in [-1, 1]."""
        return self._row(index)[start : start + length].astype(np.float32) / 32767.0


def joined(*parts: Shards) -> Shards:
    """Several sets of clips as one, in this order."""
    arrays = [array for part in parts for array in part.arrays]
    sizes = [len(array) for array in arrays]
    metas = [meta for part in parts for meta in part.metas]
    if sum(sizes) != len(metas):
        raise ValueError(
            f"{sum(sizes)} clips in shards, {len(metas)} described: open whole shards to join them"
        )
    return Shards(arrays, metas, np.cumsum([0, *sizes[:-1]]))


def open_shards(folder: Path, *, clips: int | None = None) -> Shards:
    """Opens the finished shards in `folder`; `clips` keeps only the first so many.

    Raises:
        FileNotFoundError: there is no finished shard.
    """
    arrays: list[NDArray[np.int16]] = []
    metas: list[dict[str, Any]] = []
    starts: list[int] = []
    for described in sorted(folder.glob("*.jsonl")):
        if clips is not None and len(metas) >= clips:
            break
        starts.append(len(metas))
        arrays.append(np.load(described.with_suffix(".npy"), mmap_mode="r"))
        metas.extend(json.loads(line) for line in described.read_text().splitlines())
    if not metas:
        raise FileNotFoundError(f"no shards in {folder}: run `python -m training.render` first")
    return Shards(arrays, metas[:clips], np.array(starts))
