"""Real files, written by libsndfile or byte by byte, decoded or refused."""

import os
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gama_operations.audio import Audio, decode, from_samples, resample
from gama_operations.audio_limits import MAX_SECONDS
from gama_operations.errors import (
    AudioNotFoundError,
    AudioTooLongError,
    InvalidAudioError,
    InvalidRequestError,
    UnsupportedFormatError,
)

RATE = 16_000
PCM16 = 1 / 32768  # a rounding step of 16-bit files
NOBODY = 65534


def noise(seconds=2.0, rate=RATE, channels=1):
    shape = (round(seconds * rate), channels)
    return (np.random.default_rng(0).standard_normal(shape) * 0.1).astype(np.float32)


def written(path, samples, rate=RATE, **options):
    soundfile.write(path, samples, rate, **options)
    return path


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


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


def test_a_duration_beyond_the_end_is_heard_to_the_end(tmp_path):
    assert decode(written(tmp_path / "a.wav", noise(2)), offset=1.5, duration=9).seconds == 0.5


def test_silence_and_samples_beyond_one_are_kept(tmp_path):
    silent = decode(written(tmp_path / "silent.wav", np.zeros(RATE)))
    assert silent.waveform.shape == (1, RATE)
    assert not silent.waveform.any()
    loud = decode(written(tmp_path / "loud.wav", np.full(100, 3.0), subtype="FLOAT"))
    assert loud.waveform.max() == 3.0


@pytest.mark.parametrize("share", [0.5, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.mp3", "a.flac", "a.ogg", "a.opus"])
def test_a_truncated_file_is_refused(tmp_path, name, share):
    options = {"format": "OGG", "subtype": "OPUS"} if name == "a.opus" else {}
    path = written(tmp_path / name, noise(8), **options)
    assert decode(path).seconds == 8.0
    with pytest.raises(InvalidAudioError, match=r"truncated|damaged"):
        decode(cut(path, share))


def test_a_file_of_many_blocks_is_the_same_as_read_at_once(tmp_path):
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3"):
        path = written(tmp_path / name, noise(40))
        at_once, _ = soundfile.read(path, dtype="float32")
        # mpg123 rounds differently after the seek to 0 that soundfile makes
        assert np.abs(decode(path).waveform[0] - at_once).max() < 1e-7


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


def test_an_empty_file_and_a_file_without_samples_are_refused(tmp_path):
    (tmp_path / "empty.wav").touch()
    with pytest.raises(InvalidAudioError, match=r"is empty \(0 bytes\)"):
        decode(tmp_path / "empty.wav")
    with pytest.raises(InvalidAudioError, match="no samples"):
        decode(written(tmp_path / "none.wav", np.zeros(0)))


def test_too_long_names_the_limit_and_the_way_out(tmp_path):
    rate = 1_000
    path = written(tmp_path / "long.wav", np.zeros(round((MAX_SECONDS + 1) * rate), np.int16), rate)
    with pytest.raises(AudioTooLongError, match=r"limit: 3600\.0 s.*`offset` and `duration`") as raised:
        decode(path)
    assert raised.value.details == {"limit_seconds": 3600.0}
    assert decode(path, offset=3599, duration=2).seconds == 2.0
    assert decode(path, offset=1).seconds == MAX_SECONDS


def test_what_is_not_audio_is_named_with_the_command_that_may_help(tmp_path):
    path = tmp_path / "notes.m4a"
    path.write_text("not audio\n" * 100)
    blocked = textwrap.dedent(f"""
        import sys
        sys.modules["av"] = None  # as where PyAV is not installed
        from gama_operations.audio import decode
        from gama_operations.errors import UnsupportedFormatError
        try:
            decode({str(path)!r})
        except UnsupportedFormatError as error:
            print(error, error.details)
    """)
    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=True)
    assert str(path) in done.stdout
    assert "`.venv/bin/pip install av`" in done.stdout
    assert "{'install': '.venv/bin/pip install av'}" in done.stdout


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.wav", b"RIFF\x24\x08\0\0WAVE"), ("a.mp3", b"\xff\xfb\x90\x00" + bytes(40))],
)
def test_a_file_that_only_begins_like_audio_is_damaged(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidAudioError, match=r"damaged.*libsndfile says"):
        decode(tmp_path / name)


def test_other_formats_are_decoded_by_pyav_where_it_is_installed(tmp_path):
    av = pytest.importorskip("av", reason="PyAV is optional and not installed")
    path, rate = tmp_path / "a.m4a", 48_000
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate)
        stream.layout = "stereo"
        for start in range(0, len(tone) - 1023, 1024):
            block = np.stack([tone[start : start + 1024]] * 2)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    audio = decode(path)
    assert audio.sample_rate == rate
    assert audio.waveform.shape[0] == 2
    assert audio.seconds == pytest.approx(2.0, abs=0.05)
    assert np.abs(np.fft.rfft(audio.waveform[0], rate)).argmax() == 440
    part = decode(path, offset=0.5, duration=0.25)
    assert np.array_equal(part.waveform, audio.waveform[:, 24_000:36_000])
    with pytest.raises(InvalidRequestError, match="offset"):
        decode(path, offset=5)
    path.write_text("not audio\n" * 100)
    with pytest.raises(UnsupportedFormatError, match="PyAV"):
        decode(path)


def test_a_missing_file_is_named_by_its_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AudioNotFoundError, match=f"{tmp_path}/sounds/a.wav"):
        decode("sounds/a.wav")
    with pytest.raises(AudioNotFoundError, match=rf"{tmp_path}/~/a.wav \(`~` is not expanded\)"):
        decode("~/a.wav")


def test_relative_paths_are_relative_to_the_process(tmp_path, monkeypatch):
    written(tmp_path / "a.wav", noise(1))
    monkeypatch.chdir(tmp_path)
    assert decode("a.wav").seconds == 1.0


def test_folders_pipes_and_impossible_names_are_not_found(tmp_path):
    with pytest.raises(AudioNotFoundError, match="is a folder: name a file in it"):
        decode(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioNotFoundError, match="not a regular file"):
        decode(tmp_path / "pipe.wav")
    with pytest.raises(AudioNotFoundError, match="is not a path"):
        decode("a\0.wav")
    with pytest.raises(AudioNotFoundError, match="File name too long"):
        decode("a" * 5000)


def test_a_file_without_permission_says_so(tmp_path):
    path = written(tmp_path / "a.wav", noise(1))
    path.chmod(0o000)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == path.owner() and str(folder).startswith("/tmp/pytest"):  # noqa: S108 # pytest's own
            folder.chmod(0o755)
    root = os.geteuid() == 0  # root may read everything: be nobody for a moment
    if root:
        os.seteuid(NOBODY)
    try:
        with pytest.raises(AudioNotFoundError, match="may not be read by this process: check"):
            decode(path)
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize(
    "part",
    [{"offset": -1}, {"offset": float("nan")}, {"duration": 0}, {"duration": float("inf")}, {"offset": 2.0}],
)
def test_an_impossible_part_is_an_invalid_request(tmp_path, part):
    with pytest.raises(InvalidRequestError, match=next(iter(part))):
        decode(written(tmp_path / "a.wav", noise(2)), **part)


def test_no_descriptor_stays_open(tmp_path):
    good, bad = written(tmp_path / "a.wav", noise(1)), tmp_path / "b.wav"
    bad.write_bytes(b"RIFF\x24\x08\0\0WAVE")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        decode(good)
        with pytest.raises(InvalidAudioError):
            decode(bad)
        with pytest.raises(AudioNotFoundError):
            decode(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


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
    for rate in (0, -1, 0.5):
        with pytest.raises(InvalidRequestError, match="sample_rate"):
            from_samples([0.0], rate)
    with pytest.raises(AudioTooLongError):
        from_samples(np.zeros(3601), 1)


def test_resampling_keeps_its_own_rate_and_refuses_what_is_too_short():
    audio = from_samples([0.5, 0.25], RATE)
    assert resample(audio, RATE) is audio.waveform
    with pytest.raises(InvalidAudioError, match="less than one sample"):
        resample(Audio(np.ones((1, 1), np.float32), 192_000), RATE)
