"""The same faults in the released size: names and shapes, no numbers."""

import json
import os

import pytest
import torch

from gama_faults import FIXTURES, SPOILT, as_ltu, assert_says, refusal
from gama_operations.conformance import FULL_SIZE_KEYS
from gama_operations.models.gama.assembly import build_on_meta
from gama_operations.models.gama.base import refuse_other_config
from gama_operations.models.gama.checkpoint import load_weights
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.full_size import LLAMA_2_7B, full_size_model
from gama_operations.models.gama.tensor_names import PREFIX
from gama_operations.models.gama.weight_files import WeightSource, read_tensors

KEYS = FIXTURES / FULL_SIZE_KEYS
needs_keys = pytest.mark.skipif(not KEYS.is_file(), reason=f"no {KEYS}: set GRYM_FIXTURES")


def full_size() -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Base and stage checkpoint of the official list of keys, on the meta device."""
    entries = json.loads(KEYS.read_text())
    made = {
        name: torch.empty(entry["shape"], dtype=getattr(torch, entry["dtype"]), device="meta")
        for name, entry in entries.items()
    }
    base = {n.removeprefix(PREFIX): t for n, t in made.items() if not entries[n]["in_checkpoint"]}
    return base, {n: t for n, t in made.items() if entries[n]["in_checkpoint"]}


def load_full_size(base, stage):
    return load_weights(full_size_model(), WeightSource("base", base), WeightSource("stage.bin", stage))


@needs_keys
def test_the_released_names_and_shapes_pass_the_strict_loader():
    base, stage = full_size()
    assert len(stage) == 708
    report = load_full_size(base, stage)
    assert report.extras == ()
    assert report.notes() == ()
    assert len(report.buffers) == 33  # rotary frequencies of 32 layers, position ids
    assert report.loaded == len(base) + len(stage) - 33


@needs_keys
@pytest.mark.parametrize("kind", SPOILT)
def test_a_fault_in_the_released_size_is_named(kind):
    base, stage = full_size()
    spoil, says = SPOILT[kind]
    told = refusal(lambda: load_full_size(base, spoil(stage)))
    assert_says(told, [*says, "stage.bin"])
    if kind == "an unknown prefix":
        assert "all 708 names of stage.bin begin with `wrapped.`" in told


@needs_keys
def test_a_truncated_checkpoint_of_the_released_size_is_named(tmp_path):
    _, stage = full_size()
    file = tmp_path / "stage.safetensors"
    header, offset = {}, 0
    for name, tensor in stage.items():
        kind = "I64" if tensor.dtype == torch.int64 else "F32"
        end = offset + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        stream.truncate(8 + len(text) + offset)  # a gigabyte of hole
    assert {n: t.shape for n, t in read_tensors(file).items()} == {n: t.shape for n, t in stage.items()}
    os.truncate(file, 8 + len(text) + offset // 2)
    told = refusal(lambda: read_tensors(file))
    assert_says(told, [str(file), "it is cut off, .* of .* bytes are there", "download it again"])


def test_a_swapped_base_of_the_released_size_is_named(tmp_path):
    for change, says in (
        ({"rms_norm_eps": 1e-6}, "rms_norm_eps is 1e-06, expected 1e-05"),
        ({"max_position_embeddings": 2048}, "max_position_embeddings is 2048, expected 4096"),
        ({"vocab_size": 32_001}, "vocab_size is 32001, expected 32000"),
    ):
        (tmp_path / "config.json").write_text(json.dumps({**LLAMA_2_7B, **change}))
        assert_says(refusal(lambda: refuse_other_config(LLAMA_2_7B, tmp_path)), ["another base", says])


def test_the_released_ltu_has_the_counts_of_its_readme_and_names_a_gama():
    model = build_on_meta(GamaConfig.ltu(), LLAMA_2_7B)
    trainable = {n: p.numel() for n, p in model.named_parameters() if n.startswith("audio.") or ".lora_" in n}
    assert sum(trainable.values()) == 93_065_216
    assert sum(parameter.numel() for parameter in model.parameters()) == 6_831_480_832
    if KEYS.is_file():
        base, stage = full_size()
        load_weights(model, WeightSource("base", base), WeightSource("ltu_ori_paper.bin", as_ltu(stage)))
        told = refusal(lambda: load_weights(model, WeightSource("base", base), WeightSource("s", stage)))
        assert_says(told, ["the weights are GAMA's", '"architecture": "gama"'])
