"""The encoder of Whisper (Radford et al., 2022): 30 s of log-mel, 50 states a second.

`hidden.N` leaves the last block after the final norm. The encoder attends to the silence that fills the
window, as in its training; states of it are left out of the pooling.
"""

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor
from transformers import PreTrainedModel, WhisperConfig, WhisperFeatureExtractor, WhisperModel

from gama_operations.errors import ModelInvalidError
from gama_operations.models.family.folder import FamilyFolder
from gama_operations.models.family.names import ReadFile, check_names
from gama_operations.models.family.window_encoder import CLIPS_AT_ONCE, Samples, WindowEncoder

HEAD = r"proj_out\."
FRAMES_PER_STATE = 2


class WhisperTower:
    """The encoder and its feature extractor."""

    def __init__(self, model: PreTrainedModel, extractor: WhisperFeatureExtractor) -> None:
        self.model = model
        self._extractor: Any = extractor
        self._last = f"hidden.{cast('WhisperConfig', model.config).encoder_layers}"

    def features(self, samples: Samples) -> Mapping[str, Tensor]:
        """Log-mel [1, bins, frames] of a whole window."""
        made = self._extractor(samples, sampling_rate=self._extractor.sampling_rate, return_tensors="pt")
        return {"input_features": made["input_features"]}

    def states(self, inputs: Mapping[str, Tensor], layer: str) -> Tensor:
        """[B, L, D]."""
        output = self.model(**inputs, output_hidden_states=layer != self._last)
        if layer == self._last:
            return output.last_hidden_state
        return output.hidden_states[int(layer.removeprefix("hidden."))]

    def steps_heard(self, samples: int, layer: str, steps: int) -> int:
        """States of the frames that begin before the clip ends."""
        del layer
        return min(steps, max(1, -(-samples // (self._extractor.hop_length * FRAMES_PER_STATE))))


def check(folder: FamilyFolder, read: ReadFile) -> int:
    """Number of parameters, where names and shapes make the model.

    Raises:
        ModelInvalidError: they do not.
    """
    return check_names(folder, WhisperModel, read, HEAD)


def load(folder: FamilyFolder) -> WindowEncoder:
    """Loads a folder of encoder and decoder, and keeps the encoder.

    Raises:
        ModelInvalidError: its files do not make the model, or its window is not that of its processor.
    """
    whole, extras = folder.model(WhisperModel, HEAD)
    model = cast("PreTrainedModel", cast("Any", whole).encoder)
    config = cast("WhisperConfig", whole.config)
    extractor = folder.processor(WhisperFeatureExtractor)
    refuse_other_window(folder, extractor, config.max_source_positions)
    info = folder.info(
        model,
        extras,
        family="whisper",
        sample_rate=extractor.sampling_rate,
        window_seconds=float(extractor.chunk_length),
        seconds_per_pass=float(CLIPS_AT_ONCE * extractor.chunk_length),
        embedding_dim=config.d_model,
        layers=tuple(f"hidden.{index}" for index in range(config.encoder_layers + 1)),
        default_layer=f"hidden.{config.encoder_layers}",
        capabilities=("embed",),
    )
    return WindowEncoder(WhisperTower(model, extractor), info)


def refuse_other_window(folder: FamilyFolder, extractor: WhisperFeatureExtractor, positions: int) -> None:
    """Whether the frames that the extractor makes are those that the encoder has positions for.

    Raises:
        ModelInvalidError: they are not.
    """
    frames = extractor.chunk_length * extractor.sampling_rate // extractor.hop_length
    if frames != FRAMES_PER_STATE * positions:
        raise ModelInvalidError(
            f"{folder.path}: the feature extractor makes {frames} frames of {extractor.chunk_length} s, and "
            f"the encoder hears {FRAMES_PER_STATE * positions}: they do not belong together"
        )
