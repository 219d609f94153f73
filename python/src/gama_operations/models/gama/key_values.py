"""Keys and values of a language model, transformers' or our own."""

from typing import TYPE_CHECKING, Any, cast

from torch import Tensor

from gama_operations.models.gama.plain_llama import PlainCache, PlainLlama

if TYPE_CHECKING:
    from transformers import DynamicCache

    from gama_operations.models.gama.generate import Speaker


def empty_cache(model: "Speaker") -> "DynamicCache | PlainCache":
    """For the positions of a batch to come."""
    language_model: Any = model.language_model
    if isinstance(language_model, PlainLlama):
        return PlainCache(language_model.config.num_hidden_layers)
    from transformers import DynamicCache

    return DynamicCache(config=language_model.config)


def keeps_keys(model: "Speaker") -> bool:
    """Whether every layer of the language model keeps all its keys, so that they can be cut and put together.

    Layers of a sliding window or of a recurrent state cannot: there only the prefix is kept.
    """
    cache = empty_cache(model)
    if isinstance(cache, PlainCache):
        return True
    from transformers.cache_utils import DynamicLayer

    return all(type(layer) is DynamicLayer for layer in cache.layers)


def pairs_of(cache: "DynamicCache | PlainCache") -> list[tuple[Tensor, Tensor]]:
    """Keys and values of each layer [B, heads, C, width], of a cache that keeps them all."""
    layers: Any = cache.layers
    return [(cast("Tensor", layer.keys), cast("Tensor", layer.values)) for layer in layers]
