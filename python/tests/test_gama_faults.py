"""Faults in weights, each named: on a tiny model and on the official fixture."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from gama_faults import FIXTURES, NORM, SPOILT, assert_says, refusal, without
from gama_operations.models.gama.assembly import assemble
from gama_operations.models.gama.base import read_base_config
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.tensor_names import PREFIX, canonical
from gama_operations.models.gama.weight_files import read_tensors
from gama_parts import copy_official, in_checkpoint, write_parts

OFFICIAL = FIXTURES / "gama-official-a"


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
