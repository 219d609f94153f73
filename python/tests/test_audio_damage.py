"""Files that are cut, broken or hold no sound are refused, with words about what is wrong."""

import numpy as np
import pytest
import soundfile

from audio_files import RATE, cut, noise, written
from gama_operations.audio import decode
from gama_operations.errors import InvalidAudioError


@pytest.mark.parametrize("share", [0.5, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.mp3", "a.flac", "a.ogg", "a.opus"])
def test_a_truncated_file_is_refused(tmp_path, name, share):
    options = {"format": "OGG", "subtype": "OPUS"} if name == "a.opus" else {}
    path = written(tmp_path / name, noise(8), **options)
    assert decode(path).seconds == 8.0
    with pytest.raises(InvalidAudioError, match=r"truncated|damaged"):
        decode(cut(path, share))


def test_a_truncated_file_says_what_is_there_and_gives_it_when_asked(tmp_path):
    path = cut(written(tmp_path / "a.wav", noise(4)), 0.5)
    with pytest.raises(InvalidAudioError, match=r"its header says 4\.000 s, 1\.999 s are there.*`duration`"):
        decode(path)
    assert decode(path, duration=1.5).seconds == 1.5


def test_one_missing_sample_is_a_truncation(tmp_path):
    path = written(tmp_path / "a.wav", noise(1))
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(InvalidAudioError, match="truncated"):
        decode(path)


def mp3_without_length(tmp_path):
    """An MP3 whose bitrate varies, without its first frame, which states the length."""
    samples = noise(10)
    samples[: 5 * RATE] *= 1e-3
    path = written(tmp_path / "a.mp3", samples)
    data = path.read_bytes()
    path.write_bytes(data[data.index(data[:2], 4) :])
    return path


def test_an_mp3_of_which_libsndfile_would_drop_the_end_is_refused(tmp_path):
    path = mp3_without_length(tmp_path)
    assert soundfile.info(path).duration < 8  # what would be heard of the ten seconds
    with pytest.raises(InvalidAudioError, match=r"varying bitrate without a length header.*ffmpeg"):
        decode(path)


def test_nan_and_infinite_samples_are_counted_and_located(tmp_path):
    samples = np.zeros((RATE, 2), np.float32)
    samples[8000, 1], samples[9000, 0] = np.nan, np.inf
    path = written(tmp_path / "a.wav", samples, subtype="FLOAT")
    with pytest.raises(InvalidAudioError, match=r"2 sample\(s\) are NaN or infinite, the first at 0\.500 s"):
        decode(path)
    assert decode(path, duration=0.5).seconds == 0.5


def test_samples_too_loud_for_any_sound_are_refused(tmp_path):
    """Noise read as floats is mostly finite, and overflows in the first filter that it meets."""
    samples = np.full((RATE, 1), 0.1, np.float32)
    samples[4000] = -3e38
    path = written(tmp_path / "a.wav", samples, subtype="FLOAT")
    with pytest.raises(InvalidAudioError, match=r"1 sample\(s\) beyond 4\.29e\+09, the first at 0\.250 s"):
        decode(path)
    samples[4000] = 2.0**31  # whole numbers of 32 bits in a float file: a mistake, but a sound
    assert decode(written(path, samples, subtype="FLOAT")).waveform.max() == 2.0**31


def test_a_rate_of_no_recorder_is_damage(tmp_path):
    """Its filter would take seconds for each clip."""
    path = written(tmp_path / "a.wav", noise(1))
    data = bytearray(path.read_bytes())
    data[24:28] = (2**31 - 1).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(InvalidAudioError, match=r"its header says 2147483647 Hz; limit: 33554432 Hz"):
        decode(path)


def test_an_empty_file_and_a_file_without_samples_are_refused(tmp_path):
    (tmp_path / "empty.wav").touch()
    with pytest.raises(InvalidAudioError, match=r"is empty \(0 bytes\)"):
        decode(tmp_path / "empty.wav")
    with pytest.raises(InvalidAudioError, match="no samples"):
        decode(written(tmp_path / "none.wav", np.zeros(0)))


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.wav", b"RIFF\x24\x08\0\0WAVE"), ("a.mp3", b"\xff\xfb\x90\x00" + bytes(40))],
)
def test_a_file_that_only_begins_like_audio_is_damaged(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidAudioError, match=r"damaged.*libsndfile says"):
        decode(tmp_path / name)
