"""The released size: parameter counts and tensor names, checked on the meta device (no weights needed).

The counts add up to 6,991,619,072, the number in the log of the official repository's issue 15, and LoRA.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from torch import nn

from gama_operations.models.gama.assembly import build_on_meta
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.tensor_names import PREFIX, official

LLAMA_2_7B: dict[str, Any] = {
    "model_type": "llama",
    "vocab_size": 32_000,
    "hidden_size": 4096,
    "intermediate_size": 11_008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
}
CHECKPOINT_WORDS = ("lora", "audio", "qformer", "Qformer", "query_tokens")
"""A stage checkpoint holds the tensors whose name contains one of these."""
OFFICIAL_COUNTS = {
    "encoder": 85_724_160,
    "Q-Former": 99_239_424,
    "queries": 24_576,
    "Q-Former norm": 1_536,
    "aggregator": 28_351_488,
    "projections": 2 * 19_931_136,
    "audio stack": 253_203_456,
    "language model": 6_738_415_616,
    "LoRA": 4_194_304,
}


@cache
def full_size_model() -> Gama:
    """The released architecture on the meta device; built once, which takes seconds."""
    return build_on_meta(GamaConfig.official(), LLAMA_2_7B)


def _count(*modules: nn.Module) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def counts(model: Gama) -> dict[str, int]:
    """Parameters of each part, in the order of OFFICIAL_COUNTS."""
    audio = model.audio
    lora = sum(p.numel() for name, p in model.language_model.named_parameters() if ".lora_" in name)
    return {
        "encoder": _count(audio.audio_encoder),
        "Q-Former": _count(audio.Qformer),
        "queries": audio.query_tokens.numel(),
        "Q-Former norm": _count(audio.qformer_proj_norm),
        "aggregator": _count(audio.audio_aggregator_layer_1, audio.audio_aggregator_layer_2),
        "projections": _count(audio.audio_proj_qformer, audio.audio_proj_audioenc),
        "audio stack": _count(audio),
        "language model": _count(model.language_model) - lora,
        "LoRA": lora,
    }


@dataclass(frozen=True, slots=True)
class SavedTensor:
    """A tensor as a checkpoint saves it."""

    shape: tuple[int, ...]
    in_checkpoint: bool


def saved_tensors(model: Gama) -> dict[str, SavedTensor]:
    """Names and shapes of everything that the released code saves, its two kinds of buffer included."""
    shapes = {official(name): tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    language = model.language_model.config
    head = language.hidden_size // language.num_attention_heads
    for index in range(language.num_hidden_layers):
        shapes[f"{PREFIX}model.layers.{index}.self_attn.rotary_emb.inv_freq"] = (head // 2,)
    shapes[f"{PREFIX}model.Qformer.bert.embeddings.position_ids"] = (1, 512)
    return {
        name: SavedTensor(shape, any(word in name for word in CHECKPOINT_WORDS))
        for name, shape in shapes.items()
    }
