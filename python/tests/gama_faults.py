"""How stage checkpoints are spoilt, and what the errors say of it."""

import os
import re
from pathlib import Path

import pytest
import torch

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.tensor_names import PREFIX

ROOT = Path(__file__).parents[2]
FIXTURES = Path(os.environ.get("GRYM_FIXTURES", ROOT / "../shared/fixtures")).resolve()
NORM = f"{PREFIX}model.qformer_proj_norm.bias"
QUERIES = f"{PREFIX}model.query_tokens"
ADAPTER = f"{PREFIX}model.layers.0.self_attn.v_proj.lora_B.default.weight"


def without(tensors, *gone):
    return {name: tensor for name, tensor in tensors.items() if name not in gone}


def with_nan(tensors):
    spoilt = torch.zeros(tensors[NORM].shape)  # real numbers, also where the others are on the meta device
    spoilt[3] = torch.nan
    return {**tensors, NORM: spoilt}


def as_ltu(tensors):
    """What is GAMA's alone gives way to LTU's projection."""
    adapted = tensors[f"{PREFIX}model.audio_proj_audioenc.0.weight"]
    common = {
        name: tensor
        for name, tensor in tensors.items()
        if (".audio_encoder." in name or ".lora_" in name) and "norm_j" not in name and "norm_k" not in name
    }
    projection = {
        f"{PREFIX}model.audio_proj.1.weight": torch.empty_like(adapted),
        f"{PREFIX}model.audio_proj.1.bias": torch.empty_like(adapted[:, 0]),
    }
    return common | projection


SPOILT = {
    "a missing tensor": (
        lambda t: without(t, NORM),
        [r"1 of \d+ tensors are missing", r"qformer_proj_norm\.bias", "is not the whole checkpoint"],
    ),
    "a wrong shape": (
        lambda t: {**t, QUERIES: t[QUERIES][:, 1:].clone()},
        [r"query_tokens is \[1, \d+, \d+\], expected \[1, \d+, \d+\]", "describes another model"],
    ),
    "an unknown prefix": (
        lambda t: {f"wrapped.{name}": tensor for name, tensor in t.items()},
        [r"all \d+ names of .* begin with `wrapped\.`", "save the file again without it"],
    ),
    "a number that is none": (
        with_nan,
        [r"qformer_proj_norm\.bias \(1 of \d+ values, the first at \[3\]\)", "damaged"],
    ),
    "integers": (
        lambda t: {**t, NORM: torch.zeros(t[NORM].shape, dtype=torch.int8)},
        [r"qformer_proj_norm\.bias is int8", "quantised weights are not read"],
    ),
    "two names for one tensor": (
        lambda t: {**t, NORM.removeprefix(PREFIX): t[NORM].clone()},
        [rf"1 tensors by two names each: {NORM} and {NORM.removeprefix(PREFIX)}", "take one of them out"],
    ),
    "another architecture": (
        as_ltu,
        [r"is an LTU checkpoint \(.*audio_proj\.1\.weight", '"architecture": "ltu"'],
    ),
    "half a LoRA": (
        lambda t: without(t, ADAPTER),
        [r"half a LoRA: 1 of \d+ adapter tensors are missing", r"v_proj\.lora_B", "not the whole checkpoint"],
    ),
}
"""Kind → how a stage checkpoint is spoilt, and what the error says."""


def refusal(load) -> str:
    with pytest.raises(ModelInvalidError) as caught:
        load()
    return str(caught.value)


def assert_says(told, patterns):
    missing = [pattern for pattern in patterns if not re.search(pattern, told)]
    assert not missing, f"{missing} not in: {told}"
