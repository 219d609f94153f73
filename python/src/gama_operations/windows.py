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
    length = round(limit * info.sample_rate)
    samples = heard.waveform.shape[-1]
    shortest = round(SHORTEST_SECONDS * info.sample_rate)
    starts = [start for start in range(0, samples, length) if start == 0 or samples - start >= shortest]
    return [
        Window(
            heard.waveform[..., start : start + length],
            start / info.sample_rate,
            min(min(start + length, samples) / info.sample_rate, heard.seconds),
        )
        for start in starts
    ]
