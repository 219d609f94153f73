"""Ten faults in weights, each named: on a tiny model, on the official fixture, and on the released size."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gama_operations.conformance import FULL_SIZE_KEYS
from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.assembly import assemble, build_on_meta
from gama_operations.models.gama.base import read_base_config, refuse_other_config
from gama_operations.models.gama.checkpoint import load_weights
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.full_size import LLAMA_2_7B, full_size_model
from gama_operations.models.gama.tensor_names import PREFIX, canonical
from gama_operations.models.gama.weight_files import WeightSource, read_tensors
from gama_parts import copy_official, in_checkpoint, write_parts

ROOT = Path(__file__).parents[2]
FIXTURES = Path(os.environ.get("GRYM_FIXTURES", ROOT / "../shared/fixtures")).resolve()
OFFICIAL = FIXTURES / "gama-official-a"
KEYS = FIXTURES / FULL_SIZE_KEYS
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


@pytest.fixture(params=["tiny", "official"])
def parts(request, tmp_path):
    if request.param == "tiny":
        return write_parts(tmp_path)
    if not OFFICIAL.is_dir():
        pytest.skip(f"no {OFFICIAL}: set GRYM_FIXTURES to the folder of reference numbers")
    return copy_official(OFFICIAL, tmp_path)


@pytest.fixture
def description(parts):
    return GamaFolder(parts.gama, read_base_config(parts.base), base=parts.base, checkpoint=parts.checkpoint)


def test_what_is_not_spoilt_loads_without_extras(parts, description):
    report = assemble(description, parts.base, parts.checkpoint).report
    assert report.extras == ()
    assert report.notes() == ()


@pytest.mark.parametrize("kind", SPOILT)
def test_a_fault_with_real_tensors_is_named(parts, description, kind):
    spoil, says = SPOILT[kind]
    parts.write(spoil(parts.tensors()))
    told = refusal(lambda: assemble(description, parts.base, parts.checkpoint))
    assert_says(told, says)
    assert str(parts.checkpoint) in told


def test_a_truncated_checkpoint_is_named_with_its_file(parts, description):
    whole = parts.checkpoint.read_bytes()
    for length in (len(whole) - 1, len(whole) // 2, 9):
        parts.checkpoint.write_bytes(whole[:length])
        told = refusal(lambda: assemble(description, parts.base, parts.checkpoint))
        assert_says(told, [str(parts.checkpoint), "cannot be read as a checkpoint"])
    parts.checkpoint.write_bytes(whole[: len(whole) // 2])
    told = refusal(lambda: assemble(description, parts.base, parts.checkpoint))
    assert_says(told, [f"{len(whole) // 2} ", "copy or download it again"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rms_norm_eps": 1e-6}, "rms_norm_eps is 1e-06, expected 1e-05"),
        ({"max_position_embeddings": 64}, "max_position_embeddings is 64, expected"),
        ({"num_attention_heads": 2, "num_key_value_heads": 2}, "num_attention_heads is 2, expected 4"),
        ({"eos_token_id": 5}, "eos_token_id is 5, expected 2"),
        ({"rope_scaling": {"rope_type": "linear", "factor": 2.0}}, "rope_parameters is .*linear"),
    ],
)
def test_a_swapped_base_of_equal_shapes_is_named(parts, description, change, says):
    parts.change_base(**change)
    told = refusal(lambda: assemble(description, parts.base, parts.checkpoint))
    assert_says(told, [str(parts.base), "another base", says])


@pytest.mark.parametrize("field", ["rms_norm_eps", "max_position_embeddings", "bos_token_id", "vocab_size"])
def test_a_base_that_leaves_to_a_default_what_shapes_do_not_tell_is_refused(parts, field):
    values = json.loads((parts.base / "config.json").read_text())
    del values[field]
    (parts.base / "config.json").write_text(json.dumps(values))
    assert_says(refusal(lambda: read_base_config(parts.base)), [f"does not state {field}", "that belongs to"])


def test_missing_and_extra_names_are_both_told(parts, description):
    tensors = without(parts.tensors(), NORM)
    parts.write({**tensors, f"{PREFIX}model.audio_encoder.mlp_head.weight": torch.ones(2)})
    told = refusal(lambda: assemble(description, parts.base, parts.checkpoint))
    assert_says(told, [r"1 of \d+ tensors are missing", r"1 names belong to no part .*mlp_head\.weight"])


def test_a_part_alone_is_told_what_else_it_needs(parts, description):
    told = refusal(lambda: assemble(description, parts.base))
    assert_says(told, ["the audio stack is not: name the stage checkpoint too"])
    told = refusal(lambda: assemble(description, parts.checkpoint))
    assert_says(told, ["the language model is not: name its base folder too"])


def test_a_stage_without_adapters_beside_a_base_is_no_merged_model(parts, description):
    parts.write({name: tensor for name, tensor in parts.tensors().items() if ".lora_" not in name})
    told = refusal(lambda: assemble(description, parts.base, parts.checkpoint))
    assert_says(told, ["no adapter is there", '"lora": null'])
    first = replace(description, gama=replace(parts.gama, lora=None))
    assert assemble(first, parts.base, parts.checkpoint).model.config.lora is None


def test_a_pointer_of_git_lfs_is_no_checkpoint(tmp_path):
    (tmp_path / "pytorch_model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert_says(
        refusal(lambda: read_tensors(tmp_path / "pytorch_model.bin")),
        ["Git LFS pointer of 56 bytes", "lfs pull"],
    )


def test_eight_bit_floats_are_refused_as_quantised(parts, description):
    tensors = parts.tensors()
    parts.write({**tensors, NORM: tensors[NORM].to(torch.float8_e4m3fn)})
    told = refusal(lambda: assemble(description, parts.base, parts.checkpoint))
    assert_says(told, [r"qformer_proj_norm\.bias is float8_e4m3fn", "quantised"])


# the released size: names and shapes, no numbers

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


def test_ltu_as_is_told_from_ltu(tmp_path):
    parts = write_parts(tmp_path)
    as_width = torch.zeros(48, 1280)
    save_file({f"{PREFIX}model.audio_proj.1.weight": as_width}, parts.checkpoint)
    description = GamaFolder(parts.gama, read_base_config(parts.base))
    told = refusal(lambda: assemble(description, parts.base, parts.checkpoint))
    assert_says(told, [r"stage\.safetensors is an LTU-AS checkpoint", "only LTU is supported"])


def test_canonical_names_know_the_forms_of_peft():
    for form in (
        "layers.0.self_attn.q_proj.base_layer.weight",
        "module.model.layers.0.self_attn.q_proj.weight",
        f"{PREFIX}model.layers.0.self_attn.q_proj.weight",
    ):
        assert canonical(form) == f"{PREFIX}model.layers.0.self_attn.q_proj.weight"
    assert in_checkpoint(canonical("layers.0.self_attn.q_proj.lora_A.weight"))
