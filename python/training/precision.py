"""Arithmetic of training on a CPU: matrices in the faster dtype, and attention as plain matrix products.

torch's fused CPU attention is made for long sequences; its backward pass costs two to four times as
much as plain products at the 125 to 260 positions used here (measured on AMX).
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

BFLOAT16_UNITS = ("amx_bf16", "avx512_bf16")
"""CPU instructions that multiply bfloat16; without them torch emulates it, at a third of float32's speed."""


def training_dtype() -> torch.dtype:
    """bfloat16 where this CPU has units for it, else float32; the weights are float32 in both cases."""
    present = torch.cpu.get_capabilities()
    return torch.bfloat16 if any(present.get(unit) for unit in BFLOAT16_UNITS) else torch.float32


def dtype_name() -> str:
    """`bfloat16` or `float32`: what runs and cards say."""
    return str(training_dtype()).removeprefix("torch.")


def plain_attention() -> AbstractContextManager[None]:
    """Attention as matrix products; a backward pass that computes a forward pass again runs inside, too."""
    return sdpa_kernel(SDPBackend.MATH)


@contextmanager
def training_precision() -> Iterator[None]:
    """Forward passes of training run inside this."""
    dtype = training_dtype()
    # "cuda" in the name, yet it also governs the CPU's plain attention
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(enabled=True)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16)
    with plain_attention(), autocast:
        yield
