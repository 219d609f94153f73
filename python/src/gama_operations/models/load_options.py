"""How a model computes: attention of transformers, and weights of 8 or 4 bits.

Nothing heavy is imported before it is needed.
"""

import importlib.util
from typing import TYPE_CHECKING, Any, Literal, cast

from gama_operations.errors import CapabilityError

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

Attention = Literal["eager", "sdpa", "flash_attention_2"]
Quantization = Literal["none", "8bit", "4bit"]


def check_quantization(quantization: Quantization, device: str, model_type: str) -> None:
    """Can these weights be had on that device? Never something else in their place.

    Raises:
        CapabilityError: not here, or not for this model.
    """
    if quantization == "none":
        return
    if model_type != "gama":
        raise CapabilityError(
            f"weights of {quantization} are made of GAMA's language model only, and this is a {model_type}: "
            "leave `quantization` out"
        )
    if not device.startswith("cuda"):
        raise CapabilityError(
            f"weights of {quantization} need CUDA (bitsandbytes computes them there), and the device is "
            f"{device}: ask for dtype bfloat16, which takes half the memory of float32, or for a CUDA device",
            quantization=quantization,
            device=device,
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise CapabilityError(
            f"weights of {quantization} need the package bitsandbytes, which is not installed: "
            "`.venv/bin/pip install bitsandbytes`, or ask for dtype bfloat16",
            quantization=quantization,
            device=device,
        )


def quantize(model: "nn.Module", quantization: Quantization) -> None:
    """Replaces the linear layers of a language model that lies on the CPU, and goes to CUDA afterwards.

    Each becomes small on its way to the device, which never holds the whole. The output matrix and the layers
    that carry an adapter stay as they are. UNTESTED: it needs CUDA and bitsandbytes, and no machine with both
    has run it.
    """
    if quantization == "none":
        return
    import bitsandbytes as bnb  # pyright: ignore[reportMissingImports] # not in the lock: CUDA only
    from torch import nn

    head = cast("Any", model).get_output_embeddings()
    plain = [
        (name, module)
        for name, module in model.named_modules()
        if type(module) is nn.Linear and module is not head
    ]
    for name, linear in plain:
        parent, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(parent), leaf, _quantized(bnb, linear, quantization))


def _quantized(bnb: Any, linear: "nn.Linear", quantization: Quantization) -> "nn.Module":
    bias = cast("nn.Parameter | None", linear.bias)
    size = (linear.in_features, linear.out_features, bias is not None)
    weight = linear.weight.data
    if quantization == "8bit":
        made = bnb.nn.Linear8bitLt(*size, has_fp16_weights=False, threshold=6.0)
        made.weight = bnb.nn.Int8Params(weight.cpu(), requires_grad=False, has_fp16_weights=False)
    else:
        made = bnb.nn.Linear4bit(*size, compute_dtype=weight.dtype, quant_type="nf4")
        made.weight = bnb.nn.Params4bit(weight.cpu(), requires_grad=False, quant_type="nf4")
    made.bias = bias
    return made  # on the CPU: the way to the device is where it quantizes


def attention_of(model: "PreTrainedModel") -> Attention:
    """How a model of transformers, or our own language model, computes attention."""
    config: Any = model.config
    return config._attn_implementation  # noqa: SLF001 # transformers has no other name for it


def choose_attention(model: "PreTrainedModel", attention: Attention | None) -> None:
    """Lets transformers compute attention in that way.

    Raises:
        CapabilityError: this model or this machine cannot; transformers says why.
    """
    if attention is None:
        return
    try:
        model.set_attn_implementation(attention)
    except (ValueError, ImportError, RuntimeError) as error:
        raise CapabilityError(
            f"attention {attention!r} cannot be had for this model here: {error}", attention=attention
        ) from error
    chosen = attention_of(model)
    if chosen != attention:
        raise CapabilityError(
            f"attention {attention!r} cannot be had for this model here: transformers keeps {chosen!r}",
            attention=attention,
        )
