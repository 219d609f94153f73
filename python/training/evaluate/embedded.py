"""Features of probe sets, kept in the cache so that an evaluation can go on in another session."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gama_operations.models.registry import load
from gama_operations.models.surface import AudioModel
from training.cache import training_folder
from training.evaluate.chosen import Candidate
from training.evaluate.layers import Layers, layer_statistics
from training.evaluate.probe_sets import ProbeSet
from training.evaluate.probing import BASELINES, PROBES
from training.fingerprint import code_id, short_hash

MODELS = Path(__file__).parents[2] / "src" / "gama_operations" / "models"
POOLINGS = ("mean", "mean_std")


def embedded(model: AudioModel, clips: ProbeSet) -> Layers:
    """Mean and standard deviation over time of every layer, [N, 2 D]; from the cache where they are.

    The cache's key holds the samples, revision and kind of the weights, and the code of the models.
    """
    info = model.info
    parts = (clips.audio_id(), info.model_id, info.revision, info.weights)
    key = short_hash(*parts, code_id(sorted(MODELS.rglob("*.py"))))
    path = training_folder() / "embedded" / f"{info.model_id}-{key}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = list(layer_statistics(model, clips.waveforms))
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **{layer: np.stack([row[layer] for row in rows]) for layer in rows[0]})
        partial.replace(path)
    with np.load(path) as found:
        return {layer: found[layer] for layer in found.files}


def candidates_of(model: AudioModel, name: str, clips: ProbeSet) -> dict[Candidate, NDArray[np.float32]]:
    """Layers × poolings × classifiers of one model."""
    return {
        Candidate(name, layer, pooling, kind): rows[:, : rows.shape[1] // 2] if pooling == "mean" else rows
        for layer, rows in embedded(model, clips).items()
        for pooling in POOLINGS
        for kind in PROBES
    }


def baseline_candidates(clips: ProbeSet) -> dict[Candidate, NDArray[np.float32]]:
    """{fbank, MFCC-20} × {ridge, kNN}, mean and deviation over time."""
    return {
        Candidate(name, name, "mean_std", kind): rows
        for name in BASELINES
        for rows in embedded(load(name, device="cpu"), clips).values()
        for kind in PROBES
    }
