"""Are two clips one recording, though one was cut, made louder or softer, or stored in another way?

The waveforms are laid over each other where they fit best, within a second: the largest normalised
cross-correlation. A hum or a tone that two strangers share would do as well, so that those that fit are
compared once more with their spectrum made flat: all that lies up to 20 dB below the loudest then counts as
much as the loudest, and a shared hum is worth little. Copies through MP3 and Ogg Vorbis still reach .9.
Shapes: T samples.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.fft import irfft, rfft
from numpy.typing import NDArray
from scipy.fft import next_fast_len

RATE = 16_000
"""Hz, at which clips are compared: files of one sound may have two rates."""
LAG_SECONDS = 1.0
"""How much later one clip may begin than the other."""
SAME = 0.9
"""From here on two clips are one recording, in both correlations."""
FLOOR = 1e-2
"""Power below the loudest part of the spectrum by which it is made flat at most: 20 dB."""
SMOOTHED_HZ = 20.0
_SILENCE = 1e-9
"""Share of a clip's level below which a stretch is silent: rounding is no sound."""

Wave = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How well two clips fit over each other."""

    correlation: float
    """From 0 to 1, of either sign; what the shorter clip has and the other lacks lowers it."""
    flat_correlation: float | None
    """The same with a flat spectrum; None where the clips did not fit anyway."""
    lag_seconds: float
    """How much later the sound comes in the second clip."""

    @property
    def is_same(self) -> bool:
        """Whether they are one recording."""
        return self.correlation >= SAME and (self.flat_correlation or 0.0) >= SAME


def likeness(a: Wave, b: Wave) -> Likeness:
    """Lays two clips [T] at `RATE` over each other."""
    # Transforms take half the time in single precision, of which no correlation here needs more.
    a, b = (np.asarray(clip - clip.mean(), dtype=np.float32) for clip in (a, b))
    correlation, lag = _fit(a, b)
    if correlation < SAME:
        return Likeness(correlation, None, lag / RATE)
    flat, lag = _fit(*_flattened(a, b))
    return Likeness(correlation, flat, lag / RATE)


def _fit(a: Wave, b: Wave) -> tuple[float, int]:
    """The largest correlation, and how many samples later the sound comes in `b`."""
    if len(a) > len(b):
        correlation, lag = _fit(b, a)
        return correlation, -lag
    # Beyond the length of a clip nothing lies over the other.
    before, after = (min(round(LAG_SECONDS * RATE), len(clip)) for clip in (a, b))
    size = _fast(len(b) + before)
    lags = np.arange(-before, after + 1)
    products = np.abs(irfft(np.conj(rfft(a, size)) * rfft(b, size), size)[lags])
    summed = np.concatenate(([0.0], np.cumsum(np.square(b, dtype=np.float64))))
    # of `b` the part that lies under `a`; of `a` all: what lies beside `b` is not there
    under = summed[np.clip(lags + len(a), 0, len(b))] - summed[np.clip(lags, 0, len(b))]
    energy = float(np.square(a, dtype=np.float64).sum())
    levels = np.sqrt(energy * under)
    loud = levels > _SILENCE * np.sqrt(energy * summed[-1])
    fits = np.where(loud, products / np.where(loud, levels, 1.0), 0.0)
    best = int(fits.argmax())
    return float(min(fits[best], 1.0)), int(lags[best])


def _flattened(a: Wave, b: Wave) -> tuple[Wave, Wave]:
    """Both through one filter, by which their common spectrum becomes flat down to the floor."""
    size = _fast(max(len(a), len(b)) + RATE)
    spectra = [rfft(clip, size) for clip in (a, b)]
    shares = [np.abs(each) ** 2 / float(clip @ clip) for each, clip in zip(spectra, (a, b), strict=True)]
    smooth = np.convolve(shares[0] + shares[1], np.ones(max(1, round(SMOOTHED_HZ * size / RATE))), "same")
    gain = 1 / np.sqrt(np.maximum(smooth, FLOOR * smooth.max()))
    one, other = (irfft(each * gain, size)[: len(clip)] for each, clip in zip(spectra, (a, b), strict=True))
    return one, other


def _fast(length: int) -> int:
    """A length, at least this one, that is transformed fast."""
    return next_fast_len(length, real=True)  # pyright: ignore[reportReturnType] # its stub says None
