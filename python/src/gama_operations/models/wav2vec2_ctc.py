"""Wav2Vec2ForCTC, HubertForCTC and WavLMForCTC: an encoder that also writes what was said.

The encoder is the one that embeds, with its batches; its last layer goes through `lm_head`. A batch gives
each clip what it gets alone. Each window is normalised by itself, as in transformers' own pipeline.
Shapes: C channels, T samples, L frames, D features, K symbols.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gama_operations.errors import NonFiniteResultError
from gama_operations.models.ctc_decode import greedy_words
from gama_operations.models.ctc_folder import read_head, read_tokenizer
from gama_operations.models.ctc_kind import is_ctc, unused_head
from gama_operations.models.ctc_windows import FrameWindow, Framing, frame_windows
from gama_operations.models.surface import (
    Embedding,
    ModelInfo,
    Pooling,
    RunContext,
    Transcript,
    Waveform,
)
from gama_operations.models.wav2vec2 import Wav2Vec2Encoder, receptive_field
from gama_operations.models.wav2vec2_folder import Wav2Vec2Folder
from gama_operations.models.without_answers import WithoutAnswers

if TYPE_CHECKING:
    from transformers import Wav2Vec2CTCTokenizer

UNWATCHED = RunContext()


def with_ctc_head(
    encoder: Wav2Vec2Encoder,
    path: Path,
    config: Mapping[str, Any],
    *,
    weights: Literal["trained", "random"] = "trained",
    seed: int = 0,
) -> "Wav2Vec2Encoder | Wav2Vec2Ctc":
    """The model of a folder: with its CTC head where it has one that can be used.

    Args:
        encoder: What `load_wav2vec2` made of the folder.
        path: The folder.
        config: Its config.json.
        weights: As the encoder's.
        seed: As the encoder's.

    Raises:
        ModelInvalidError: head, vocabulary and config.json do not fit each other.
    """
    if not is_ctc(config) or unused_head(path, config):
        return encoder
    folder = Wav2Vec2Folder.read(path)
    tokenizer = read_tokenizer(folder)
    head = read_head(folder, weights, seed).to(encoder.info.device, getattr(torch, encoder.info.dtype))
    stride = math.prod(stride for _, stride in folder.convolutions)
    framing = Framing(stride, receptive_field(folder.convolutions), folder.sample_rate)
    return Wav2Vec2Ctc(encoder, head, tokenizer, framing)


class Wav2Vec2Ctc(WithoutAnswers):
    """An encoder with a CTC head: it embeds and transcribes."""

    def __init__(
        self, encoder: Wav2Vec2Encoder, head: nn.Linear, tokenizer: "Wav2Vec2CTCTokenizer", framing: Framing
    ) -> None:
        super().__init__(encoder.info.model_id, "an encoder that transcribes (`transcribe`),")
        self._encoder = encoder
        self._head = head
        self._tokenizer = tokenizer
        self._framing = framing
        self._info = replace(
            encoder.info,
            capabilities=(*encoder.info.capabilities, "transcribe"),
            parameters=encoder.info.parameters + sum(each.numel() for each in head.parameters()),
        )

    @property
    def info(self) -> ModelInfo:
        """Facts about the model."""
        return self._info

    @property
    def frame_seconds(self) -> float:
        """From one frame to the next."""
        return self._framing.seconds

    def embed(
        self,
        waveforms: Sequence[Waveform],
        *,
        layer: str | None = None,
        pooling: Pooling = "mean",
        context: RunContext = UNWATCHED,
    ) -> list[Embedding]:
        """As the encoder's."""
        return self._encoder.embed(waveforms, layer=layer, pooling=pooling, context=context)

    def embed_layers(
        self, waveforms: Sequence[Waveform], *, pooling: Pooling, context: RunContext = UNWATCHED
    ) -> list[Embedding]:
        """As the encoder's."""
        return self._encoder.embed_layers(waveforms, pooling=pooling, context=context)

    def transcribe(
        self,
        waveforms: Sequence[Waveform],
        *,
        window_seconds: float,
        context_seconds: float,
        context: RunContext = UNWATCHED,
    ) -> list[Transcript]:
        """As `surface.Transcriber` says.

        Raises:
            InvalidRequestError: a window that is all context.
            NonFiniteResultError: the numbers of a clip overflowed.
        """
        windows = [
            frame_windows(waveform.shape[1], self._framing, window_seconds, context_seconds)
            for waveform in waveforms
        ]
        pieces = [
            waveform[:, window.start : window.stop]
            for waveform, some in zip(waveforms, windows, strict=True)
            for window in some
        ]
        frames = iter(
            self._encoder.embed(pieces, layer=self._info.layers[-1], pooling="none", context=context)
        )
        transcripts: list[Transcript] = []
        for waveform, some in zip(waveforms, windows, strict=True):
            context.check()
            taken = [next(frames).features[window.first : window.end] for window in some]
            with context.phase("transcribe"):
                words = greedy_words(self._log_probabilities(taken), self._tokenizer, self._framing)
            transcripts.append(Transcript(words, waveform.shape[1] / self._framing.rate, self._spans(some)))
        return transcripts

    def _log_probabilities(self, frames: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """[L, K] of the frames [L, D] of all windows."""
        weight = self._head.weight
        with torch.inference_mode():
            states = torch.from_numpy(np.concatenate(frames)).to(weight.device, weight.dtype)
            found: NDArray[np.float32] = self._head(states).float().log_softmax(-1).cpu().numpy()
        if not np.isfinite(found).all():
            raise NonFiniteResultError(
                f"{self._info.model_id} gave a likelihood that is NaN or infinite: its numbers in "
                f"{self._info.dtype} overflowed, or its weights are damaged. Load it as float32, or from a "
                "sound copy"
            )
        return found

    def _spans(self, windows: Sequence[FrameWindow]) -> tuple[tuple[float, float], ...]:
        return tuple((one.start / self._framing.rate, one.stop / self._framing.rate) for one in windows)
