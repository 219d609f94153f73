"""GAMA: the audio prefix in front of the text embeddings of any Hugging Face causal language model.

Order of positions: [Q-Former tokens][aggregator tokens][text, which begins with BOS].
Shapes: B batch, T text tokens, P prefix tokens, H width, V vocabulary, M mel bins.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from torch import Tensor, nn

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.audio_stack import AudioStack
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.lora import add_lora
from gama_operations.models.gama.ltu import LtuStack

if TYPE_CHECKING:
    from transformers import PreTrainedModel

IGNORED_LABEL = -100


@dataclass(frozen=True, slots=True)
class GamaOutput:
    """Result of a training step or of scoring a text."""

    loss: Tensor | None
    logits: Tensor
    """[B, T, V]: text positions only."""


def language_model(config: dict[str, Any]) -> "PreTrainedModel":
    """A freshly initialised causal language model from its Hugging Face config (`model_type` names it).

    Raises:
        ModelInvalidError: transformers makes no causal language model of the config.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig, AutoModelForCausalLM

    values = {"model_type": "llama", **config}
    model_type = values.pop("model_type")
    try:
        known = AutoConfig.for_model(model_type, **values)
        model = AutoModelForCausalLM.from_config(known, trust_remote_code=False)
    except (TypeError, ValueError, KeyError, ZeroDivisionError, StrictDataclassError) as error:
        raise ModelInvalidError(
            f"config.json: `language_model` is no {model_type} config: {error}"
        ) from error
    return cast("PreTrainedModel", model)


def next_token_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of the next token over the labels that are not IGNORED_LABEL."""
    return nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORED_LABEL
    )


class Gama(nn.Module):
    """An audio stack and a language model."""

    def __init__(self, config: GamaConfig, language_model: "PreTrainedModel") -> None:
        """Puts both together.

        Raises:
            ModelInvalidError: `projection_dim` is not the language model's width.
        """
        super().__init__()
        width = cast("nn.Embedding", language_model.get_input_embeddings()).embedding_dim
        if width != config.projection_dim:
            raise ModelInvalidError(
                f"GamaConfig: projection_dim {config.projection_dim} is not the width {width} "
                "of the language model"
            )
        self.config = config
        # typed as GAMA's: who takes its parts one by one, and not the prefix, is for GAMA alone
        ltu = config.architecture == "ltu"
        self.audio = cast("AudioStack", LtuStack(config)) if ltu else AudioStack(config)
        self.language_model = language_model
        if config.lora is not None:
            add_lora(language_model, config.lora)

    @classmethod
    def from_config(cls, config: GamaConfig, language_model_config: dict[str, Any]) -> Self:
        """A freshly initialised model; seed torch first for the same weights twice."""
        return cls(config, language_model(language_model_config))

    def audio_prefix(self, fbank: Tensor, keep: Tensor | None = None) -> Tensor:
        """Prefix [B, P, H] of features [B, target_frames, M].

        Args:
            fbank: Normalised log-mel features (`MelFrontend`).
            keep: Patch indices [B, K], int64, for training with patchout.
        """
        return self.audio(fbank, keep)

    @property
    def vocabulary(self) -> int:
        """V, the number of token ids."""
        return cast("nn.Embedding", self.language_model.get_input_embeddings()).num_embeddings

    def embed_text(self, input_ids: Tensor) -> Tensor:
        """Embeddings [B, T, H] of token ids [B, T]."""
        return cast("nn.Embedding", self.language_model.get_input_embeddings())(input_ids)

    def forward(
        self,
        input_ids: Tensor,
        *,
        fbank: Tensor | None = None,
        prefix: Tensor | None = None,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        keep: Tensor | None = None,
    ) -> GamaOutput:
        """Logits and loss of texts after their audio, as the released training computed them.

        Args:
            input_ids: Token ids [B, T]; padding may stand left or right, masked and with ignored labels.
            fbank: Features [B, target_frames, M]; None with `prefix` None means text without audio.
            prefix: A prefix [B, P, H] computed before, instead of `fbank`.
            attention_mask: [B, T] over the text or [B, P + T] over everything; all ones when None.
            labels: [B, T], IGNORED_LABEL where nothing is to be learnt; the loss covers text only.
            keep: As in `audio_prefix`.
        """
        text = self.embed_text(input_ids)
        if prefix is None and fbank is not None:
            prefix = self.audio_prefix(fbank, keep)
        embeds = text if prefix is None else torch.cat([prefix.to(text.dtype), text], 1)
        if attention_mask is not None and attention_mask.shape[1] < embeds.shape[1]:
            missing = embeds.shape[1] - attention_mask.shape[1]
            attention_mask = nn.functional.pad(attention_mask, (missing, 0), value=1)
        hidden = self.language_model.base_model(
            inputs_embeds=embeds,
            attention_mask=attention_mask,
            use_cache=False,
        ).last_hidden_state  # (B, P + T, H)
        head = cast("nn.Module", self.language_model.get_output_embeddings())
        logits = head(hidden[:, -input_ids.shape[1] :])
        return GamaOutput(None if labels is None else next_token_loss(logits, labels), logits)
