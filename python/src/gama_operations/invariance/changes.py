"""Changes of the audio, or of the way it is given, and the embeddings before and after.

Shapes: C channels, T samples.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gama_operations.audio import Audio, from_samples, resample
from gama_operations.invariance.measure import Subject, Vector
from gama_operations.models.surface import Waveform

Pairs = list[tuple[Vector, Vector]]
TAIL_SECONDS = 1.0
FRAME_SECONDS = 0.02  # one frame more or less than a pass takes
_ROLLS = (0, 11)  # seconds: the border falls on several places of the sound
LONG_SECONDS = 60.0  # of the long clip, where a model states no window and no pass


@dataclass(frozen=True, slots=True)
class Change:
    """A change by its name, which expectations are stated for."""

    name: str
    compared: str
    run: Callable[[Subject], Pairs]


def _of_clips(change: Callable[[Waveform, int], Waveform]) -> Callable[[Subject], Pairs]:
    """Each clip, alone, with itself after a change of its samples."""

    def run(subject: Subject) -> Pairs:
        rate = subject.model.info.sample_rate
        after = subject.each([change(clip, rate) for clip in subject.clips])
        return list(zip(subject.alone, after, strict=True))

    return run


def _through(rate: int) -> Callable[[Waveform, int], Waveform]:
    """To another rate and back."""

    def there_and_back(clip: Waveform, own: int) -> Waveform:
        there = resample(Audio(clip, own), rate)
        return resample(Audio(there, rate), own)[:, : clip.shape[1]]  # rounding may add a sample

    return there_and_back


def _either_rate(subject: Subject) -> Pairs:
    rate = subject.model.info.sample_rate
    one, other = (
        subject.each([_through(hertz)(clip, rate) for clip in subject.clips]) for hertz in (48_000, 44_100)
    )
    return list(zip(one, other, strict=True))


def _repeated(subject: Subject) -> Pairs:
    return list(zip(subject.alone, subject.each(subject.clips), strict=True))


def _composition(subject: Subject) -> Pairs:
    return list(zip(subject.alone, subject.together(subject.clips), strict=True))


def _order(subject: Subject) -> Pairs:
    forward = subject.together(subject.clips)
    backward = subject.together(subject.clips[::-1])[::-1]
    return list(zip(forward, backward, strict=True))


def _padding(subject: Subject) -> Pairs:
    long = _long(subject, 3 * max(clip.shape[1] for clip in subject.clips))
    beside = [subject.together([clip, long])[0] for clip in subject.clips]
    return list(zip(subject.alone, beside, strict=True))


def _stereo(subject: Subject) -> list[Waveform]:
    """Two different clips as left and right, each pair of neighbours once."""
    pairs = zip(subject.clips, [*subject.clips[1:], subject.clips[0]], strict=True)
    cut = [(a, b, min(a.shape[1], b.shape[1])) for a, b in pairs]
    return [np.concatenate([a[:1, :samples], b[:1, :samples]]) for a, b, samples in cut]


def _channel_order(subject: Subject) -> Pairs:
    stereo = _stereo(subject)
    swapped = [np.ascontiguousarray(clip[::-1]) for clip in stereo]
    return list(zip(subject.each(stereo), subject.each(swapped), strict=True))


def _long(subject: Subject, samples: int) -> Waveform:
    """All clips one after the other, as often as it takes."""
    together = np.concatenate([clip[:1] for clip in subject.clips], axis=1)
    return np.tile(together, (1, -(-samples // together.shape[1])))[:, :samples]


def _border(offset: float) -> Callable[[Subject], Pairs]:
    """A long clip that fills a pass, and one that is longer or shorter by some seconds."""

    def run(subject: Subject) -> Pairs:
        rate = subject.model.info.sample_rate
        samples = round((subject.model.info.seconds_per_pass or LONG_SECONDS) * rate)
        long = [np.roll(_long(subject, samples + rate), shift * rate, axis=1) for shift in _ROLLS]
        full = subject.each([clip[:, :samples] for clip in long])
        other = subject.each([clip[:, : samples + round(offset * rate)] for clip in long])
        return list(zip(full, other, strict=True))

    return run


def _windows(first: float, second: float) -> Callable[[Subject], Pairs]:
    """Clips of so many seconds more than the window, the first beside the second."""

    def run(subject: Subject) -> Pairs:
        rate, window = subject.model.info.sample_rate, subject.model.info.window_seconds or 0.0
        one, other = (round((window + seconds) * rate) for seconds in (first, second))
        long = [np.roll(_long(subject, max(one, other)), shift * rate, axis=1) for shift in _ROLLS]
        return list(zip(*(subject.each([clip[:, :to] for clip in long]) for to in (one, other)), strict=True))

    return run


def _int16(subject: Subject) -> Pairs:
    rate = subject.model.info.sample_rate
    rounded = [np.round(clip * 32768).clip(-32768, 32767) for clip in subject.clips]
    floats = subject.each([(clip / 32768).astype(np.float32) for clip in rounded])
    integers = subject.each([from_samples(clip.astype(np.int16), rate).waveform for clip in rounded])
    return list(zip(floats, integers, strict=True))


def _as_float64(clip: Waveform, rate: int) -> Waveform:
    return from_samples(clip.astype(np.float64), rate).waveform


def _with_tail(clip: Waveform, rate: int) -> Waveform:
    return np.pad(clip, ((0, 0), (0, round(TAIL_SECONDS * rate))))


CHANGES = (
    Change("repetition", "each clip with itself, asked again", _repeated),
    Change("batch composition", "alone with all clips at once", _composition),
    Change("batch order", "all clips at once with the same backwards", _order),
    Change("padding", "alone with a batch whose other clip is three times as long", _padding),
    Change("silence tail", f"each clip with itself and {TAIL_SECONDS:g} s of zeros", _of_clips(_with_tail)),
    Change(
        "gain -20 dB", "each clip with a tenth of itself", _of_clips(lambda clip, _: clip * np.float32(0.1))
    ),
    Change("gain +6 dB", "each clip with twice itself, unclipped", _of_clips(lambda clip, _: clip * 2)),
    Change("either rate", "each clip given at 48 kHz with the same given at 44.1 kHz", _either_rate),
    Change("resample 48 kHz", "each clip with itself through 48 kHz and back", _of_clips(_through(48_000))),
    Change("resample 8 kHz", "each clip with itself through 8 kHz and back", _of_clips(_through(8_000))),
    Change(
        "doubled channel", "mono with the same on both channels", _of_clips(lambda clip, _: clip.repeat(2, 0))
    ),
    Change("channel order", "two sounds, left and right, with right and left", _channel_order),
    Change("int16 samples", "float32 samples with the same as int16", _int16),
    Change("float64 samples", "float32 samples with the same as float64", _of_clips(_as_float64)),
)
WINDOWS = (
    Change("beyond the window", "a window and 1 s of sound with the same and 4 s", _windows(1.0, 4.0)),
    Change("window border", "exactly one window of sound with the same and 1 s", _windows(0.0, 1.0)),
)
PASSES = (
    Change("chunk border", "a clip that fills one pass with one a frame longer", _border(FRAME_SECONDS)),
    Change("no chunk border", "a clip that fills one pass with one a frame shorter", _border(-FRAME_SECONDS)),
)


def changes(subject: Subject) -> tuple[Change, ...]:
    """All changes that mean something to the model."""
    return (*CHANGES, *(WINDOWS if subject.model.info.window_seconds else PASSES))
