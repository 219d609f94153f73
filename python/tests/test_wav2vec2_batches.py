"""What stands beside a clip in a batch changes nothing of its features, on any layer."""

import numpy as np
import pytest
import torch
from transformers import AutoModel

from gama_operations.errors import CancelledError
from gama_operations.models import wav2vec2_packed, workers
from gama_operations.models.batching import bucket, pack
from gama_operations.models.surface import RunContext
from gama_operations.models.wav2vec2_packed import PackedEncoder
from gama_operations.models.wav2vec2_padded import PaddedEncoder
from wav2vec2_models import GROUP, KINDS, LAYER, LAYERS, RATE, SAME, load, noise, save

PROMISED = 1e-5
MIXED = [0.5, 1.0, 0.5, 0.03, 0.73, 1.0, 0.01, 0.7, 0.69]


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
def _worker_count(request, monkeypatch):
    monkeypatch.setattr("gama_operations.models.wav2vec2.count_workers", lambda _device: request.param)
    return request.param


@pytest.mark.usefixtures("_worker_count")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", [GROUP, LAYER])
def test_each_layer_of_a_clip_in_a_batch_is_that_of_transformers_alone(tmp_path, kind, norm):
    folder = save(tmp_path / "model", kind, **norm)
    model, reference = load(folder), AutoModel.from_pretrained(folder).eval()
    clips = [noise(seconds, seed) for seed, seconds in enumerate(MIXED)]
    together = {layer: model.embed(clips, layer=layer, pooling="none") for layer in model.info.layers}
    for at, clip in enumerate(clips):
        values = torch.from_numpy((clip - clip.mean()) / np.sqrt(clip.var() + 1e-7))
        values = torch.nn.functional.pad(values, (0, max(0, 400 - values.shape[1])))
        with torch.inference_mode():
            output = reference(values, output_hidden_states=True)
        states = (*output.hidden_states[:-1], output.last_hidden_state)
        for layer, state in zip(model.info.layers, states, strict=True):
            embedding = together[layer][at]
            assert embedding.features.shape == state.shape[1:]
            assert np.abs(embedding.features - state[0].numpy()).max() < PROMISED * max(1, state.abs().max())
            assert embedding.seconds_heard == clip.shape[1] / RATE


@pytest.mark.usefixtures("_worker_count")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pooling", ["mean", "mean_std"])
def test_a_clip_gives_the_same_features_alone_and_in_any_batch(tmp_path, kind, pooling):
    model = load(save(tmp_path / "model", kind, **GROUP))
    clips = [noise(seconds, seed) for seed, seconds in enumerate(MIXED)]
    together = model.embed(clips, layer=f"hidden.{LAYERS}", pooling=pooling)
    # the tolerance below means something: clips differ by far more
    assert np.abs(together[0].features - together[2].features).max() > 1000 * PROMISED
    for clip, embedding in zip(clips, together, strict=True):
        [alone] = model.embed([clip], layer=f"hidden.{LAYERS}", pooling=pooling)
        assert np.abs(embedding.features - alone.features).max() < PROMISED


@pytest.mark.parametrize("norm", [GROUP, LAYER])
def test_pieces_that_fit_the_cache_change_nothing(tmp_path, norm, monkeypatch):
    model = load(save(tmp_path / "model", **norm))
    clips = [0.2 + noise(seconds, seed) for seed, seconds in enumerate([0.03, 0.5, 0.51, 1.37])]
    whole = model.embed(clips, pooling="none")
    monkeypatch.setattr(wav2vec2_packed, "PIECE_FRAMES", 7)
    for one, other in zip(whole, model.embed(clips, pooling="none"), strict=True):
        assert one.features.shape == other.features.shape
        assert np.abs(one.features - other.features).max() < PROMISED * np.abs(one.features).max()


@pytest.mark.parametrize(
    ("kind", "options", "ours"),
    [
        ("wav2vec2", {"conv_bias": True} | GROUP, True),
        ("hubert", {"conv_bias": True} | LAYER, True),
        ("wavlm", GROUP, False),
        ("hubert", {"feat_proj_layer_norm": False} | GROUP, False),
        ("hubert", {"conv_pos_batch_norm": True} | GROUP, False),
        ("wav2vec2", {"hidden_act": "relu"} | LAYER, False),
        ("wav2vec2", {"adapter_attn_dim": 4} | LAYER, False),
    ],
)
def test_what_our_forward_does_not_do_is_left_to_transformers(tmp_path, kind, options, ours):
    folder = save(tmp_path / "model", kind, **options)
    model, clip = load(folder), noise(0.6)
    assert isinstance(model._encoder, PackedEncoder if ours else PaddedEncoder)
    values = torch.from_numpy((clip - clip.mean()) / np.sqrt(clip.var() + 1e-7))
    with torch.inference_mode():
        expected = AutoModel.from_pretrained(folder).eval()(values).last_hidden_state[0].numpy()
    [alone, _] = model.embed([clip, noise(0.9)], layer=f"hidden.{LAYERS}", pooling="none")
    assert np.abs(alone.features - expected).max() < SAME
    for layer, frames in zip(model.info.layers, model.all_layers(clip), strict=True):
        [same] = model.embed([clip], layer=layer, pooling="none")
        assert np.array_equal(same.features, frames)


def test_attention_that_is_asked_for_is_that_of_transformers(tmp_path):
    folder = save(tmp_path / "model", **GROUP)
    eager, ours = load(folder, attention="eager"), load(folder, attention="sdpa")
    assert isinstance(eager._encoder, PaddedEncoder)
    assert isinstance(ours._encoder, PackedEncoder)
    clips = [noise(0.5), noise(0.4, 1)]
    for one, other in zip(eager.embed(clips), ours.embed(clips), strict=True):
        assert np.abs(one.features - other.features).max() < PROMISED


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


def test_packs_hold_all_clips_and_no_more_than_they_may():
    lengths = [16, 4, 6, 4, 4, 40, 4, 6]
    assert pack(lengths, 16) == [[5], [0], [2, 7, 1], [3, 4, 6]]
    assert len(pack([5] * 8, 1000, parts=4)) == 4
    assert pack([], 16) == []


def test_batches_that_pad_stay_within_their_budget_of_padding():
    lengths = [100, 95, 90, 50, 49, 10]
    assert bucket(lengths, 1000, 0.1) == [[0, 1, 2], [3, 4], [5]]
    assert bucket(lengths, 1000, 0.0) == [[0], [1], [2], [3], [4], [5]]
    assert bucket(lengths, 200, 0.1) == [[0, 1], [2], [3, 4], [5]]


def test_workers_give_results_in_order_and_raise_when_none_works_any_more():
    assert workers.run_all(lambda number: number**2, range(20), 2) == [number**2 for number in range(20)]
    threads = torch.get_num_threads()
    assert set(workers.run_all(lambda _: torch.get_num_threads(), range(8), 2)) == {1}
    assert torch.get_num_threads() == threads
    running = []

    def fail(number):
        running.append(number)
        if number == 3:
            raise CancelledError("enough")
        running.remove(number)

    with pytest.raises(CancelledError):
        workers.run_all(fail, range(50), 2)
    assert running == [3]


@pytest.mark.usefixtures("_worker_count")
def test_a_caller_who_gave_up_stops_the_workers(tmp_path):
    def give_up():
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        load(save(tmp_path / "model")).embed([noise(0.1)] * 9, context=RunContext(check=give_up))
