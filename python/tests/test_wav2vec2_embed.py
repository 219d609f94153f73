"""Features of wav2vec2, HuBERT and WavLM are those of transformers, of the whole clip."""

import json

import numpy as np
import pytest
import torch
from transformers import AutoFeatureExtractor, AutoModel

from gama_operations.errors import CancelledError, CapabilityError, InvalidRequestError
from gama_operations.models import wav2vec2
from gama_operations.models.surface import RunContext
from wav2vec2_models import GROUP, KINDS, LAYER, LAYERS, RATE, SAME, load, noise, save


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", [GROUP, LAYER])
def test_every_layer_is_that_of_transformers(tmp_path, kind, norm):
    folder = save(tmp_path / "model", kind, **norm)
    model, clip = load(folder), noise(0.8)
    reference = AutoModel.from_pretrained(folder).eval()
    values = torch.from_numpy((clip - clip.mean()) / np.sqrt(clip.var() + 1e-7))
    with torch.inference_mode():
        output = reference(values, output_hidden_states=True)
    states = (*output.hidden_states[:-1], output.last_hidden_state)
    assert model.info.layers == tuple(f"hidden.{index}" for index in range(LAYERS + 1))
    for layer, state in zip(model.info.layers, states, strict=True):
        [frames] = model.embed([clip], layer=layer, pooling="none")
        assert frames.features.shape == (39, 32)
        assert np.abs(frames.features - state[0].numpy()).max() < SAME


@pytest.mark.parametrize("normalise", [True, False, None])
def test_normalisation_is_that_of_the_feature_extractor_and_may_be_off(tmp_path, normalise):
    folder, clip = save(tmp_path / "model"), 0.3 + 5 * noise(0.5)
    says = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": RATE}
    if normalise is not None:
        says["do_normalize"] = normalise
    (folder / "preprocessor_config.json").write_text(json.dumps(says))
    extractor = AutoFeatureExtractor.from_pretrained(folder)
    expected = extractor(clip[0], sampling_rate=RATE, return_tensors="np")["input_values"][0]
    [samples] = load(folder)._pieces(clip)
    assert np.abs(samples - expected).max() < 1e-5


def test_pooling_is_over_the_frames(tmp_path):
    model, clip = load(save(tmp_path / "model")), noise(1)
    frames, mean, both = (
        model.embed([clip], pooling=pooling)[0].features for pooling in ("none", "mean", "mean_std")
    )
    assert frames.shape == (49, 32)
    assert frames.dtype == mean.dtype == both.dtype == np.float32
    assert np.allclose(mean, frames.mean(axis=0))
    assert np.allclose(both, np.concatenate([frames.mean(axis=0), frames.std(axis=0)]))


def test_channels_are_mixed_and_silence_and_single_samples_stay_finite(tmp_path):
    model = load(save(tmp_path / "model"))
    stereo = noise(0.5, channels=2)
    mixed = stereo.mean(axis=0, keepdims=True)
    assert np.array_equal(model.embed([stereo])[0].features, model.embed([mixed])[0].features)
    for clip in (np.zeros((1, RATE), np.float32), np.ones((1, 1), np.float32), noise(0.024)):
        [frames] = model.embed([clip], pooling="none")
        assert frames.features.shape[0] == (49 if clip.shape[1] == RATE else 1)
        assert np.isfinite(frames.features).all()
        assert frames.seconds_heard == clip.shape[1] / RATE


@pytest.mark.parametrize("kind", KINDS)
def test_one_frame_needs_400_samples_and_the_next_320_more(tmp_path, kind):
    model = load(save(tmp_path / "model", kind))
    clips = [noise(samples / RATE) for samples in (400, 719, 720, RATE)]
    assert [len(frames.features) for frames in model.embed(clips, pooling="none")] == [1, 1, 2, 49]


def test_a_long_clip_is_heard_whole_in_pieces(tmp_path, monkeypatch):
    model, clip = load(save(tmp_path / "model", **LAYER)), noise(3.4)
    assert model.info.window_seconds is None
    whole = model.embed([clip], pooling="none")[0].features
    monkeypatch.setattr(wav2vec2, "CHUNK_SECONDS", 1.0)
    passes = []
    [pieces] = model.embed([clip], pooling="none", context=RunContext(check=lambda: passes.append(1)))
    assert len(passes) == 4
    assert pieces.seconds_heard == 3.4
    # a frame less at each of the three seams, where a kernel would have reached across
    assert len(whole) - 3 <= len(pieces.features) <= len(whole)
    # the end is heard: its frames change with it (the others only by the clip's mean and variance)
    other = np.concatenate([clip[:, : 3 * RATE], noise(0.4, seed=9)], axis=1)
    [changed] = model.embed([other], pooling="none")
    moved = np.abs(changed.features - pieces.features).max(axis=1)
    assert moved[-15:].min() > 10 * moved[:100].max()


def test_a_caller_who_gave_up_is_noticed_before_the_next_pass(tmp_path):
    def give_up():
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        load(save(tmp_path / "model")).embed([noise(0.1)], context=RunContext(check=give_up))


def test_what_an_encoder_cannot_do_is_refused(tmp_path):
    model = load(save(tmp_path / "model"))
    with pytest.raises(CapabilityError, match="model cannot describe audio"):
        model.describe([noise(0.1)], ["What is it?"])
    with pytest.raises(InvalidRequestError, match=r"no layer 'hidden\.9'; it has hidden\.0, "):
        model.embed([noise(0.1)], layer="hidden.9")
    assert model.embed([]) == []


def test_half_precision_gives_float32_features_close_to_the_full_ones(tmp_path):
    folder, clip = save(tmp_path / "model"), noise(0.5)
    full, half = (load(folder, dtype=dtype).embed([clip])[0].features for dtype in ("float32", "bfloat16"))
    assert half.dtype == np.float32
    assert not np.array_equal(full, half)
    assert np.corrcoef(full, half)[0, 1] > 0.9
