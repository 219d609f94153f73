"""LTU, which is a GAMA without a Q-Former."""

from dataclasses import replace

import pytest
import torch

from gama_operations.errors import InvalidRequestError
from gama_operations.models.gama.composed import compose, released_config
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.tensor_names import PREFIX
from gama_operations.models.registry import load
from gama_parts import write_ltu, write_parts
from gama_reference import GAMA
from gama_tiny import noise, tiny


def test_ltu_is_composed_as_such_and_says_that_it_is_untested(tmp_path):
    parts = write_ltu(tmp_path)
    names = parts.tensors()
    assert f"{PREFIX}model.audio_proj.1.weight" in names
    assert not any("norm_j" in name or "Qformer" in name or "aggregator" in name for name in names)
    assert released_config(parts.checkpoint) == GamaConfig.ltu()
    assert released_config(write_parts(tmp_path / "gama").checkpoint) == GamaConfig.official()
    compose(tmp_path / "ltu", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    model = load(str(tmp_path / "ltu"), device="cpu")
    assert "never compared with numbers of the official code" in model.info.notes[-1]
    (answer,) = model.describe([noise(16_000)], [None])
    assert answer.tokens > 0
    (embedded,) = model.embed([noise(16_000)], layer="encoder")
    assert embedded.features.shape == (GAMA.embed_dim,)
    clips = [noise(200), noise(8_000), noise(16_000)]
    for layer in (name for name in model.info.layers if name.startswith("lm")):
        found = model.embed(clips, layer=layer, pooling="none")
        # a prefix token is of two columns of 160 ms: what stands for padding is left out
        assert [one.features.shape for one in found] == [(count, 48) for count in (1, 2, 4)]
    assert "qformer" not in model.info.layers
    with pytest.raises(InvalidRequestError):
        model.embed([noise(16_000)], layer="qformer")


def test_the_prefix_of_ltu_is_what_its_source_computes():
    """Written out once more, after modeling_llama.py of YuanGongND/ltu: no numbers of the official code."""
    model = tiny(replace(GAMA, architecture="ltu", lora=None))
    encoder, (_, projection) = model.audio.audio_encoder, model.audio.audio_proj
    fbank = torch.randn(2, GAMA.target_frames, GAMA.mel_bins)
    with torch.inference_mode():
        patches = encoder(fbank).last
        grid = patches.reshape(2, GAMA.freq_patches, GAMA.time_patches, GAMA.embed_dim)
        pooled = torch.nn.functional.avg_pool2d(grid.mean(1), (2, 1)) / GAMA.pool_divisor
        expected = projection(torch.nn.functional.layer_norm(pooled, (GAMA.embed_dim,)))
        prefix = model.audio_prefix(fbank)
    assert prefix.shape[1] == model.config.prefix_tokens == GAMA.time_patches // 2
    assert torch.allclose(prefix, expected, atol=1e-6)
