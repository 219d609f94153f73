"""Small signal blocks that the synthetic sounds are built from; everything is mono at SAMPLE_RATE."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.signal import lfilter

SAMPLE_RATE = 16_000
Wave = NDArray[np.float64]
Rng = np.random.Generator


def samples(seconds: float) -> int:
    """Number of samples in a duration, at least one."""
    return max(1, int(seconds * SAMPLE_RATE))


def seconds_axis(n: int) -> Wave:
    """Time of each sample in seconds, shape [n]."""
    return np.arange(n) / SAMPLE_RATE


def white(rng: Rng, n: int) -> Wave:
    """Gaussian noise with unit variance, shape [n]."""
    return rng.standard_normal(n)


def band(wave: Wave, low: float, high: float, slope: float = 0.0) -> Wave:
    """Zero-phase band filter with fourth-order edges at `low` and `high` Hz; `slope` tilts by f**slope."""
    n = len(wave)
    padded = next_fast_len(n + samples(0.05), real=True) or n  # never None; the type stub says so
    frequency = np.maximum(np.fft.rfftfreq(padded, 1 / SAMPLE_RATE), 1.0)
    gain = 1 / np.sqrt((1 + (low / frequency) ** 8) * (1 + (frequency / high) ** 8))
    if slope:
        gain = gain * (frequency / 1000.0) ** slope
    return np.fft.irfft(np.fft.rfft(wave, padded) * gain, padded)[:n]


def decay(n: int, tau: float, attack: float = 0.002) -> Wave:
    """Envelope that rises linearly in `attack` seconds and falls exponentially with time constant `tau`."""
    t = seconds_axis(n)
    return np.minimum(t / attack, 1.0) * np.exp(-t / tau)


def arch(n: int, attack: float, release: float) -> Wave:
    """Envelope with raised-cosine ends of `attack` and `release` seconds."""
    t = seconds_axis(n)
    left = np.clip(t / attack, 0, 1)
    right = np.clip((t[-1] - t) / release, 0, 1) if n > 1 else np.ones(n)
    return (0.5 - 0.5 * np.cos(np.pi * left)) * (0.5 - 0.5 * np.cos(np.pi * right))


def glide(n: int, *points: float) -> Wave:
    """Curve through equally spaced points, shape [n]."""
    return np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(points)), points)


def tone(frequency: Wave | float, n: int, phase: float = 0.0) -> Wave:
    """Sine whose frequency in Hz may change from sample to sample."""
    curve = np.broadcast_to(np.asarray(frequency, dtype=np.float64), (n,))
    return np.sin(2 * np.pi * np.cumsum(curve) / SAMPLE_RATE + phase)


def harmonics(frequency: Wave, rolloff: float, count: int) -> Wave:
    """Sum of `count` harmonics with amplitude k**-rolloff, silent above 7.6 kHz."""
    phase = 2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE
    wave = np.zeros(len(frequency))
    for k in range(1, count + 1):
        audible = k * frequency < 7600
        if not audible.any():
            break
        wave += k**-rolloff * np.sin(k * phase) * audible
    return wave


def resonate(wave: Wave, frequencies: list[float], bandwidths: list[float], gains: list[float]) -> Wave:
    """Parallel two-pole resonators (formants, modes), each normalised to unit gain at its centre."""
    out = np.zeros(len(wave))
    for centre, width, gain in zip(frequencies, bandwidths, gains, strict=True):
        radius = np.exp(-np.pi * width / SAMPLE_RATE)
        angle = 2 * np.pi * min(centre, 7600.0) / SAMPLE_RATE
        peak = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * angle) + radius**2)
        out += gain * np.asarray(
            lfilter([peak], [1.0, -2 * radius * np.cos(angle), radius**2], wave), dtype=np.float64
        )
    return out


def modes(n: int, frequencies: list[float], taus: list[float], gains: list[float], rng: Rng) -> Wave:
    """Struck body: exponentially decaying sines with random phases."""
    t = seconds_axis(n)
    wave = np.zeros(n)
    for frequency, tau, gain in zip(frequencies, taus, gains, strict=True):
        if frequency < 7600:
            wave += gain * np.exp(-t / tau) * np.sin(2 * np.pi * (frequency * t + rng.random()))
    return wave * np.minimum(t / 0.001, 1.0)


def wander(rng: Rng, n: int, rate: float) -> Wave:
    """Random curve in [0, 1] that takes about `rate` new values a second, smoothly joined."""
    points = max(4, int(n / SAMPLE_RATE * rate) + 3)
    position = np.linspace(0, points - 1.001, n)
    values = rng.random(points)
    left = position.astype(int)
    fraction = 0.5 - 0.5 * np.cos(np.pi * (position - left))
    return values[left] * (1 - fraction) + values[left + 1] * fraction


def scatter(rng: Rng, n: int, rate: float, grain: Wave, spread: float = 1.0) -> Wave:
    """Copies of `grain` at Poisson times (`rate` a second), amplitudes log-normal with sigma `spread`."""
    impulses = np.zeros(n)
    hits = rng.poisson(rate * n / SAMPLE_RATE)
    np.add.at(impulses, rng.integers(0, n, hits), rng.lognormal(0, spread, hits) * rng.choice([-1, 1], hits))
    size = next_fast_len(n + len(grain), real=True)
    return np.fft.irfft(np.fft.rfft(impulses, size) * np.fft.rfft(grain, size), size)[:n]


def place(n: int, pieces: list[tuple[float, Wave]]) -> Wave:
    """Add pieces at their start times (seconds) on a silent line of n samples."""
    line = np.zeros(n)
    for start, piece in pieces:
        first = int(start * SAMPLE_RATE)
        last = min(n, first + len(piece))
        if last > first:
            line[first:last] += piece[: last - first]
    return line
