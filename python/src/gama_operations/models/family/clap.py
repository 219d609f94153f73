"""The audio tower of CLAP (LAION; Wu et al., ICASSP 2023): 10 s at 48 kHz through a Swin transformer.

`projection` is what CLAP compares with texts, `pooler` what it is made of: neither has time. `encoder` is the
end of the tower, and `hidden.N` stands after stage N (`hidden.0`: the patches); a time step is the mean over
its frequencies. A short clip is repeated until the window is full, as in the training: `projection` and
`pooler` hear all of that, the others are given back for the first time only.

Two things that the feature extractor draws at random are not left to it: clips are cut to the window before
it sees them, and none is marked as longer than it is (in the fused models it marks one of each batch).
"""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor
from transformers import (
    ClapAudioConfig,
    ClapAudioModelWithProjection,
    ClapConfig,
    ClapFeatureExtractor,
    PreTrainedModel,
)

from gama_operations.models.family.folder import FamilyFolder
from gama_operations.models.family.names import ReadFile, check_names
from gama_operations.models.family.window_encoder import CLIPS_AT_ONCE, Samples, WindowEncoder

WITHOUT_TIME = ("pooler", "projection")
TEXT_HALF = r"text_model\.|text_projection\.|logit_scale_[at]$"


class ClapTower:
    """The tower, its projection and the feature extractor."""

    def __init__(self, model: PreTrainedModel, extractor: ClapFeatureExtractor) -> None:
        self.model = model
        self._extractor: Any = extractor
        config = cast("ClapAudioConfig", model.config)
        self._folds = config.spec_size // config.num_mel_bins

    def features(self, samples: Samples) -> Mapping[str, Tensor]:
        """Log-mel [1, 1 or 4, frames, bins] of a whole window."""
        made = self._extractor(samples, sampling_rate=self._extractor.sampling_rate, return_tensors="pt")
        return {"input_features": made["input_features"], "is_longer": torch.zeros(1, 1, dtype=torch.bool)}

    def states(self, inputs: Mapping[str, Tensor], layer: str) -> Tensor:
        """[B, L, D]."""
        tower: Any = self.model
        output = tower.audio_model(**inputs, output_hidden_states=layer.startswith("hidden."))
        if layer == "projection":
            return tower.audio_projection(output.pooler_output).unsqueeze(1)
        if layer == "pooler":
            return output.pooler_output.unsqueeze(1)
        if layer == "encoder":
            return output.last_hidden_state.mean(2).transpose(1, 2)
        grid: Tensor = output.hidden_states[int(layer.removeprefix("hidden."))]  # (B, D, folds * F, time)
        # the spectrogram was cut into pieces of time, laid one under the other to make a square
        return grid.unflatten(2, (self._folds, -1)).mean(3).flatten(2).transpose(1, 2)

    def steps_heard(self, samples: int, layer: str, steps: int) -> int:
        """Steps of the first time that a repeated clip is heard."""
        if layer in WITHOUT_TIME:
            return steps
        return min(steps, max(1, -(-steps * samples // self._extractor.nb_max_samples)))


def check(folder: FamilyFolder, read: ReadFile) -> int:
    """Number of parameters of the audio half, where names and shapes make it.

    Raises:
        ModelInvalidError: they do not.
    """
    config = cast("ClapAudioConfig", folder.config(ClapConfig).audio_config)
    return check_names(folder, ClapAudioModelWithProjection, read, TEXT_HALF, config)


def load(folder: FamilyFolder) -> WindowEncoder:
    """Loads a folder of both towers, and keeps that of audio.

    Raises:
        ModelInvalidError: its files do not make the model.
    """
    config = cast("ClapAudioConfig", folder.config(ClapConfig).audio_config)
    model, extras = folder.model(ClapAudioModelWithProjection, TEXT_HALF, config)
    extractor = folder.processor(ClapFeatureExtractor)
    stages = len(config.depths)
    window = extractor.nb_max_samples / extractor.sampling_rate
    info = folder.info(
        model,
        (),
        family="clap",
        sample_rate=extractor.sampling_rate,
        window_seconds=window,
        seconds_per_pass=CLIPS_AT_ONCE * window,
        embedding_dim=config.projection_dim,
        layers=(*(f"hidden.{index}" for index in range(stages + 1)), "encoder", *WITHOUT_TIME),
        default_layer="projection",
        capabilities=("embed",),
        notes=(f"the text half of CLAP, {len(extras)} tensors, is not loaded",) if extras else (),
    )
    return WindowEncoder(ClapTower(model, extractor), info)
