"""Clips of an evaluation, from the shipped samples or from rendered test shards."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gama_operations.audio import decode, resample
from training.clip_folders import clips_folder
from training.samples import SAME_RECORDING, meta_of_labels
from training.shards import SAMPLE_RATE, open_shards

REPOSITORY = Path(__file__).parents[3]
SAMPLES = REPOSITORY / "datasets" / "samples" / "manifest.jsonl"


@dataclass(frozen=True)
class Clip:
    """One clip of sources that were not in training.

    Attributes:
        id: its name.
        waveform: [1, T] float32 at 16 kHz.
        meta: what was rendered.
        source: source of the first event (preset, voice, parameter seed); what intervals count.
    """

    id: str
    waveform: NDArray[np.float32]
    meta: dict[str, Any]
    source: str

    @property
    def label(self) -> str:
        """Class of the first event."""
        return str(self.meta["events"][0]["class"])

    @property
    def kind(self) -> str:
        """`instrument`, `effect` or `speech`: the three unseen groups."""
        return str(self.meta["events"][0]["kind"])

    @property
    def single(self) -> bool:
        """One event only, perhaps over a background: what a class probe can be asked."""
        return len(self.meta["events"]) == 1


def cluster_of(source: str) -> str:
    """What intervals count as one source: a speaker in all languages, a recording under all its presets."""
    if source.startswith("voice:"):
        return f"voice:{source.partition('+')[2]}"
    preset = source.removeprefix("preset:")
    # a variation bank plays the recording of its first bank
    return f"preset:0-{preset.partition('-')[2]}" if preset in SAME_RECORDING else source


def sample_clips(limit: int | None = None) -> list[Clip]:
    """The clips of datasets/samples."""
    rows = [json.loads(line) for line in SAMPLES.read_text().splitlines()][:limit]
    clips: list[Clip] = []
    for row in rows:
        waveform = resample(decode(SAMPLES.parent / row["path"]), SAMPLE_RATE)
        clips.append(Clip(row["id"], waveform, meta_of_labels(row["labels"]), row["clusterId"]))
    return clips


def held_out_clips(limit: int | None = None) -> list[Clip]:
    """The rendered test clips of the cache."""
    shards = open_shards(clips_folder("test"), clips=limit)
    return [
        Clip(meta["id"], shards.waveform(index)[None], meta, cluster_of(meta["events"][0]["source"]))
        for index, meta in enumerate(shards.metas)
    ]


def train_clips(limit: int, *, single: bool = True) -> list[Clip]:
    """The first training clips, by default those with one event: what layers are chosen on."""
    shards = open_shards(clips_folder("train"))
    chosen = [n for n, meta in enumerate(shards.metas) if not single or len(meta["events"]) == 1][:limit]
    return [
        Clip(meta["id"], shards.waveform(index)[None], meta, cluster_of(meta["events"][0]["source"]))
        for index, meta in ((index, shards.metas[index]) for index in chosen)
    ]
