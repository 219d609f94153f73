"""What files hold is what is heard: every format, rate and part."""

import struct

import numpy as np
import pytest
import soundfile

from audio_files import RATE, noise, written
from gama_operations.audio import decode, resample
from gama_operations.audio_limits import MAX_SECONDS
from gama_operations.errors import AudioTooLongError, InvalidRequestError

PCM16 = 1 / 32768  # a rounding step of 16-bit files


@pytest.mark.parametrize(("name", "tolerance"), [("a.wav", PCM16), ("a.flac", PCM16), ("a.aiff", PCM16)])
def test_lossless_files_give_back_their_samples(tmp_path, name, tolerance):
    samples = noise(channels=2, rate=44_100)
    audio = decode(written(tmp_path / name, samples, 44_100))
    assert audio.sample_rate == 44_100
    assert audio.seconds == 2.0
    assert audio.waveform.dtype == np.float32
    assert audio.waveform.shape == (2, 88_200)
    assert np.abs(audio.waveform - samples.T).max() <= tolerance


@pytest.mark.parametrize("name", ["a.ogg", "a.mp3"])
def test_lossy_files_give_back_a_tone(tmp_path, name):
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype(np.float32)
    audio = decode(written(tmp_path / name, tone))
    assert audio.waveform.shape == (1, 2 * RATE)
    spectrum = np.abs(np.fft.rfft(audio.waveform[0]))
    assert spectrum.argmax() / 2.0 == 440


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000])
def test_any_rate_and_channel_count_arrives_at_the_models_rate(tmp_path, rate, channels):
    time = np.arange(rate) / rate
    tone = np.stack([0.3 * np.sin(2 * np.pi * 1000 * time)] * channels, axis=1)
    waveform = resample(decode(written(tmp_path / "a.wav", tone, rate)), RATE)
    assert waveform.shape == (channels, RATE)
    assert waveform.dtype == np.float32
    assert waveform.flags.c_contiguous
    # away from the edges, where the filter rings
    expected = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    assert np.abs(waveform - expected)[:, 1000:-1000].max() < 2e-3


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_a_part_is_the_same_samples_as_in_the_whole(tmp_path, name):
    tone = 0.3 * np.sin(0.05 * np.arange(10 * RATE))
    path = written(tmp_path / name, tone[:, None] + noise(10))
    whole = decode(path).waveform
    for offset in (0.25, 0.5, 3.5, 6.25, 8.75):
        part = decode(path, offset=offset, duration=1.25)
        assert part.seconds == 1.25
        first = round(offset * RATE)
        assert np.array_equal(part.waveform, whole[:, first : first + 20_000])


def test_a_file_without_seeking_is_heard_whole_and_in_part(tmp_path):
    tone = 0.3 * np.sin(0.05 * np.arange(2 * 8_000))
    path = written(tmp_path / "a.wav", tone, 8_000, subtype="GSM610")
    whole = decode(path).waveform
    assert whole.shape[1] == pytest.approx(2 * 8_000, abs=320)  # whole blocks
    part = decode(path, offset=0.5, duration=0.25)
    assert np.array_equal(part.waveform, whole[:, 4_000:6_000])


def test_a_duration_beyond_the_end_is_heard_to_the_end(tmp_path):
    assert decode(written(tmp_path / "a.wav", noise(2)), offset=1.5, duration=9).seconds == 0.5


@pytest.mark.parametrize(
    "part",
    [{"offset": -1}, {"offset": float("nan")}, {"duration": 0}, {"duration": float("inf")}, {"offset": 2.0}],
)
def test_an_impossible_part_is_an_invalid_request(tmp_path, part):
    with pytest.raises(InvalidRequestError, match=next(iter(part))):
        decode(written(tmp_path / "a.wav", noise(2)), **part)


def test_silence_and_samples_beyond_one_are_kept(tmp_path):
    silent = decode(written(tmp_path / "silent.wav", np.zeros(RATE)))
    assert silent.waveform.shape == (1, RATE)
    assert not silent.waveform.any()
    loud = decode(written(tmp_path / "loud.wav", np.full(100, 3.0), subtype="FLOAT"))
    assert loud.waveform.max() == 3.0


def test_a_file_of_many_blocks_is_the_same_as_read_at_once(tmp_path):
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3"):
        path = written(tmp_path / name, noise(40))
        at_once, _ = soundfile.read(path, dtype="float32")
        # mpg123 rounds differently after the seek to 0 that soundfile makes
        assert np.abs(decode(path).waveform[0] - at_once).max() < 1e-7


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x80000000])
def test_a_wav_streamed_without_a_length_is_heard_to_its_end(tmp_path, size):
    path = written(tmp_path / "a.wav", noise(1))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(data)
    assert decode(path).seconds == 1.0


def test_a_flac_without_a_length_is_heard_to_its_end(tmp_path):
    path = written(tmp_path / "a.flac", noise(3))
    data = bytearray(path.read_bytes())
    # STREAMINFO: the 36-bit number of samples ends at byte 26; 0 means unknown
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert decode(path).seconds == pytest.approx(3.0, abs=0.1)
    assert decode(path, offset=1, duration=1).seconds == 1.0


def test_too_long_names_the_limit_and_the_way_out(tmp_path):
    rate = 1_000
    path = written(tmp_path / "long.wav", np.zeros(round((MAX_SECONDS + 1) * rate), np.int16), rate)
    with pytest.raises(AudioTooLongError, match=r"limit: 3600\.0 s.*`offset` and `duration`") as raised:
        decode(path)
    assert raised.value.details == {"limit_seconds": 3600.0}
    assert decode(path, offset=3599, duration=2).seconds == 2.0
    assert decode(path, offset=1).seconds == MAX_SECONDS
