"""Low-rank adapters with PEFT's names: `q_proj.weight`, `q_proj.lora_A.default.weight`, `....lora_B....`.

Hu et al., "LoRA" (ICLR 2022). The released checkpoints keep the adapters unmerged.
"""

import math
from typing import cast

from torch import Tensor, nn

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.config import LoraConfig


class LoraLinear(nn.Linear):
    """y = Wx + b + (alpha / r) B(Ax)."""

    def __init__(self, base: nn.Linear, config: LoraConfig) -> None:
        super().__init__(base.in_features, base.out_features, bias=False, device="meta")
        self.weight, self.bias = base.weight, base.bias
        factory = {"device": base.weight.device, "dtype": base.weight.dtype}
        a = nn.Linear(base.in_features, config.r, bias=False, **factory)
        b = nn.Linear(config.r, base.out_features, bias=False, **factory)
        nn.init.kaiming_uniform_(a.weight, a=math.sqrt(5))
        nn.init.zeros_(b.weight)  # an untrained adapter changes nothing
        self.lora_A, self.lora_B = nn.ModuleDict({"default": a}), nn.ModuleDict({"default": b})
        self.scaling = config.alpha / config.r

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - nn.Linear's name
        """[..., in] to [..., out]."""
        low = self.lora_B["default"](self.lora_A["default"](input))
        return super().forward(input) + self.scaling * low


def add_lora(model: nn.Module, config: LoraConfig) -> None:
    """Replaces every Linear named in `config.targets` by one with an adapter.

    Raises:
        ModelInvalidError: no layer has such a name.
    """
    found = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.rsplit(".", 1)[-1] in config.targets
    ]
    if not found:
        raise ModelInvalidError(f"LoRA: no linear layer is named {' or '.join(config.targets)}")
    for name, module in found:
        parent, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(parent), leaf, LoraLinear(module, config))


def _adapted(model: nn.Module) -> list[tuple[str, LoraLinear]]:
    return [(name, module) for name, module in model.named_modules() if isinstance(module, LoraLinear)]


def _replace_by_plain(model: nn.Module, name: str, adapted: LoraLinear, weight: nn.Parameter) -> None:
    plain = nn.Linear(adapted.in_features, adapted.out_features, bias=False, device="meta")
    plain.weight, plain.bias = weight, adapted.bias
    parent, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(parent), leaf, plain)


def without_adapters(model: nn.Module) -> None:
    """Takes every adapter out and leaves the weights as they are: for weights that hold it merged."""
    for name, adapted in _adapted(model):
        _replace_by_plain(model, name, adapted, cast("nn.Parameter", adapted.weight))


def merge_lora(model: nn.Module) -> int:
    """Adds every adapter to its weight, W += (alpha / r) B A, and takes it out; returns how many there were.

    The sum is computed in float32 and rounded once to the weight's own type: in float32 the model stays the
    same but for the order of additions, in 16 bits it does not.
    """
    adapted = _adapted(model)
    for name, module in adapted:
        a, b = (cast("Tensor", half["default"].weight).float() for half in (module.lora_A, module.lora_B))
        merged = (module.weight.float() + module.scaling * (b @ a)).to(module.weight.dtype)
        weight = nn.Parameter(merged.detach(), requires_grad=module.weight.requires_grad)
        _replace_by_plain(model, name, module, weight)
    return len(adapted)
