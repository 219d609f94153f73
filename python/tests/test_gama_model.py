"""The forward pass: audio prefix, aggregator modes, patchout, loss, LoRA."""

from dataclasses import replace

import pytest
import torch

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.config import LoraConfig
from gama_operations.models.gama.lora import add_lora
from gama_operations.models.gama.model import IGNORED_LABEL
from gama_tiny import CONFIG, tiny

FBANK = torch.randn(2, 128, 128, generator=torch.Generator().manual_seed(1))
IDS = torch.tensor([[1, 40, 41, 42, 43], [1, 50, 51, 52, 53]])


def with_other_middle_layers(model):
    """Same weights but for the norms of the middle layers."""
    with torch.no_grad():
        model.audio.audio_encoder.norm_j.bias += 1.0
        model.audio.audio_encoder.norm_k.bias += 1.0
    return model


def test_the_official_aggregator_ignores_the_middle_layers_and_the_papers_does_not():
    for mode, listens in (("official", False), ("paper", True)):
        config = replace(CONFIG, aggregator_mode=mode)
        with torch.no_grad():
            before = tiny(config).audio_prefix(FBANK)
            after = with_other_middle_layers(tiny(config)).audio_prefix(FBANK)
        queries = config.query_tokens
        assert torch.equal(before[:, :queries], after[:, :queries])
        assert torch.equal(before[:, queries:], after[:, queries:]) != listens


def test_the_prefix_is_queries_then_time_tokens_before_the_text():
    model = tiny()
    prefix = model.audio_prefix(FBANK)
    assert prefix.shape == (2, CONFIG.query_tokens + 8, 48)
    assert CONFIG.prefix_tokens == prefix.shape[1]
    output = model(IDS, fbank=FBANK)
    assert output.logits.shape == (2, 5, 300)
    assert torch.allclose(output.logits, model(IDS, prefix=prefix).logits, atol=1e-5)
    assert not torch.allclose(output.logits, model(IDS).logits, atol=0.1)


def test_keeping_every_patch_changes_nothing_and_order_does_not_matter():
    model = tiny()
    whole = model.audio_prefix(FBANK)
    shuffled = torch.stack([torch.randperm(64), torch.randperm(64)])
    assert torch.allclose(whole, model.audio_prefix(FBANK, keep=shuffled), atol=1e-4)


def test_patchout_averages_the_kept_patches_of_each_column():
    encoder = tiny().audio.audio_encoder
    keep = torch.tensor([[0, 8, 3]])  # column 0 twice (rows 0 and 1), column 3 once
    patches = torch.randn(1, 3, 32)
    tokens = encoder.time_tokens(patches, keep)
    assert torch.allclose(tokens[0, 0], patches[0, :2].mean(0), atol=1e-6)
    assert torch.equal(tokens[0, 3], patches[0, 2])
    assert tokens[0, [1, 2, 4, 5, 6, 7]].abs().max() == 0
    assert encoder(FBANK[:1], keep).last.shape == (1, 3, 32)


def test_the_loss_counts_only_labels_that_are_not_ignored():
    model = tiny()
    labels = IDS.clone()
    labels[:, :3] = IGNORED_LABEL
    with torch.no_grad():
        output = model(IDS, fbank=FBANK, labels=labels)
    chosen = output.logits[:, 2:4].log_softmax(-1).gather(-1, IDS[:, 3:].unsqueeze(-1))
    assert float(output.loss) == pytest.approx(float(-chosen.mean()), abs=1e-5)


def test_masked_padding_between_audio_and_text_does_not_reach_the_text():
    model = tiny()
    padded = torch.cat([torch.zeros(2, 3, dtype=torch.long), IDS], 1)
    mask = torch.cat([torch.zeros(2, 3, dtype=torch.long), torch.ones_like(IDS)], 1)
    other = padded.clone()
    other[:, :3] = 77
    first, second = (model(ids, fbank=FBANK, attention_mask=mask).logits[:, 3:] for ids in (padded, other))
    assert torch.allclose(first, second, atol=1e-5)


def test_gradients_reach_every_part_that_is_used():
    model = tiny().train()
    keep = torch.stack([torch.randperm(64)[:40] for _ in range(2)])
    model(IDS, fbank=FBANK, labels=IDS, keep=keep).loss.backward()
    silent = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    unused = ("norm1_v", "norm2_v", "norm1_a", "norm2_a", "norm1.", "norm2.", "_query.")
    assert all(any(word in name for word in unused) for name in silent)
    used = {name for name, _ in model.named_parameters()} - silent
    assert any("crossattention" in name for name in used)
    assert any("patch_embed_a" in name for name in used)


def test_an_untrained_adapter_changes_nothing_and_a_trained_one_is_scaled():
    base, adapted = tiny(), tiny(replace(CONFIG, lora=LoraConfig(r=4, alpha=8)))
    layer = adapted.language_model.model.layers[0].self_attn.q_proj
    plain = base.language_model.model.layers[0].self_attn.q_proj
    with torch.no_grad():
        layer.weight.copy_(plain.weight)
        x = torch.randn(3, 48)
        assert torch.equal(layer(x), plain(x))
        b = torch.nn.init.normal_(layer.lora_B["default"].weight)
        expected = plain(x) + 2.0 * x @ layer.lora_A["default"].weight.T @ b.T
        assert torch.allclose(layer(x), expected, atol=1e-5)


def test_an_adapter_for_layers_that_are_not_there_is_refused():
    with pytest.raises(ModelInvalidError, match="no linear layer is named c_attn"):
        add_lora(tiny().language_model, LoraConfig(targets=("c_attn",)))


def test_any_causal_language_model_of_transformers_fits():
    model = tiny(model_type="qwen3", head_dim=12)
    assert model(IDS, fbank=FBANK, labels=IDS).loss.isfinite()
