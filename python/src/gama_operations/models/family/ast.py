"""Audio Spectrogram Transformer (Gong et al., Interspeech 2021): 10.24 s of log-mel in overlapping patches.

`hidden.N` leaves the last block after the final norm; a time step is the mean over its patches' frequencies.
`pooler` is what the published classifiers read, the mean of the two class tokens: it has no time, and the
padding of a short clip is in it, as in the training.
"""

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor
from transformers import ASTConfig, ASTFeatureExtractor, ASTModel, PreTrainedModel

from gama_operations.models.family.folder import FamilyFolder
from gama_operations.models.family.names import ReadFile, check_names
from gama_operations.models.family.window_encoder import CLIPS_AT_ONCE, Samples, WindowEncoder

FRAME_SECONDS, HOP_SECONDS = 0.025, 0.01
HEAD = r"classifier\."
CLASS_TOKENS = 2


class AstTower:
    """The encoder and its feature extractor."""

    def __init__(self, model: PreTrainedModel, extractor: ASTFeatureExtractor) -> None:
        self.model = model
        self._extractor: Any = extractor
        self._config: Any = model.config
        self._rows = (
            1 + (self._config.num_mel_bins - self._config.patch_size) // self._config.frequency_stride
        )

    def features(self, samples: Samples) -> Mapping[str, Tensor]:
        """Normalised log-mel [1, frames, bins]; padding is 0 before the normalisation."""
        made = self._extractor(samples, sampling_rate=self._extractor.sampling_rate, return_tensors="pt")
        return {"input_values": made["input_values"]}

    def states(self, inputs: Mapping[str, Tensor], layer: str) -> Tensor:
        """[B, L, D]; patches come row by row, a row being a band of frequencies."""
        last = f"hidden.{self._config.num_hidden_layers}"
        output = self.model(**inputs, output_hidden_states=layer not in (last, "pooler"))
        if layer == "pooler":
            return output.pooler_output.unsqueeze(1)
        numbered = layer.removeprefix("hidden.")
        tokens: Tensor = output.last_hidden_state if layer == last else output.hidden_states[int(numbered)]
        return tokens[:, CLASS_TOKENS:].unflatten(1, (self._rows, -1)).mean(1)

    def steps_heard(self, samples: int, layer: str, steps: int) -> int:
        """Patches that begin before the clip ends."""
        del layer
        rate = self._extractor.sampling_rate
        frames = 1 + max(0, samples - round(FRAME_SECONDS * rate)) // round(HOP_SECONDS * rate)
        return min(steps, -(-frames // self._config.time_stride))


def check(folder: FamilyFolder, read: ReadFile) -> int:
    """Number of parameters, where names and shapes make the model.

    Raises:
        ModelInvalidError: they do not.
    """
    return check_names(folder, ASTModel, read, HEAD)


def load(folder: FamilyFolder) -> WindowEncoder:
    """Loads a folder.

    Raises:
        ModelInvalidError: its files do not make the model.
    """
    model, extras = folder.model(ASTModel, HEAD)
    config = cast("ASTConfig", model.config)
    extractor = folder.processor(ASTFeatureExtractor)
    window = extractor.max_length * HOP_SECONDS
    info = folder.info(
        model,
        extras,
        family="ast",
        sample_rate=extractor.sampling_rate,
        window_seconds=window,
        seconds_per_pass=CLIPS_AT_ONCE * window,
        embedding_dim=config.hidden_size,
        layers=(*(f"hidden.{index}" for index in range(config.num_hidden_layers + 1)), "pooler"),
        default_layer="pooler",
        capabilities=("embed",),
    )
    return WindowEncoder(AstTower(model, extractor), info)
