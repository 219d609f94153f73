"""GAMA as an AudioModel: waveforms in, embeddings and answers out.

GAMA hears one window from the start of a clip; the rest is not heard, and every result says so.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from gama_operations.errors import CapabilityError, ModelInvalidError
from gama_operations.models.gama.embedding import Pooling, heard_tokens, layer_names, layer_tokens, pooled
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.frontend import MelFrontend
from gama_operations.models.gama.kept_audio import KeptAudio, hear
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.offers import refuse_unlearnt
from gama_operations.models.gama.prompt import HEAD, TextCodec, instruction_prompt
from gama_operations.models.load_options import Quantization, attention_of, quantize
from gama_operations.models.surface import Embedding, ModelInfo, RunContext, Waveform
from gama_operations.models.with_answers import (
    CLIPS_AT_ONCE,
    UNWATCHED,
    Heard,
    Question,
    WithAnswers,
    chunks,
)
from gama_operations.models.workers import count_workers, run_all

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class Identity:
    """Which model this is, and where it runs."""

    model_id: str
    revision: str
    weights: Literal["trained", "random"]
    device: str
    dtype: Literal["float32", "bfloat16", "float16"]


class GamaModel(WithAnswers):
    """A loaded GAMA; implements `surface.AudioModel`.

    The audio stack computes in float32 whatever `dtype` says (it is small beside the language model, and
    its post-norm attention is the delicate part); `dtype` is the language model's.
    """

    def __init__(
        self,
        model: Gama,
        folder: GamaFolder,
        codec: TextCodec | None,
        identity: Identity,
        quantization: Quantization = "none",
    ) -> None:
        """Puts the model on its device.

        Raises:
            ModelInvalidError: the folder's default layer is none of the model's.
        """
        self.model = model
        self.folder = folder
        self.codec = codec
        self.frontend = MelFrontend(folder.gama)  # on the CPU: the same features on every device
        self.kept = KeptAudio(repr(identity))
        self._head = [] if codec is None else codec.encode(HEAD)
        model.audio.float()  # a checkpoint may be narrower
        for parameter in model.language_model.parameters():
            # parameters only: rotary frequencies, which are buffers, lose positions in 16 bits
            parameter.data = parameter.data.to(DTYPES[identity.dtype])
        parameters = sum(parameter.numel() for parameter in model.parameters())  # 4 bits lie two in a number
        quantize(model.language_model, quantization)
        model.to(identity.device)
        default_layer = folder.embedding.get("layer", "encoder")
        if default_layer not in layer_names(model):
            raise ModelInvalidError(
                f"config.json: embedding.layer {default_layer!r} is none of {', '.join(layer_names(model))}"
            )
        self.info = ModelInfo(
            **asdict(identity),
            family="gama",
            sample_rate=folder.gama.sample_rate,
            window_seconds=folder.gama.window_seconds,
            seconds_per_pass=CLIPS_AT_ONCE * folder.gama.window_seconds,
            embedding_dim=folder.gama.embed_dim,
            layers=layer_names(model),
            default_layer=default_layer,
            capabilities=("embed",) if codec is None else ("embed", "describe", "score"),
            parameters=parameters,
            offers=folder.offers if identity.weights == "trained" else (),
            attention=attention_of(model.language_model),
            quantization=quantization,
        )

    @property
    def default_prompt(self) -> str:
        """What is asked where no prompt is given."""
        return self.folder.default_prompt

    @property
    def kept_bytes(self) -> int:
        """What is kept of clips that questions were asked about."""
        return self.kept.nbytes

    def forget(self) -> None:
        """Gives back what is kept of clips."""
        self.kept.clear()

    @torch.inference_mode()
    def embed(
        self,
        waveforms: Sequence[Waveform],
        *,
        layer: str | None = None,
        pooling: Pooling = "mean",
        context: RunContext = UNWATCHED,
    ) -> list[Embedding]:
        """One embedding per waveform [C, T]; tokens that stand for padding are left out of the pooling.

        Raises:
            InvalidRequestError: no such layer.
        """
        layer = self.info.default_layer if layer is None else layer
        # the language model lends its hooks to one pass at a time
        workers = 1 if layer.startswith("lm") else count_workers(self.info.device)
        results: list[Embedding] = []
        for clips in chunks(waveforms):
            context.check()
            with context.phase("frontend"):
                fbank = torch.cat(run_all(lambda clip: self.frontend([clip]), clips, workers))
            with context.phase("encode"):
                encode = partial(self._layer_tokens, layer, context)
                # a share for each: memory grows with the batch, as plans have it, and a clip takes as long
                # as in smaller ones (gama-tiny on one thread, CPU time: 23 ms alone, 19 of 4, 20 of 8)
                shares = fbank.to(self.info.device).chunk(workers)
                tokens = torch.cat(run_all(encode, shares, workers))
            for clip, row in zip(clips, tokens, strict=True):
                frames = self.frontend.frames_heard(clip.shape[-1])
                heard = row[: heard_tokens(self.folder.gama, layer, frames)]
                features = pooled(heard, pooling).cpu().numpy()
                results.append(Embedding(features, self._seconds_heard(clip)))
        return results

    def _layer_tokens(self, layer: str, context: RunContext, fbank: Tensor) -> Tensor:
        context.check()
        with torch.inference_mode():  # which each thread has for itself
            return layer_tokens(self.model, fbank, layer)

    @property
    def _description(self) -> str:
        return repr(replace(self.folder, base=None, checkpoint=None))  # where they lie is nothing

    @property
    def _speaker(self) -> Gama:
        return self.model

    def _ask(self, prompt: str | None) -> Question:
        text = self.default_prompt if prompt is None else prompt
        if self.info.weights == "trained":
            refuse_unlearnt(text, self.folder.questions, self.folder.offers, self.info.model_id)
        return Question(text, "", instruction_prompt(text))  # the audio stands before BOS

    def _hear(
        self, clips: Sequence[Waveform], asked: Sequence[Question], *, cache: bool, context: RunContext
    ) -> list[Heard]:
        """Each clip as the language model sees it; one that comes twice is computed once."""
        del asked  # which stand behind the audio
        keys = [self.kept.key(clip) for clip in clips]
        known = {key: kept for key in keys if cache and (kept := self.kept.get(key)) is not None}
        new = {key: clip for key, clip in zip(keys, clips, strict=True) if key not in known}
        found = dict(known)
        if new:
            with context.phase("frontend"):
                fbank = self.frontend(list(new.values())).to(self.info.device)
            with context.phase("encode"):
                prefix = self.model.audio_prefix(fbank)
                found |= zip(new, hear(self.model, prefix, self._head), strict=True)
        if cache:
            for key in new:
                self.kept.put(key, found[key])
        return [Heard(found[key], key in known) for key in keys]

    def _codec(self) -> TextCodec:
        if self.codec is None:
            raise CapabilityError(f"{self.info.model_id} cannot describe: its folder has no tokenizer.json")
        return self.codec

    def _seconds_heard(self, waveform: Waveform) -> float:
        return min(waveform.shape[-1] / self.info.sample_rate, self.folder.gama.window_seconds)
