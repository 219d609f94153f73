"""The baselines without weights."""

import numpy as np
import pytest
from scipy.fft import dct

from gama_operations.errors import CapabilityError, InvalidRequestError
from gama_operations.models.mel_statistics import MelStatistics
from gama_operations.models.surface import RunContext

RATE = 16_000


def noise(seconds, channels=1, seed=0):
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))
    return (samples * 0.1).astype(np.float32)


@pytest.mark.parametrize(("kind", "numbers"), [("fbank", 256), ("mfcc-20", 40)])
def test_a_clip_becomes_mean_and_deviation_of_its_frames(kind, numbers):
    model = MelStatistics(kind)
    assert model.info.embedding_dim == numbers
    assert (model.info.model_id, model.info.revision, model.info.family) == (kind, "1", "statistics")
    clip = noise(2.5)
    [frames] = model.embed([clip], pooling="none")
    [pooled] = model.embed([clip])
    assert frames.features.shape == (1 + (40_000 - 400) // 160, numbers // 2)
    assert pooled.features.dtype == np.float32
    expected = np.concatenate([frames.features.mean(axis=0), frames.features.std(axis=0)])
    assert np.array_equal(pooled.features, expected)
    assert np.array_equal(model.embed([clip], pooling="mean_std")[0].features, expected)
    assert pooled.seconds_heard == 2.5


def test_mfcc_are_the_first_twenty_of_the_orthonormal_dct_of_the_same_mels():
    clip = noise(1)
    mels = MelStatistics("fbank").embed([clip], pooling="none")[0].features
    mfcc = MelStatistics("mfcc-20").embed([clip], pooling="none")[0].features
    assert np.allclose(mfcc, dct(mels, type=2, norm="ortho")[:, :20], atol=1e-5)
    assert np.allclose(mfcc[:, 0], mels.sum(axis=1) / 128**0.5, atol=1e-4)


def test_a_tone_stands_in_its_mel_bin():
    clip = (0.3 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)).astype(np.float32)[None]
    mean = MelStatistics("fbank").embed([clip])[0].features[:128]
    # 128 centres, evenly spaced in mel = 1127 ln(1 + f / 700) between 20 Hz and 8 kHz
    edges = 1127 * np.log1p(np.array([20.0, 8000.0]) / 700)
    centres = np.linspace(*edges, 130)[1:-1]
    assert abs(centres[mean.argmax()] - 1127 * np.log1p(1000 / 700)) < np.diff(centres)[0]


def test_the_same_clip_gives_the_same_numbers_alone_and_among_others():
    model = MelStatistics("mfcc-20")
    clips = [noise(1, seed=1), noise(2, seed=2), noise(0.3, seed=3)]
    together = model.embed(clips)
    for clip, embedding in zip(clips, together, strict=True):
        assert np.array_equal(model.embed([clip])[0].features, embedding.features)


@pytest.mark.parametrize("rest", [0, 1, 239, 240, 399, 400, 560])
def test_a_clip_of_more_than_a_minute_is_heard_whole_and_without_seams(rest):
    clip = np.concatenate([noise(60, seed=4), noise(1, seed=5)[:, :rest]], axis=1)
    model = MelStatistics("fbank")
    frames = model.embed([clip], pooling="none")[0].features
    assert len(frames) == 1 + (clip.shape[1] - 400) // 160
    late = model.embed([clip[:, 59 * RATE :]], pooling="none")[0].features
    assert np.allclose(frames[5900:], late, atol=1e-4)


def test_channels_are_mixed_and_short_and_silent_clips_stay_finite():
    model = MelStatistics("fbank")
    stereo = noise(1, channels=2)
    mono = stereo.mean(axis=0, keepdims=True)
    assert np.array_equal(model.embed([stereo])[0].features, model.embed([mono])[0].features)
    [short] = model.embed([noise(0.001)])
    assert np.isfinite(short.features).all()
    assert not short.features[128:].any()  # one frame does not vary
    assert short.seconds_heard == 0.001
    [silent] = model.embed([np.zeros((1, RATE), np.float32)])
    assert np.allclose(silent.features[:128], np.log(2.0**-23))


def test_what_the_baselines_cannot_do_is_refused():
    model = MelStatistics("fbank")
    with pytest.raises(CapabilityError, match=r"fbank cannot describe audio.*256 numbers"):
        model.describe([noise(1)], [None])
    with pytest.raises(InvalidRequestError, match=r"no layer 'hidden\.3'; it has fbank"):
        model.embed([noise(1)], layer="hidden.3")


def test_the_caller_is_asked_before_every_clip():
    calls = []
    MelStatistics("fbank").embed([noise(0.1)] * 3, context=RunContext(check=lambda: calls.append(1)))
    assert len(calls) == 3
