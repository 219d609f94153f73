"""Our own Llama gives what transformers gives; and gama-tiny answers with it as with theirs."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

from gama_operations.models.gama.key_values import empty_cache, keeps_keys, pairs_of
from gama_operations.models.gama.plain_llama import PlainCache, PlainConfig, PlainLlama
from gama_operations.models.registry import WEIGHTS, load
from gama_operations.models.surface import Generation

SAME = 1e-5
SIZES = {
    "model_type": "llama",
    "vocab_size": 40,
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
}


@pytest.fixture(params=[True, False], ids=["tied", "untied"])
def both(request):
    values = SIZES | {"tie_word_embeddings": request.param}
    torch.manual_seed(3)
    theirs = LlamaForCausalLM(LlamaConfig(**{k: v for k, v in values.items() if k != "model_type"})).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.mul_(3)  # fresh weights are so small that attention hardly matters
    ours = PlainLlama(PlainConfig.of(values)).eval()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def padded(rows):
    """Embeddings [B, L, H] and a mask, padded on the left."""
    longest = max(rows)
    mask = torch.tensor([[0] * (longest - length) + [1] * length for length in rows])
    embeds = torch.randn(len(rows), longest, 24, generator=torch.Generator().manual_seed(0))
    return embeds * mask[..., None], mask, (mask.cumsum(1) - 1).clamp_min(0)


@torch.inference_mode()
def test_each_layer_and_the_logits_are_those_of_transformers(both):
    ours, theirs = both
    embeds, mask, positions = padded([9, 4, 7])
    given = {"inputs_embeds": embeds, "attention_mask": mask, "position_ids": positions}
    one, other = (model.base_model(**given, use_cache=False, output_hidden_states=True) for model in both)
    heard = mask.bool()
    assert len(one.hidden_states) == len(other.hidden_states) == 4
    for mine, expected in zip(one.hidden_states, other.hidden_states, strict=True):
        assert (mine - expected)[heard].abs().max() < SAME * max(1, expected.abs().max())
    for keep in (0, 1, 3):
        logits, expected = (model(**given, use_cache=False, logits_to_keep=keep).logits for model in both)
        assert logits.shape == expected.shape
        assert (logits - expected)[heard[:, -keep:]].abs().max() < SAME * max(1, expected.abs().max())
    alone = ours(inputs_embeds=embeds[:1]).logits
    assert (alone - theirs(inputs_embeds=embeds[:1]).logits).abs().max() < 10 * SAME


@torch.inference_mode()
def test_steps_with_what_is_kept_are_those_of_transformers(both):
    ours, theirs = both
    embeds, mask, positions = padded([9, 4, 7])
    caches = PlainCache(3), DynamicCache(config=theirs.config)
    for start, stop in ((0, 6), (6, 8), (8, 9)):
        logits, expected = (
            model(
                inputs_embeds=embeds[:, start:stop],
                attention_mask=mask[:, :stop],
                position_ids=positions[:, start:stop],
                past_key_values=cache,
                use_cache=True,
            ).logits
            for model, cache in zip(both, caches, strict=True)
        )
        heard = mask[:, start:stop].bool()
        assert (logits - expected)[heard].abs().max() < SAME * max(1, expected.abs().max())
    model = SimpleNamespace(language_model=ours)
    assert keeps_keys(model)
    assert isinstance(empty_cache(model), PlainCache)
    assert [keys.shape for keys, _ in pairs_of(caches[0])] == [(3, 3, 9, 8)] * 3


@torch.inference_mode()
def test_a_mask_of_the_caller_is_taken_as_it_is(both):
    embeds, _, _ = padded([5])
    seen = torch.tensor([[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 0, 1, 0], [1, 0, 1, 0, 1]])
    mask = torch.zeros(1, 1, 5, 5).masked_fill(seen == 0, torch.finfo(torch.float32).min)
    places = torch.tensor([[0, 1, 1, 2, 2]])
    logits, expected = (
        model(inputs_embeds=embeds, attention_mask=mask, position_ids=places).logits for model in both
    )
    assert (logits - expected).abs().max() < SAME * max(1, expected.abs().max())


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "qwen2"},
        {"num_key_value_heads": 1},
        {"rope_theta": 500_000.0},
        {"rope_scaling": {"type": "linear", "factor": 2.0}},
        {"attention_bias": True},
        {"hidden_act": "gelu"},
        {"head_dim": 16},
        {"hidden_size": "24"},
        {"num_hidden_layers": 0},
        {"hidden_size": 9},
    ],
)
def test_any_other_config_is_left_to_transformers(change):
    assert PlainConfig.of(SIZES) is not None
    assert PlainConfig.of(SIZES | change) is None
    assert PlainConfig.of({key: value for key, value in SIZES.items() if key != "vocab_size"}) is None


@pytest.mark.skipif(not (WEIGHTS / "gama-tiny" / "config.json").is_file(), reason="gama-tiny is not there")
def test_gama_tiny_is_the_same_model_with_ours_and_with_theirs():
    ours, theirs = load("gama-tiny", device="cpu"), load("gama-tiny", device="cpu", attention="sdpa")
    assert isinstance(ours.model.language_model, PlainLlama)
    assert isinstance(theirs.model.language_model, LlamaForCausalLM)
    assert ours.info == theirs.info
    t = np.arange(3 * 16_000) / 16_000
    clips = [
        np.float32([0.3 * np.sin(2 * np.pi * hertz * t) * np.exp(-(t % period))])
        for hertz, period in ((220, 1.0), (1500, 0.4), (90, 3.0))
    ]
    clips.append(np.random.default_rng(0).standard_normal((1, 40_000)).astype(np.float32) / 10)
    for layer in ours.info.layers:
        one, other = (model.embed(clips, layer=layer) for model in (ours, theirs))
        for mine, expected in zip(one, other, strict=True):
            assert np.abs(mine.features - expected.features).max() < SAME * max(
                1, np.abs(expected.features).max()
            )
    prompts = [None, "What is the main sound?", "How often does it sound?", "Describe the sound."]
    for options in (Generation(), Generation(do_sample=True, temperature=0.8, top_p=0.9, seed=4)):
        for cache in (True, False):
            one, other = (
                model.describe(clips, prompts, generation=options, cache=cache) for model in (ours, theirs)
            )
            assert one == other
    one, other = (model.score(clips, prompts[1], ["piano", "a dog", "rain"]) for model in (ours, theirs))
    for mine, expected in zip(one, other, strict=True):
        assert mine.log_probabilities == pytest.approx(expected.log_probabilities, abs=1e-4)
