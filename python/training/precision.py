"""Arithmetic of training on a CPU: bfloat16 matrices, and attention as plain matrix products.

torch's fused CPU attention is made for long sequences; its backward pass costs two to four times as
much as plain products at the 125 to 260 positions used here (measured on AMX).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel


@contextmanager
def training_precision() -> Iterator[None]:
    """Forward passes of training run inside this."""
    # "cuda" in the name, yet it also governs the CPU's plain attention
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(enabled=True)
    with sdpa_kernel(SDPBackend.MATH), torch.autocast("cpu", torch.bfloat16):
        yield
