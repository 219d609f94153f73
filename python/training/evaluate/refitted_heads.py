"""What can be read linearly off each stage of GAMA: the ceiling of the stage behind it.

The heads of training do not ship, so they are fitted again: ridge regression from a stage's tokens to the
answer, on clips of training sources, judged on others. Shapes: N clips, S time tokens, Q queries, D width.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from gama_operations.models.gama.adapter import GamaModel
from gama_operations.probe_classifiers import CLASSIFIERS
from gama_operations.probe_folds import source_folds
from training.evaluate.clips import Clip
from training.gama.heads import heard_mean

CLIPS_AT_ONCE = 16
MOST_COMPONENTS = 384
"""Principal components of a flattened view: of 6,144 numbers most repeat each other."""
INNER_FOLDS, SEED = 4, 5
RIDGE = CLASSIFIERS["linear"]
Views = dict[str, NDArray[np.float32]]


@torch.inference_mode()
def stage_views(model: GamaModel, clips: list[Clip]) -> Views:
    """Per stage what a head may see: pooled or flattened tokens of each clip, [N, ...]."""
    audio = model.model.audio
    parts: dict[str, list[NDArray[np.float32]]] = {}
    for start in range(0, len(clips), CLIPS_AT_ONCE):
        waveforms = [clip.waveform for clip in clips[start : start + CLIPS_AT_ONCE]]
        frames = [model.frontend.frames_heard(waveform.shape[-1]) for waveform in waveforms]
        columns = torch.tensor([-(-number // model.folder.gama.patch_frames) for number in frames])
        encoded = audio.audio_encoder(model.frontend(waveforms))
        time_tokens = audio.audio_encoder.time_tokens(encoded.last)  # (B, S, D)
        tokens = audio.tokens(encoded)
        views = {
            "encoder, pooled": heard_mean(time_tokens, columns),
            "encoder, in time": time_tokens.flatten(1),
            "aggregator, in time": tokens.aggregator.flatten(1),
            "queries": tokens.qformer.flatten(1),
        }
        for name, rows in views.items():
            parts.setdefault(name, []).append(rows.numpy())
    return {name: np.concatenate(rows) for name, rows in parts.items()}


def reduced(fitted: Views, *others: Views) -> list[Views]:
    """Views standardised, and wide ones cut to principal components, by the clips of `fitted`."""
    found: list[Views] = [{} for _ in (fitted, *others)]
    for name, rows in fitted.items():
        scaler = StandardScaler().fit(rows)
        scaled = [np.asarray(scaler.transform(views[name])) for views in (fitted, *others)]
        components = min(MOST_COMPONENTS, len(rows) - 1)
        if rows.shape[1] > components:
            pca = PCA(components, svd_solver="randomized", random_state=SEED).fit(scaled[0])
            scaled = [np.asarray(pca.transform(one)) for one in scaled]
        for views, one in zip(found, scaled, strict=True):
            views[name] = one.astype(np.float32)
    return found


@dataclass(frozen=True)
class Labelled:
    """Rows of one question: features [N, D], the right answer and the source of each."""

    x: NDArray[np.float32]
    answers: list[str]
    sources: list[str]


def head_answers(known: Labelled, unseen: NDArray[np.float32]) -> list[str]:
    """Answers of a head fitted on `known`; its strength is chosen on one source-disjoint part of it."""
    x, new = known.x.astype(np.float64), unseen.astype(np.float64)
    classes, index = np.unique(np.asarray(known.answers), return_inverse=True)
    held = source_folds(np.asarray(known.answers), np.asarray(known.sources), INNER_FOLDS, SEED) == 0
    tried = RIDGE.answers(x[~held], index[~held], x[held], RIDGE.grid)
    right = [int((found.answers == index[held]).sum()) for found in tried]
    found = RIDGE.answers(x, index, new, [RIDGE.grid[int(np.argmax(right))]])[0]
    return classes[found.answers].tolist()
