"""Low-rank adapters with PEFT's names: `q_proj.weight`, `q_proj.lora_A.default.weight`, `....lora_B....`.

Hu et al., "LoRA" (ICLR 2022). The released checkpoints keep the adapters unmerged.
"""

import math

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
