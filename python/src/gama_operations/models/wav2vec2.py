"""wav2vec2, HuBERT and WavLM as encoders, through transformers.

Clips are mixed down to the mean of their channels and brought to zero mean and unit variance each
(`(x - mean) / sqrt(var + 1e-7)`, as Wav2Vec2FeatureExtractor does, unless preprocessor_config.json says
`"do_normalize": false`). All hidden states are layers: `hidden.0` enters the first transformer block, and
`hidden.N` leaves the last one, after the final layer norm where the architecture has one.

Padding: the base models normalise their first layer over time (`feat_extract_norm: "group"`), so padding
changes every frame and a mask does not help; they get batches of one length only. The others get padding
and a mask. Either way a clip's features do not depend on its neighbours (transformers PR #10117).

A clip is heard whole. One longer than CHUNK_SECONDS is encoded in equal pieces, after the normalisation of
the whole clip, because the first layers take 6.5 MB a second (base size) and attention grows with the
square: frames near a seam do not see across it. A clip too short for one frame is padded with zeros, its
mean, to one frame.
Shapes: B batch, C channels, T samples, L frames, D features.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gama_operations.errors import InvalidRequestError
from gama_operations.models.ctc_folder import unused_head
from gama_operations.models.revision import revision
from gama_operations.models.surface import Embedding, ModelInfo, RunContext, Waveform
from gama_operations.models.wav2vec2_folder import Wav2Vec2Folder
from gama_operations.models.without_answers import WithoutAnswers

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CHUNK_SECONDS = 60.0
"""Longest piece, and most audio, padding included, in one forward pass."""

UNWATCHED = RunContext()

Pooling = Literal["mean", "mean_std", "none"]
Samples = NDArray[np.float32]


def load_wav2vec2(
    folder: Path,
    *,
    device: str,
    dtype: Literal["float32", "bfloat16", "float16"] = "float32",
    weights: Literal["trained", "random"] = "trained",
    seed: int = 0,
) -> "Wav2Vec2Encoder":
    """Loads a folder of transformers.

    Args:
        folder: with config.json and, unless `weights` is `random`, safetensors.
        device: as torch names it.
        dtype: of weights and arithmetic; the features are float32 always.
        weights: `random` initialises the same architecture from `seed`.
        seed: of the random weights.

    Raises:
        ModelInvalidError: the files do not make the model; missing tensors are named.
    """
    read = Wav2Vec2Folder.read(folder)
    model: Any = read.build(weights, seed)
    model = model.to(device=device, dtype=getattr(torch, dtype))
    layers = tuple(f"hidden.{index}" for index in range(read.config.num_hidden_layers + 1))
    info = ModelInfo(
        model_id=folder.name if weights == "trained" else f"{folder.name}@random-{seed}",
        revision=revision(folder, read.values, weights),
        family="wav2vec2",
        weights=weights,
        device=device,
        dtype=dtype,
        sample_rate=read.sample_rate,
        window_seconds=None,
        seconds_per_pass=CHUNK_SECONDS,
        embedding_dim=read.config.hidden_size,
        layers=layers,
        default_layer=read.default_layer,
        capabilities=("embed",),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        notes=tuple(filter(None, [unused_head(folder, read.values)])),
    )
    return Wav2Vec2Encoder(model, info, normalise=read.normalise)


class Wav2Vec2Encoder(WithoutAnswers):
    """An encoder that embeds, and cannot describe."""

    def __init__(self, model: "PreTrainedModel", info: ModelInfo, *, normalise: bool = True) -> None:
        super().__init__(info.model_id, "an encoder")
        self._model: Any = model
        self._info = info
        self._normalise = normalise
        self._convolutions = tuple(zip(model.config.conv_kernel, model.config.conv_stride, strict=True))
        self._pads = model.config.feat_extract_norm != "group"

    @property
    def transformer(self) -> "PreTrainedModel":
        """The encoder as transformers made it."""
        return cast("PreTrainedModel", self._model)

    @property
    def info(self) -> ModelInfo:
        """Facts about the model."""
        return self._info

    def embed(
        self,
        waveforms: Sequence[Waveform],
        *,
        layer: str | None = None,
        pooling: Pooling = "mean",
        context: RunContext = UNWATCHED,
    ) -> list[Embedding]:
        """One embedding per waveform [C, T], equal to what each alone would give.

        Raises:
            InvalidRequestError: no such layer.
        """
        name = layer or self._info.default_layer
        if name not in self._info.layers:
            known = ", ".join(self._info.layers)
            raise InvalidRequestError(f"{self._info.model_id} has no layer {name!r}; it has {known}")
        index = self._info.layers.index(name)
        with context.phase("frontend"):
            pieces = [(clip, piece) for clip, wave in enumerate(waveforms) for piece in self._pieces(wave)]
        frames: list[list[Samples]] = [[] for _ in pieces]
        with context.phase("encode"):
            for batch in self._batches([len(piece) for _, piece in pieces]):
                context.check()
                encoded = self._encode([pieces[at][1] for at in batch], index)
                for at, one in zip(batch, encoded, strict=True):
                    frames[at] = [one]
            of_clip: list[list[Samples]] = [[] for _ in waveforms]
            for (clip, _), one in zip(pieces, frames, strict=True):
                of_clip[clip] += one
            rate = self._info.sample_rate
            return [
                Embedding(pool(np.concatenate(parts), pooling), wave.shape[1] / rate)
                for parts, wave in zip(of_clip, waveforms, strict=True)
            ]

    def _pieces(self, waveform: Waveform) -> list[Samples]:
        """The normalised mono samples, in pieces of at most CHUNK_SECONDS."""
        mono = waveform.mean(axis=0, dtype=np.float32)
        if self._normalise:
            mono = (mono - mono.mean()) / np.sqrt(mono.var() + np.float32(1e-7))
        shortest = receptive_field(self._convolutions)
        if len(mono) < shortest:
            mono = np.pad(mono, (0, shortest - len(mono)))
        count = math.ceil(len(mono) / (CHUNK_SECONDS * self._info.sample_rate))
        return np.array_split(mono.astype(np.float32, copy=False), count)

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Indices that share a forward pass: of one length, unless the model may pad."""
        budget = CHUNK_SECONDS * self._info.sample_rate
        batch: list[int] = []
        for at in sorted(range(len(lengths)), key=lambda at: -lengths[at]):
            longest = lengths[batch[0]] if batch else 0
            full = (len(batch) + 1) * longest > budget
            if batch and (full or (lengths[at] != longest and not self._pads)):
                yield batch
                batch = []
            batch.append(at)
        if batch:
            yield batch

    def _encode(self, batch: Sequence[Samples], index: int) -> list[Samples]:
        """Frames [L, D] of one layer for each piece of a batch; the longest comes first."""
        lengths = [len(piece) for piece in batch]
        values = np.zeros((len(batch), lengths[0]), dtype=np.float32)  # (B, T)
        for row, piece in zip(values, batch, strict=True):
            row[: len(piece)] = piece
        mask: Tensor | None = None
        if len(set(lengths)) > 1:
            heard = torch.arange(lengths[0])[None] < torch.tensor(lengths)[:, None]
            mask = heard.long().to(self._model.device)
        last = len(self._info.layers) - 1
        with torch.inference_mode():
            output = self._model(
                torch.from_numpy(values).to(self._model.device, self._model.dtype),
                attention_mask=mask,
                output_hidden_states=index < last,
            )
        # the last entry of hidden_states stands before the final layer norm
        states: Tensor = output.last_hidden_state if index == last else output.hidden_states[index]
        encoded: Samples = states.float().cpu().numpy()  # (B, L, D)
        counts = [frame_count(length, self._convolutions) for length in lengths]
        return [one[:count] for one, count in zip(encoded, counts, strict=True)]


def receptive_field(convolutions: Sequence[tuple[int, int]]) -> int:
    """Samples that one frame needs, from (kernel, stride) of each layer: 400 in all published sizes."""
    samples = 1
    for kernel, stride in reversed(convolutions):
        samples = (samples - 1) * stride + kernel
    return samples


def frame_count(samples: int, convolutions: Sequence[tuple[int, int]]) -> int:
    """Frames of so many samples."""
    for kernel, stride in convolutions:
        samples = (samples - kernel) // stride + 1
    return samples


def pool(frames: Samples, pooling: Pooling) -> Samples:
    """Over time: [L, D] to the mean [D], mean and standard deviation [2 D], or as it is."""
    if pooling == "none":
        return frames
    mean = frames.mean(axis=0)
    return mean if pooling == "mean" else np.concatenate([mean, frames.std(axis=0)])
