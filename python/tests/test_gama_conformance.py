"""Our GAMA against the numbers of the official code, where they are at hand."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gama_operations import conformance
from gama_operations.models.gama.differences import Differences, largest_difference, relative_difference
from gama_operations.models.gama.full_size import OFFICIAL_COUNTS, counts, full_size_model, saved_tensors
from gama_reference import write_reference

ROOT = Path(__file__).parents[2]
FIXTURES = Path(os.environ.get("GRYM_FIXTURES", ROOT / "../shared/fixtures")).resolve()
OFFICIAL = FIXTURES / "gama-official-a"
KEYS = FIXTURES / conformance.FULL_SIZE_KEYS

needs_fixture = pytest.mark.skipif(
    not OFFICIAL.is_dir(), reason=f"no {OFFICIAL}: set GRYM_FIXTURES to the folder of reference numbers"
)


def run(folder):
    command = [sys.executable, "-m", "gama_operations.conformance", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(OFFICIAL, tmp_path / "copy", copy_function=shutil.copy)
    for path in [tmp_path / "copy", *(tmp_path / "copy").rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path / "copy"


@needs_fixture
def test_every_quantity_of_the_official_code_is_within_its_tolerance():
    finished = run(OFFICIAL)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    rows = {line.split("  ")[0].strip() for line in finished.stdout.splitlines()}
    outputs = {name.split(".", 1)[1] for name in load_file(OFFICIAL / "outputs.safetensors")}
    assert {name for name in outputs if name != "logits"} <= rows | {"logits"}
    assert {"greedy_new_ids", "greedy_rep1p1_new_ids", "batch loss", "logits from waveform"} <= rows
    other_forms = ("inference batch: greedy_new_ids", "merged LoRA: logits", "bfloat16: llm.norm")
    assert {*other_forms, "inference batch: logits", "bfloat16: logits"} <= rows
    assert "EXCEEDED" not in finished.stdout
    assert ("full size: 1031 names and shapes" in rows) == KEYS.is_file()


@needs_fixture
def test_one_wrong_number_is_found_and_fails(copy, capsys):
    outputs = load_file(copy / "outputs.safetensors")
    outputs["case1.agg2.self_attention_out"][0, 3, 5] += 1e-3
    save_file(outputs, copy / "outputs.safetensors")
    assert conformance.main([str(copy)]) == 1
    exceeded = [line for line in capsys.readouterr().out.splitlines() if "EXCEEDED" in line]
    assert len(exceeded) == 1
    assert exceeded[0].startswith("agg2.self_attention_out")


@needs_fixture
def test_a_batch_merged_weights_and_16_bits_are_held_against_the_same_numbers(copy, capsys):
    outputs = load_file(copy / "outputs.safetensors")
    outputs["case0.logits"][0, 2, 7] += 1e-3
    outputs["case1.llm.norm"] *= 1.06
    save_file(outputs, copy / "outputs.safetensors")
    assert conformance.main([str(copy)]) == 1
    exceeded = [line for line in capsys.readouterr().out.splitlines() if "EXCEEDED" in line]
    names = {line.split("  ")[0].strip(): line for line in exceeded}
    assert {"inference batch: logits", "merged LoRA: logits", "bfloat16: llm.norm"} <= names.keys()
    assert "case0" in names["inference batch: logits"]
    assert "bfloat16: logits" not in names


@needs_fixture
def test_another_weight_is_found_and_fails(copy):
    state = load_file(copy / "full_state.safetensors")
    state["base_model.model.model.layers.1.self_attn.v_proj.lora_B.default.weight"] *= 0.5
    save_file(state, copy / "full_state.safetensors")
    assert conformance.main([str(copy)]) == 1


@needs_fixture
def test_a_missing_weight_and_a_foreign_constant_are_named(copy, capsys):
    state = load_file(copy / "full_state.safetensors")
    del state["base_model.model.model.qformer_proj_norm.bias"]
    save_file(state, copy / "full_state.safetensors")
    assert conformance.main([str(copy)]) == 2
    assert "qformer_proj_norm.bias" in capsys.readouterr().err
    config = json.loads((copy / "config.json").read_text())
    config["encoder"]["layer_norm_eps"] = 1e-6
    (copy / "config.json").write_text(json.dumps(config))
    assert conformance.main([str(copy)]) == 2
    assert "encoder.layer_norm_eps 1e-06" in capsys.readouterr().err


def test_dimensions_are_read_from_the_folder(tmp_path, capsys):
    folder = write_reference(tmp_path / "other")
    assert conformance.main([str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "enc.blocks_u.1" in printed
    assert "names and shapes not compared, there is no" in printed
    config = json.loads((folder / "config.json").read_text())
    config["pool"]["divide_by"] = 2.0
    (folder / "config.json").write_text(json.dumps(config))
    assert conformance.main([str(folder)]) == 1


def test_a_folder_of_another_kind_is_refused(tmp_path, capsys):
    assert conformance.main([str(tmp_path)]) == 2
    assert "lacks config.json, expected.json" in capsys.readouterr().err


@pytest.mark.parametrize("damaged", ["outputs.safetensors", "full_state.safetensors", "tolerances.json"])
def test_a_damaged_file_is_named_and_is_no_exceeded_tolerance(tmp_path, capsys, damaged):
    folder = write_reference(tmp_path / "folder")
    file = folder / damaged
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert conformance.main([str(folder)]) == 2
    assert damaged in capsys.readouterr().err


def test_a_case_without_its_tensors_is_named(tmp_path, capsys):
    folder = write_reference(tmp_path / "folder")
    inputs = load_file(folder / "inputs.safetensors")
    name = next(name for name in inputs if name.endswith(".fbank"))
    del inputs[name]
    save_file(inputs, folder / "inputs.safetensors")
    assert conformance.main([str(folder)]) == 2
    assert f"lacks '{name}'" in capsys.readouterr().err


def test_the_released_size_has_the_released_parameter_counts():
    found = counts(full_size_model())
    assert found == OFFICIAL_COUNTS
    assert found["audio stack"] + found["language model"] == 6_991_619_072
    saved = saved_tensors(full_size_model())
    assert len(saved) == 1031
    checkpoint = [tensor.shape for tensor in saved.values() if tensor.in_checkpoint]
    assert len(checkpoint) == 708
    assert sum(torch.Size(shape).numel() for shape in checkpoint) == 257_398_272


@pytest.mark.skipif(not KEYS.is_file(), reason=f"no {KEYS}: set GRYM_FIXTURES")
def test_the_released_size_has_the_released_names_and_shapes():
    stated = json.loads(KEYS.read_text())
    ours = saved_tensors(full_size_model())
    assert {name: list(tensor.shape) for name, tensor in ours.items()} == {
        name: entry["shape"] for name, entry in stated.items()
    }


def test_differences_see_shapes_nan_and_infinities():
    one = torch.tensor([1.0, -torch.inf])
    assert largest_difference(one, torch.tensor([1.5, -torch.inf])) == 0.5
    assert largest_difference(one, torch.tensor([1.0, 2.0])) == torch.inf
    assert largest_difference(one, torch.tensor([torch.nan, -torch.inf])) == torch.inf
    assert largest_difference(one, torch.tensor([1.0])) == torch.inf
    assert relative_difference(torch.tensor([3.0, 4.5]), torch.tensor([3.0, 4.0])) == pytest.approx(0.1)
    assert relative_difference(torch.tensor([1.0]), torch.tensor([1.0, 1.0])) == torch.inf
    assert relative_difference(torch.tensor([torch.nan]), torch.tensor([1.0])) == torch.inf
    rows = Differences()
    rows.add("a", "x", 0.1, 0.2)
    assert rows.passed
    rows.add("a", "y", 0.3, 0.2)
    assert not rows.passed
    assert rows.rows["a"].worst == "y"
    rows = Differences()
    rows.add("mean", "x", 0.0, 0.2)
    rows.add("mean", "y", float("nan"), 0.2)
    assert not rows.passed
    assert rows.rows["mean"].worst == "y"
