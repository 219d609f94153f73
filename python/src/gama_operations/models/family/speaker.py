"""The language model inside an audio language model, in the form that writes answers here."""

from types import SimpleNamespace
from typing import Any, cast

from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel


class _WithHead(nn.Module):
    """Hidden states and the head that makes logits of them; in transformers they lie in different classes."""

    def __init__(self, base: nn.Module, head: nn.Module, config: PreTrainedConfig) -> None:
        super().__init__()
        self.base_model = base
        self.head = head
        self.config = config

    def forward(self, *, logits_to_keep: int = 0, **inputs: Any) -> Any:
        """Logits of the last positions; 0 for all."""
        hidden = self.base_model(**inputs).last_hidden_state
        return SimpleNamespace(logits=self.head(hidden[:, -logits_to_keep:]))


class InnerSpeaker:
    """Implements `generate.Speaker`; ends an answer where the whole model's generation_config says so."""

    def __init__(self, whole: PreTrainedModel) -> None:
        inner = cast("nn.Module", cast("Any", whole).model.language_model)
        config = whole.config.get_text_config(decoder=True)
        ends = getattr(whole.generation_config, "eos_token_id", None)
        if ends is not None:
            config.eos_token_id = ends
        head = cast("nn.Module", whole.get_output_embeddings())
        self.language_model = cast("PreTrainedModel", _WithHead(inner, head, config))
        self._words = cast("nn.Embedding", whole.get_input_embeddings())

    @property
    def vocabulary(self) -> int:
        """Number of token ids."""
        return self._words.num_embeddings

    def embed_text(self, input_ids: Tensor) -> Tensor:
        """Embeddings of token ids."""
        return self._words(input_ids)
