"""LoRA merged into the weights is the same model as LoRA beside them."""

import logging
from dataclasses import replace

import pytest
import torch

from gama_operations.models.gama.assembly import assemble, load_gama
from gama_operations.models.gama.checkpoint import official_state
from gama_operations.models.gama.folder import GamaFolder, save_gama
from gama_operations.models.gama.lora import merge_lora
from gama_operations.models.registry import load
from gama_parts import BASE_CONFIG, in_checkpoint, write_parts
from gama_reference import GAMA
from gama_tiny import logits, tiny


@pytest.fixture
def parts(tmp_path):
    return write_parts(tmp_path / "parts")


def test_merged_lora_is_the_same_model(parts):
    description = GamaFolder(parts.gama, BASE_CONFIG)
    apart = assemble(description, parts.base, parts.checkpoint).model
    merged = assemble(description, parts.base, parts.checkpoint).model
    assert merge_lora(merged.language_model) == 4  # q and v of two layers
    assert not any(".lora_" in name for name in merged.state_dict())
    one, other = logits(apart), logits(merged)
    assert not torch.equal(one, logits(tiny(replace(GAMA, lora=None), **BASE_CONFIG)))
    scale = float(one.abs().max())
    assert float((one - other).abs().max()) <= 1e-5 * scale
    name = "language_model.model.layers.1.self_attn.q_proj"
    q = apart.get_submodule(name)
    by_hand = (
        q.weight.double() + 2.0 * q.lora_B["default"].weight.double() @ q.lora_A["default"].weight.double()
    )
    assert torch.allclose(merged.get_submodule(name).weight.double(), by_hand, atol=1e-7)


def test_merged_weights_load_under_a_config_with_lora_and_say_so(tmp_path, parts, caplog):
    merged = assemble(GamaFolder(parts.gama, BASE_CONFIG), parts.base, parts.checkpoint).model
    merge_lora(merged.language_model)
    save_gama(tmp_path / "merged", merged, GamaFolder(parts.gama, BASE_CONFIG))
    with caplog.at_level(logging.WARNING):
        loaded = load_gama(tmp_path / "merged")
    assert loaded.report.merged_lora
    assert "LoRA is taken as merged" in caplog.text
    assert "LoRA is taken as merged" in load(str(tmp_path / "merged"), device="cpu").info.notes[0]
    assert torch.equal(logits(loaded.model), logits(merged))
    # a stage file that carries the changed matrices replaces the base's
    changed = {
        n: t for n, t in official_state(merged).items() if in_checkpoint(n) or "q_proj" in n or "v_proj" in n
    }
    parts.write(changed)
    beside = assemble(GamaFolder(parts.gama, BASE_CONFIG), parts.base, parts.checkpoint)
    assert beside.report.merged_lora
    assert len(beside.report.replaced) == 4
    assert torch.equal(logits(beside.model), logits(merged))
