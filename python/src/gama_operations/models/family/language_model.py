"""An audio language model of transformers: Whisper's encoder, a projector, and a causal language model.

Prompts come from the folder's own chat template, features from its own processor. The question stands where
the template puts it; what stands in front of the audio is kept together with it, so that further questions
only decode. Layers: `encoder.N` after block N of the audio tower (50 states a second), `encoder` after its
pooling and norm (25 a second), `projector` (what enters the language model), `lm.N` and `lm` (after its norm)
at the audio's places. That a model hears is checked before its first answer, and the places of the audio for
each clip.
Shapes: C channels, T positions, L frames, D features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, WhisperFeatureExtractor

from gama_operations.errors import CapabilityError, InvalidRequestError, ModelInvalidError
from gama_operations.models.family import heard
from gama_operations.models.family.folder import UNREADABLE, FamilyFolder
from gama_operations.models.family.listening import layer_modules, listen
from gama_operations.models.family.speaker import InnerSpeaker
from gama_operations.models.family.whisper import refuse_other_window
from gama_operations.models.family.window_encoder import Samples, filled_up, mono
from gama_operations.models.gama.folder import DEFAULT_PROMPT
from gama_operations.models.gama.kept_audio import HeardAudio, KeptAudio, continued
from gama_operations.models.gama.key_values import empty_cache, keeps_keys, pairs_of
from gama_operations.models.gama.prompt import TextCodec
from gama_operations.models.surface import Embedding, ModelInfo, RunContext, Waveform
from gama_operations.models.wav2vec2 import pool
from gama_operations.models.with_answers import UNWATCHED, Heard, Question, WithAnswers

SINGLY = (
    "the audio tower hears one clip at a time, so that no row of a batch leaks into another; answers are "
    "written in batches"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between audio language models."""

    family: Literal["qwen2-audio", "audio-flamingo-3"]
    model: type[PreTrainedModel]
    processor: type[Any]
    features_mask: str
    """Which input says how many frames of each window are no padding."""
    window_seconds: float | None
    """None: the one window of the feature extractor."""


def load_language_model(folder: FamilyFolder, kind: Kind) -> "AudioLanguageModel":
    """Loads a folder.

    Raises:
        ModelInvalidError: its files do not make the model; missing tensors are named.
    """
    model, extras = folder.model(kind.model)
    processor: Any = folder.processor(kind.processor)
    config: Any = model.config
    extractor: WhisperFeatureExtractor = processor.feature_extractor
    refuse_other_window(folder, extractor, config.audio_config.max_source_positions)
    if processor.audio_token_id != config.audio_token_id:
        raise ModelInvalidError(
            f"{folder.path}: the processor marks audio by token {processor.audio_token_id} "
            f"({processor.audio_token}), the model by {config.audio_token_id}: they do not belong together"
        )
    window = kind.window_seconds or float(extractor.chunk_length)
    info = folder.info(
        model,
        extras,
        family=kind.family,
        sample_rate=extractor.sampling_rate,
        window_seconds=window,
        seconds_per_pass=window,
        embedding_dim=config.audio_config.hidden_size,
        layers=tuple(layer_modules(model)),
        default_layer="encoder",
        capabilities=("embed", "describe", "score"),
        notes=(SINGLY,),
    )
    return AudioLanguageModel(model, processor, kind, info)


class AudioLanguageModel(WithAnswers):
    """A loaded model; implements `surface.AudioModel`."""

    def __init__(self, model: PreTrainedModel, processor: Any, kind: Kind, info: ModelInfo) -> None:
        self.model = model
        self.processor = processor
        self.info = info
        self.kept = KeptAudio(repr(info))
        self._kind = kind
        self._inner = InnerSpeaker(model)
        self._text = TextCodec(processor.tokenizer.backend_tokenizer, None)
        self._hears = False

    @property
    def transformer(self) -> PreTrainedModel:
        """The model as transformers made it."""
        return self.model

    @property
    def default_prompt(self) -> str:
        """What is asked where no prompt is given."""
        return DEFAULT_PROMPT

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
        pooling: Literal["mean", "mean_std", "none"] = "mean",
        context: RunContext = UNWATCHED,
    ) -> list[Embedding]:
        """One embedding per waveform [C, T], of its first window; states of padding are left out.

        Raises:
            InvalidRequestError: no such layer.
            ModelInvalidError: the model does not hear the audio.
        """
        name = self.info.default_layer if layer is None else layer
        modules = layer_modules(self.model)
        if name not in modules:
            raise InvalidRequestError(
                f"{self.info.model_id} has no layer {name!r}; it has {', '.join(modules)}"
            )
        question = self._ask(None)
        results: list[Embedding] = []
        for waveform in waveforms:
            context.check()
            with context.phase("frontend"):
                clip = mono(waveform, self._window)
                inputs = self._inputs(question, clip)
            with context.phase("encode"):
                frames = self._states(inputs, name, modules[name]).float().cpu().numpy()
            results.append(Embedding(pool(frames, pooling), len(clip) / self.info.sample_rate))
        return results

    @property
    def _window(self) -> int:
        return round(cast("float", self.info.window_seconds) * self.info.sample_rate)

    @property
    def _description(self) -> str:
        processor = self.processor
        parts = (processor.chat_template, processor.audio_token, processor.feature_extractor.to_json_string())
        return repr((self.model.config.to_json_string(use_diff=False), *parts))

    @property
    def _speaker(self) -> InnerSpeaker:
        return self._inner

    def _codec(self) -> TextCodec:
        return self._text

    def _ask(self, prompt: str | None) -> Question:
        text = self.default_prompt if prompt is None else prompt
        if self.processor.audio_token in text:
            raise InvalidRequestError(
                f"the prompt holds {self.processor.audio_token}, which stands for audio: leave it out"
            )
        content = [{"type": "audio", "audio": "clip"}, {"type": "text", "text": text}]
        try:
            rendered: str = self.processor.apply_chat_template(
                [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
            )
        except Exception as error:  # whatever a template may raise: it is a program of the folder's
            raise ModelInvalidError(
                f"{self.info.model_id}: its chat template cannot put a question: {error}"
            ) from error
        return Question(
            text, *heard.one_placeholder(rendered, self.processor.audio_token, self.info.model_id)
        )

    def _hear(
        self, clips: Sequence[Waveform], asked: Sequence[Question], *, cache: bool, context: RunContext
    ) -> list[Heard]:
        """Each clip as the language model sees it; one that comes twice is computed once."""
        self._prove_hearing(asked[0])
        results: list[Heard] = []
        found: dict[bytes, HeardAudio] = {}
        for clip, question in zip(clips, asked, strict=True):
            context.check()
            key = blake2b(self.kept.key(clip) + question.before.encode(), digest_size=32).digest()
            kept = self.kept.get(key) if cache else None
            if kept is None and key not in found:
                with context.phase("frontend"):
                    inputs = self._inputs(question, mono(clip, self._window))
                with context.phase("encode"):
                    found[key] = self._listen(inputs)
            results.append(Heard(kept or found[key], kept is not None))
        if cache:
            for key, audio in found.items():
                self.kept.put(key, audio)
        return results

    def _seconds_heard(self, waveform: Waveform) -> float:
        return min(waveform.shape[-1], self._window) / self.info.sample_rate

    def _inputs(self, question: Question, clip: Samples) -> dict[str, Tensor]:
        """What the processor makes of prompt and clip, up to the audio's last place."""
        rate = self.info.sample_rate
        rendered = f"{question.before}{self.processor.audio_token}{question.after}"
        try:
            # `audio`, never `audios`: the older name is dropped without a word
            made = self.processor(
                text=[rendered], audio=[filled_up(clip, rate)], sampling_rate=rate, return_tensors="pt"
            )
        except UNREADABLE as error:
            raise ModelInvalidError(
                f"{self.info.model_id} would not hear the audio: its processor refuses it: {error}"
            ) from error
        ids: Tensor = made["input_ids"]
        places = ids[0] == self.processor.audio_token_id
        heard.features_there(made, places, self.info.model_id)
        last = int(places.nonzero()[-1])
        if ids[0, last + 1 :].tolist() != self._text.encode(question.after):
            raise CapabilityError(
                f"{self.info.model_id}: its tokenizer reads what follows the audio otherwise than alone, so "
                "that questions cannot be asked one after the other"
            )
        inputs: dict[str, Tensor] = dict(made)
        inputs |= {name: inputs[name][:, : last + 1] for name in ("input_ids", "attention_mask")}
        return {
            name: part.to(self.model.device, self.model.dtype if part.is_floating_point() else None)
            for name, part in inputs.items()
        }

    def _listen(self, inputs: Mapping[str, Tensor]) -> HeardAudio:
        """The clip, and the keys of prompt and clip."""
        keeps = keeps_keys(self._inner)
        cache = empty_cache(self._inner) if keeps else None
        embeds = self._embeds(inputs, cache=cache, speak=keeps)
        pairs = pairs_of(cache) if cache else []
        return HeardAudio(embeds, (), tuple((keys[0], values[0]) for keys, values in pairs))

    def _embeds(self, inputs: Mapping[str, Tensor], **options: Any) -> Tensor:
        """What the language model is given, [T, H], with the audio in its places for certain."""
        embeds = cast("Tensor", listen(self.model, inputs, **options).embeds)
        places = inputs["input_ids"][0] == self.processor.audio_token_id
        empty = self._inner.embed_text(inputs["input_ids"][0, places][0])
        heard.features_in_place(embeds[places], empty, self.info.model_id)
        return embeds

    def _states(self, inputs: Mapping[str, Tensor], name: str, module: nn.Module | None) -> Tensor:
        """[L, D] of a layer, without padding."""
        places = inputs["input_ids"][0] == self.processor.audio_token_id
        if module is None:
            return self._embeds(inputs, speak=False)[places]
        speak = name.startswith("lm")
        states = cast("Tensor", listen(self.model, inputs, watch=module, speak=speak).states)
        if speak:
            return states[0, places]
        frames = (inputs[self._kind.features_mask].sum(-1) - 1) // 2 + 1
        counts = (frames - 2) // 2 + 1 if name == "encoder" else frames
        return torch.cat([row[: int(count)] for row, count in zip(states, counts, strict=True)])

    def _prove_hearing(self, question: Question) -> None:
        """Once: noise and silence before the same question give different logits."""
        if self._hears:
            return
        noise = np.random.default_rng(0).standard_normal(self.info.sample_rate).astype(np.float32) * 0.1
        ids = self._text.encode(question.after)
        logits: list[Tensor] = []
        for clip in (noise, np.zeros_like(noise)):
            audio = self._listen(self._inputs(question, clip[: self._window]))
            begin = continued(self._inner, [audio], [ids])
            output: Any = self._inner.language_model(
                inputs_embeds=begin.embeds,
                attention_mask=begin.mask,
                position_ids=(begin.mask.cumsum(1) - 1)[:, -begin.embeds.shape[1] :],
                past_key_values=begin.cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits.append(output.logits[0, -1].float())
        noisy, silent = logits
        heard.answers_differ(noisy, silent, self.info.model_id)
        self._hears = True
