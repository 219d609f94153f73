"""What a model that hears one window is given of a longer clip."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gama_operations.errors import AudioTooLongError
from gama_operations.hearing import Heard
from gama_operations.protocol import LongAudio

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import ModelInfo, Waveform

SHORTEST_SECONDS = 0.025
"""A rest below one frame of the models here is no window: resampling alone may leave a sample of it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a clip; seconds from where the clip begins."""

    waveform: "Waveform"
    start: float
    end: float


def cut(heard: Heard, info: "ModelInfo", policy: LongAudio) -> list[Window]:
    """The windows of a clip, in order.

    `truncate`: one, of which the model hears the beginning. `windows`: as many as cover the clip, one after
    the other; the last one is as long as what is left, and not filled up.

    Raises:
        AudioTooLongError: by the policy `error`, the model would not hear all of it.
    """
    limit = info.window_seconds
    if limit is None or heard.seconds <= limit or policy == "truncate":
        return [Window(heard.waveform, 0.0, min(heard.seconds, limit or heard.seconds))]
    if policy == "error":
        raise AudioTooLongError(
            f"The clip has {heard.seconds:.2f} s, and {info.model_id} hears {limit:.2f} s: give a part "
            "of it, or long_audio `truncate` or `windows`",
            seconds=heard.seconds,
            window_seconds=limit,
        )
    return slide(heard, info.sample_rate, limit, limit)


def slide(heard: Heard, rate: int, window_seconds: float, hop_seconds: float) -> list[Window]:
    """Windows that begin every hop, until one reaches the end of the clip; the last one is shorter.

    Args:
        heard: The clip.
        rate: Its rate, Hz.
        window_seconds: Of each window.
        hop_seconds: From where one begins to where the next does.
    """
    samples, length = heard.waveform.shape[-1], round(window_seconds * rate)
    shortest = round(SHORTEST_SECONDS * rate)
    windows: list[Window] = []
    begin, stop = 0, 0
    # from seconds each time: a hop that is no whole number of samples must not drift
    while begin == 0 or (stop < samples and samples - begin >= shortest):
        stop = min(begin + length, samples)
        windows.append(Window(heard.waveform[..., begin:stop], begin / rate, min(stop / rate, heard.seconds)))
        begin = round(len(windows) * hop_seconds * rate)
    return windows
