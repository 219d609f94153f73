"""Class probes: can the class be read off frozen features, on sources that the probe never saw?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gama_operations.models.registry import load
from gama_operations.models.surface import AudioModel
from gama_operations.probes import ProbeOutcome, probe
from training.evaluate.clips import Clip
from training.evaluate.intervals import Difference, Score, difference, score

PROBES: tuple[Literal["linear", "knn"], ...] = ("linear", "knn")
BASELINES = ("fbank", "mfcc-20")
FOLDS, SEED = 5, 0


@dataclass(frozen=True)
class Row:
    """One probe: which features, which classifier, how good."""

    features: str
    layer: str
    probe: str
    outcome: ProbeOutcome

    @property
    def name(self) -> str:
        """Model and layer; a baseline has one layer, named like itself."""
        return self.features if self.layer == self.features else f"{self.features} {self.layer}"

    def as_score(self, clips: list[Clip]) -> dict[str, Any]:
        """The row of scores.json."""
        sources = [clip.source for clip in clips]
        found: Score = score([float(right) for right in self.outcome.correct], sources)
        return {"features": self.features, "layer": self.layer, "probe": self.probe, **found}


def embed_all(model: AudioModel, clips: list[Clip], layer: str | None = None) -> NDArray[np.float32]:
    """Mean-pooled features of all clips, [N, D]."""
    embeddings = model.embed([clip.waveform for clip in clips], layer=layer, pooling="mean")
    return np.stack([embedding.features for embedding in embeddings])


def probe_rows(name: str, layer: str, features: NDArray[np.float32], clips: list[Clip]) -> list[Row]:
    """Both probes of one kind of features, on the same source-disjoint folds for every kind."""
    labels, sources = [clip.label for clip in clips], [clip.source for clip in clips]
    return [
        Row(name, layer, kind, probe(features, labels, sources, kind=kind, folds=FOLDS, seed=SEED))
        for kind in PROBES
    ]


def model_rows(
    model: AudioModel, name: str, clips: list[Clip], layers: Sequence[str] | None = None
) -> list[Row]:
    """Both probes of some layers, by default of every one."""
    rows: list[Row] = []
    for layer in layers or model.info.layers:
        rows += probe_rows(name, layer, embed_all(model, clips, layer), clips)
        found = ", ".join(f"{row.probe} {row.outcome.accuracy:.3f}" for row in rows[-2:])
        print(f"  {name} {layer}: {found}", flush=True)
    return rows


def baseline_rows(clips: list[Clip]) -> list[Row]:
    """Mean and deviation over time of fbank and MFCC-20."""
    rows: list[Row] = []
    for name in BASELINES:
        model = load(name, device="cpu")
        rows += probe_rows(name, model.info.default_layer, embed_all(model, clips), clips)
    return rows


def best(rows: list[Row], kind: str) -> Row:
    """The row of a classifier with most right answers; the first of equals."""
    return max((row for row in rows if row.probe == kind), key=lambda row: row.outcome.accuracy)


def paired(first: Row, second: Row, clips: list[Clip]) -> dict[str, Any]:
    """How much more often the first probe is right than the second, by source."""
    a, b = ([float(right) for right in row.outcome.correct] for row in (first, second))
    found: Difference = difference(a, b, [clip.source for clip in clips])
    return {
        "a": first.name,
        "b": second.name,
        "probe": first.probe,
        **found,
    }


def choose_layer(rows: list[Row]) -> str:
    """The layer with the best mean accuracy over both probes; call it on training clips only."""
    layers = list(dict.fromkeys(row.layer for row in rows))
    return max(layers, key=lambda name: sum(row.outcome.accuracy for row in rows if row.layer == name))
