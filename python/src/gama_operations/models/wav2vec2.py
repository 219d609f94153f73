"""wav2vec2, HuBERT and WavLM as encoders.

Clips are mixed down to the mean of their channels and brought to zero mean and unit variance each
(`(x - mean) / sqrt(var + 1e-7)`, as Wav2Vec2FeatureExtractor does, unless preprocessor_config.json says
`"do_normalize": false`). All hidden states are layers: `hidden.0` enters the first transformer block, and
`hidden.N` leaves the last one, after the final layer norm where the architecture has one.

wav2vec2 and HuBERT are computed by our own forward (`wav2vec2_packed.py`), which pads nothing; WavLM, and
what is unusual in a config or asked for by `attention`, by transformers, in batches of like length
(`wav2vec2_padded.py`). Either way a clip's features do not depend on its neighbours.

A clip is heard whole. One longer than CHUNK_SECONDS is encoded in equal pieces, after the normalisation of
the whole clip, because the first layers take 6.5 MB a second (base size) and attention grows with the
square: frames near a seam do not see across it. A clip too short for one frame is padded with zeros, its
mean, to one frame.
Shapes: C channels, T samples, L frames, D features.
"""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gama_operations.errors import InvalidRequestError
from gama_operations.models.batching import bucket, pack
from gama_operations.models.ctc_kind import unused_head
from gama_operations.models.load_options import Attention, attention_of, choose_attention
from gama_operations.models.revision import revision
from gama_operations.models.surface import Embedding, ModelInfo, RunContext, Waveform
from gama_operations.models.wav2vec2_folder import Wav2Vec2Folder
from gama_operations.models.wav2vec2_packed import PackedEncoder
from gama_operations.models.wav2vec2_padded import PaddedEncoder
from gama_operations.models.without_answers import WithoutAnswers
from gama_operations.models.workers import TASKS_PER_WORKER, count_workers, run_all

CHUNK_SECONDS = 60.0
"""Longest piece, and most audio, padding included, in one forward pass."""

MOST_PADDING = 0.1
"""Of a padded batch."""

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
    attention: Attention | None = None,
) -> "Wav2Vec2Encoder":
    """Loads a folder of transformers.

    Args:
        folder: with config.json and, unless `weights` is `random`, safetensors.
        device: as torch names it.
        dtype: of weights and arithmetic; the features are float32 always.
        weights: `random` initialises the same architecture from `seed`.
        seed: of the random weights.
        attention: as transformers names it; ours is `sdpa`.

    Raises:
        ModelInvalidError: the files do not make the model; missing tensors are named.
        CapabilityError: that attention cannot be had here.
    """
    read = Wav2Vec2Folder.read(folder)
    packed = read.sizes is not None and attention in (None, "sdpa")
    model: Any = read.build_packed(weights, seed) if packed else read.build(weights, seed)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if packed:
        model.freeze()
    else:
        choose_attention(model, attention)
    model = model.to(device=device, dtype=getattr(torch, dtype))
    layers = tuple(f"hidden.{index}" for index in range(read.layers + 1))
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
        embedding_dim=read.width,
        layers=layers,
        default_layer=read.default_layer,
        capabilities=("embed",),
        parameters=parameters,
        notes=tuple(filter(None, [unused_head(folder, read.values)])),
        attention="sdpa" if packed else attention_of(model),
    )
    encoder = model if packed else PaddedEncoder(model)
    return Wav2Vec2Encoder(encoder, info, read.convolutions, normalise=read.normalise)


class Wav2Vec2Encoder(WithoutAnswers):
    """An encoder that embeds, and cannot describe."""

    def __init__(
        self,
        encoder: PackedEncoder | PaddedEncoder,
        info: ModelInfo,
        convolutions: tuple[tuple[int, int], ...],
        *,
        normalise: bool = True,
    ) -> None:
        super().__init__(info.model_id, "an encoder")
        self._encoder = encoder
        self._info = info
        self._normalise = normalise
        self._shortest = receptive_field(convolutions)

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
        frames: list[Samples] = [np.empty(0, np.float32)] * len(pieces)
        with context.phase("encode"):
            workers = self._workers()
            batches = self._batches([len(piece) for _, piece in pieces], workers)
            encode = partial(self._encode, [piece for _, piece in pieces], index, context)
            for batch, encoded in zip(batches, run_all(encode, batches, workers), strict=True):
                for at, one in zip(batch, encoded, strict=True):
                    frames[at] = one
            of_clip: list[list[Samples]] = [[] for _ in waveforms]
            for (clip, _), one in zip(pieces, frames, strict=True):
                of_clip[clip].append(one)
            rate = self._info.sample_rate
            return [
                Embedding(pool(np.concatenate(parts), pooling), wave.shape[1] / rate)
                for parts, wave in zip(of_clip, waveforms, strict=True)
            ]

    def embed_layers(
        self, waveforms: Sequence[Waveform], *, pooling: Pooling, context: RunContext = UNWATCHED
    ) -> list[Embedding]:
        """Features [layers, D] of each waveform [C, T], one pass for each piece of it."""
        with context.phase("encode"):
            work = partial(self._embed_layers, pooling, context)
            return run_all(work, waveforms, self._workers())

    def _embed_layers(self, pooling: Pooling, context: RunContext, waveform: Waveform) -> Embedding:
        states: list[list[Samples]] = []
        for piece in self._pieces(waveform):
            context.check()
            with torch.inference_mode():
                found = self._encoder.states(self._samples(piece))
                states.append([state.float().cpu().numpy() for state in found])
        layers = [pool(np.concatenate(parts), pooling) for parts in zip(*states, strict=True)]
        return Embedding(np.stack(layers), waveform.shape[1] / self._info.sample_rate)

    def all_layers(self, waveform: Waveform) -> list[Samples]:
        """Frames [L, D] of every layer, in the order of `info.layers`, of a clip of one piece."""
        (piece,) = self._pieces(waveform)
        with torch.inference_mode():
            return [state.float().cpu().numpy() for state in self._encoder.states(self._samples(piece))]

    def _pieces(self, waveform: Waveform) -> list[Samples]:
        """The normalised mono samples, in pieces of at most CHUNK_SECONDS."""
        mono = waveform.mean(axis=0, dtype=np.float32)
        if self._normalise:
            mono = (mono - mono.mean()) / np.sqrt(mono.var() + np.float32(1e-7))
        if len(mono) < self._shortest:
            mono = np.pad(mono, (0, self._shortest - len(mono)))
        count = math.ceil(len(mono) / (CHUNK_SECONDS * self._info.sample_rate))
        return np.array_split(mono.astype(np.float32, copy=False), count)

    def _workers(self) -> int:
        # transformers' model lends its hooks to one pass at a time
        return count_workers(self._info.device) if isinstance(self._encoder, PackedEncoder) else 1

    def _batches(self, lengths: Sequence[int], workers: int) -> list[list[int]]:
        """Indices that share a forward pass."""
        most = round(CHUNK_SECONDS * self._info.sample_rate)
        if isinstance(self._encoder, PaddedEncoder):
            return bucket(lengths, most, MOST_PADDING)
        return pack(lengths, most, 1 if workers == 1 else workers * TASKS_PER_WORKER)

    def _encode(
        self, pieces: Sequence[Samples], index: int, context: RunContext, batch: Sequence[int]
    ) -> list[Samples]:
        """Frames [L, D] of one layer for each piece of a batch."""
        context.check()
        with torch.inference_mode():
            states = self._encoder([self._samples(pieces[at]) for at in batch], index)
            return [state.float().cpu().numpy() for state in states]

    def _samples(self, piece: Samples) -> Tensor:
        return torch.from_numpy(piece).to(self._info.device, getattr(torch, self._info.dtype))


def receptive_field(convolutions: Sequence[tuple[int, int]]) -> int:
    """Samples that one frame needs, from (kernel, stride) of each layer: 400 in all published sizes."""
    samples = 1
    for kernel, stride in reversed(convolutions):
        samples = (samples - 1) * stride + kernel
    return samples


def pool(frames: Samples, pooling: Pooling) -> Samples:
    """Over time: [L, D] to the mean [D], mean and standard deviation [2 D], or as it is."""
    if pooling == "none":
        return frames
    mean = frames.mean(axis=0)
    return mean if pooling == "mean" else np.concatenate([mean, frames.std(axis=0)])
