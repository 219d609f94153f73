"""Baselines without weights: mean and standard deviation over time of mel features.

`fbank` takes GAMA's own 128 log-mel bins (one filterbank in the house: `gama/frontend.py`), not normalised:
256 numbers. `mfcc-20` takes the first 20 coefficients, the 0th included, of the orthonormal DCT-II over
those 128 bins, without liftering: 40 numbers. Frames of 25 ms every 10 ms; channels are mixed down to their
mean; a clip shorter than one frame is padded with zeros to one.
Shapes: C channels, T samples, L frames, D features.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import dct

from gama_operations.errors import InvalidRequestError
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.frontend import FRAME_LENGTH, FRAME_SHIFT, MelFrontend
from gama_operations.models.surface import Embedding, ModelInfo, RunContext, Waveform
from gama_operations.models.without_answers import WithoutAnswers

SAMPLE_RATE = 16_000
MEL_BINS = 128
COEFFICIENTS = {"fbank": MEL_BINS, "mfcc-20": 20}
CHUNK_FRAMES = 6_000  # one minute at a time: bounds the memory, and changes no number

UNWATCHED = RunContext()


class MelStatistics(WithoutAnswers):
    """The baseline `fbank` or `mfcc-20`; one layer, whose name is the baseline's.

    Mean and deviation are the model: poolings `mean` and `mean_std` give the same [D]. `none` gives the
    frames [L, D / 2].
    """

    def __init__(self, kind: Literal["fbank", "mfcc-20"]) -> None:
        width = 2 * COEFFICIENTS[kind]
        super().__init__(kind, f"{width} numbers")
        self._kind = kind
        self._frontend = MelFrontend(GamaConfig(mel_bins=MEL_BINS, sample_rate=SAMPLE_RATE))
        self._info = ModelInfo(
            model_id=kind,
            revision="1",
            family="statistics",
            weights="trained",
            device="cpu",
            dtype="float32",
            sample_rate=SAMPLE_RATE,
            window_seconds=None,
            seconds_per_pass=None,
            embedding_dim=width,
            layers=(kind,),
            default_layer=kind,
            capabilities=("embed",),
            parameters=0,
        )

    @property
    def info(self) -> ModelInfo:
        """Facts about the model."""
        return self._info

    def embed(
        self,
        waveforms: Sequence[Waveform],
        *,
        layer: str | None = None,
        pooling: Literal["mean", "mean_std", "none"] = "mean",
        context: RunContext = UNWATCHED,
    ) -> list[Embedding]:
        """One embedding per waveform [C, T].

        Raises:
            InvalidRequestError: no such layer.
        """
        if layer not in (None, self._kind):
            raise InvalidRequestError(f"{self._kind} has no layer {layer!r}; it has {self._kind}")
        embeddings: list[Embedding] = []
        for waveform in waveforms:
            context.check()
            with context.phase("encode"):
                frames = self._frames(waveform)  # (L, D / 2)
                if pooling != "none":
                    frames = np.concatenate([frames.mean(axis=0), frames.std(axis=0)])
            embeddings.append(Embedding(frames, waveform.shape[1] / SAMPLE_RATE))
        return embeddings

    def _frames(self, waveform: Waveform) -> NDArray[np.float32]:
        mono = torch.from_numpy(waveform.mean(axis=0, dtype=np.float32))  # (T,)
        step, overlap = CHUNK_FRAMES * FRAME_SHIFT, FRAME_LENGTH - FRAME_SHIFT
        # a chunk begins with the frame after its predecessor's last one; a rest without a whole frame is none
        starts = range(0, max(1, len(mono) - FRAME_LENGTH + 1), step)
        with torch.inference_mode():
            chunks = [self._frontend.log_mel(mono[start : start + step + overlap]) for start in starts]
            log_mel: NDArray[np.float32] = torch.cat(chunks).numpy()  # (L, 128)
        if self._kind == "fbank":
            return log_mel
        coefficients = np.asarray(dct(log_mel, type=2, axis=1, norm="ortho"), dtype=np.float32)
        return coefficients[:, : COEFFICIENTS[self._kind]]
