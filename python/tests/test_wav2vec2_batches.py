"""What stands beside a clip in a batch changes nothing of its features."""

import numpy as np
import pytest
import torch
from transformers import AutoModel

from gama_operations.models import wav2vec2
from wav2vec2_models import GROUP, KINDS, LAYER, LAYERS, RATE, SAME, load, noise, save


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", [GROUP, LAYER])
@pytest.mark.parametrize("pooling", ["mean", "mean_std", "none"])
def test_a_clip_gives_the_same_features_alone_and_in_any_batch(tmp_path, kind, norm, pooling):
    model = load(save(tmp_path / "model", kind, **norm))
    clips = [noise(seconds, seed) for seed, seconds in enumerate([0.5, 1.0, 0.5, 0.03, 0.73, 1.0, 0.01])]
    together = model.embed(clips, layer=f"hidden.{LAYERS}", pooling=pooling)
    # the tolerance below means something: clips differ by far more
    assert np.abs(together[0].features - together[2].features).max() > 100 * SAME
    for clip, embedding in zip(clips, together, strict=True):
        [alone] = model.embed([clip], layer=f"hidden.{LAYERS}", pooling=pooling)
        assert embedding.features.shape == alone.features.shape
        assert np.abs(embedding.features - alone.features).max() < SAME
        assert embedding.seconds_heard == clip.shape[1] / RATE


def test_padding_would_leak_into_the_features_of_a_group_norm_model(tmp_path):
    """Why such models get batches of one length: mask or no mask, transformers gives other features."""
    reference = AutoModel.from_pretrained(save(tmp_path / "model", **GROUP)).eval()
    values = torch.from_numpy(noise(0.5) * 10)
    padded = torch.nn.functional.pad(values, (0, 8000))
    mask = (torch.arange(16_000) < 8000)[None].long()
    with torch.inference_mode():
        alone = reference(values).last_hidden_state[0]
        for given in (mask, None):
            state = reference(padded, attention_mask=given).last_hidden_state[0, : len(alone)]
            assert (state - alone).abs().max() > 1000 * SAME


def test_batches_have_one_length_where_padding_leaks_and_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(wav2vec2, "CHUNK_SECONDS", 1.0)
    lengths = [16_000, 4000, 6000, 4000, 4000, 4000, 4000, 6000]
    groups = list(load(save(tmp_path / "base", **GROUP))._batches(lengths))
    assert groups == [[0], [2, 7], [1, 3, 4, 5], [6]]
    padded = list(load(save(tmp_path / "large", **LAYER))._batches(lengths))
    assert padded == [[0], [2, 7], [1, 3, 4, 5], [6]]
    monkeypatch.setattr(wav2vec2, "CHUNK_SECONDS", 2.0)
    assert list(load(tmp_path / "large")._batches(lengths)) == [[0, 2], [7, 1, 3, 4, 5], [6]]
