"""The log-mel frontend, against the numpy path of transformers as oracle."""

import numpy as np
import pytest
import torch
from transformers import ASTFeatureExtractor
from transformers.models.audio_spectrogram_transformer import (
    feature_extraction_audio_spectrogram_transformer as ast,
)

from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.frontend import MelFrontend, frame_count
from gama_tiny import noise

pytestmark = pytest.mark.filterwarnings("ignore:At least one mel filter")  # low filters between two bins

LARGEST = 1e-3  # in near-silent bins, where float32 and float64 part ways
MEAN = 2e-5

OFFICIAL = MelFrontend(GamaConfig.official())


@pytest.fixture
def oracle(monkeypatch):
    # its normalisation is (x - mean) / (2 std)
    monkeypatch.setattr(ast, "is_speech_available", lambda: False)
    extractor = ASTFeatureExtractor(mean=-5.081, std=4.4849 / 2, max_length=1024)

    def features(waveform):
        return extractor(waveform, sampling_rate=16_000, return_tensors="np")["input_values"][0]

    return features


def sweep(samples):
    time = np.arange(samples) / 16_000
    return (0.4 * np.sin(2 * np.pi * (200 + 900 * time) * time)).astype(np.float32)


@pytest.mark.parametrize("samples", [400, 559, 560, 12_345, 80_000, 200_000])
def test_noise_of_any_length_gives_the_features_of_transformers(oracle, samples):
    waveform = noise(samples)[0]
    expected = oracle(waveform - waveform.mean())
    difference = np.abs(OFFICIAL([waveform])[0].numpy() - expected)
    assert difference.max() < LARGEST
    assert difference.mean() < MEAN


def test_a_sweep_over_faint_noise_gives_the_features_of_transformers(oracle):
    waveform = sweep(48_000) + noise(48_000)[0] * 1e-2
    difference = np.abs(OFFICIAL([waveform])[0].numpy() - oracle(waveform - waveform.mean()))
    assert difference.max() < LARGEST
    assert difference.mean() < MEAN


def test_padding_is_not_silence():
    features = OFFICIAL([np.zeros(16_000, np.float32)])[0]
    assert features[:98].numpy() == pytest.approx(-2.42177, abs=1e-4)
    assert features[98:].numpy() == pytest.approx(1.132912, abs=1e-5)


def test_frames_follow_the_formula_and_a_short_clip_has_one():
    assert [frame_count(n) for n in (1, 399, 400, 559, 560, 160_000)] == [1, 1, 1, 1, 2, 998]
    short = OFFICIAL([noise(100)])[0]
    assert short[0].isfinite().all()
    assert not torch.allclose(short[0], short[1])
    assert torch.equal(short[1], short[2])


def test_stereo_takes_the_first_channel_after_removing_the_mean_of_both():
    stereo = noise(16_000, channels=2)
    stereo[1] += 0.5
    by_hand = stereo[0] - stereo.mean()
    own_mean = OFFICIAL.normalise(OFFICIAL.log_mel(torch.from_numpy(by_hand)))
    assert torch.allclose(OFFICIAL([stereo])[0], own_mean, atol=1e-4)
    swapped = OFFICIAL([stereo[::-1].copy()])[0]
    assert not torch.allclose(swapped, own_mean, atol=0.1)


def test_what_comes_after_the_window_changes_nothing_but_the_mean():
    config = GamaConfig(target_frames=128)
    long = noise(60_000)
    later = long.copy()
    later[:, 40_000:] = np.roll(later[:, 40_000:], 7, axis=1)
    frontend = MelFrontend(config)
    assert torch.allclose(frontend([long]), frontend([later]), atol=1e-4)
    assert frontend([long]).shape == (1, 128, 128)


def test_a_batch_of_different_lengths_equals_single_clips():
    clips = [noise(n, seed=n) for n in (300, 16_000, 50_001)]
    batch = OFFICIAL(clips)
    for row, clip in zip(batch, clips, strict=True):
        assert torch.equal(row, OFFICIAL([clip])[0])
