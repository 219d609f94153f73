"""Samples that came without a file."""

import numpy as np
import pytest

from audio_files import RATE
from gama_operations.audio import Audio, from_samples, resample
from gama_operations.errors import AudioTooLongError, InvalidAudioError, InvalidRequestError


def test_samples_become_audio():
    assert from_samples([0.0, 0.5], 8_000).waveform.tolist() == [[0.0, 0.5]]
    assert from_samples([[0, 1], [1, 0]], 8_000).waveform.shape == (2, 2)
    assert from_samples(np.array([-32768, 16384], np.int16), 8_000).waveform.tolist() == [[-1.0, 0.5]]
    assert from_samples(np.zeros(8_000), 16_000).seconds == 0.5


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        ([], "no samples"),
        (np.zeros((0, 0)), "no samples"),
        ([0.0, float("nan")], "NaN or infinite"),
        ([0.0, 1e30], "beyond"),
        (np.array([1e300]), "NaN or infinite"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.zeros((80_000, 2)), r"at most 256 channels; got \[80000, 2\]"),
        (np.zeros(4, np.int64), "int64"),
        ([[0.0], [0.0, 1.0]], "as many in each channel"),
        (["loud"], "numbers"),
    ],
)
def test_samples_that_are_no_audio_are_refused(samples, says):
    with pytest.raises(InvalidAudioError, match=says):
        from_samples(samples, RATE)


def test_a_rate_must_be_whole_and_positive_and_long_samples_are_too_long():
    for rate in (0, -1, 0.5, 2**31):
        with pytest.raises(InvalidRequestError, match="sample_rate"):
            from_samples([0.0], rate)
    with pytest.raises(AudioTooLongError):
        from_samples(np.zeros(3601), 1)


def test_resampling_keeps_its_own_rate_and_refuses_what_is_too_short():
    audio = from_samples([0.5, 0.25], RATE)
    assert resample(audio, RATE) is audio.waveform
    with pytest.raises(InvalidAudioError, match="less than one sample"):
        resample(Audio(np.ones((1, 1), np.float32), 192_000), RATE)


def test_a_low_rate_does_not_make_resampling_fill_the_memory():
    """900 kB that claim to be an hour of 256 channels would be 59 GB at a model's rate."""
    hour = from_samples(np.zeros((256, 3600), np.float32), 1)
    with pytest.raises(AudioTooLongError, match=r"256 channel\(s\) at 16000 Hz; limit: 131\.1 s"):
        resample(hour, RATE)
    assert resample(from_samples(np.zeros(3600), 1), RATE).shape == (1, 3600 * RATE)
