"""Formats that libsndfile does not know: with PyAV, and where it is not installed."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from gama_operations.audio import decode
from gama_operations.errors import InvalidRequestError, UnsupportedFormatError


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
