"""What lies between a source and a recording: room, band limits, noise, level."""

import numpy as np
from scipy.fft import next_fast_len

from training.render.dsp import SAMPLE_RATE, Rng, Wave, band, samples, seconds_axis, white

FRAME = SAMPLE_RATE // 10
# loudest 100 ms of a clip in dB of full scale (RMS)
LOUDNESS = {"quiet": (-36.0, -31.0), "medium": (-24.5, -20.0), "loud": (-13.0, -9.5)}


def level(wave: Wave) -> float:
    """RMS of the loudest 100 ms: a measure that a short bark and long rain share."""
    power = np.add.reduceat(wave**2, np.arange(0, len(wave), FRAME)) / min(FRAME, len(wave))
    return float(np.sqrt(power.max()))


def room(wave: Wave, rng: Rng) -> Wave:
    """Convolve with a synthetic room: early reflections and an exponentially decaying, darkening tail.

    The direct sound stays first and at full strength, so that onsets keep their times.
    """
    reverberation = rng.uniform(0.12, 0.8)
    n = samples(reverberation)
    tail = band(white(rng, n), 120, rng.uniform(2500, 6500)) * np.exp(-6.9 * seconds_axis(n) / reverberation)
    tail *= rng.uniform(0.15, 0.7) / np.sqrt((tail**2).sum())
    for delay in rng.uniform(0.004, 0.04, 5):
        if samples(delay) < n:
            tail[samples(delay)] += rng.uniform(-0.35, 0.35)
    tail[0] += 1.0
    size = next_fast_len(len(wave) + n, real=True)
    return np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(tail, size), size)[: len(wave)]


def band_limit(wave: Wave, rng: Rng, *, speech: bool) -> Wave:
    """Sometimes the band of a narrower recording: 8 kHz sampling (more often for speech), telephone, tilt."""
    narrow = 0.4 if speech else 0.12
    draw = rng.random()
    if draw < narrow:
        return band(wave, 20, rng.uniform(3300, 3900))
    if draw < narrow + 0.06:
        return band(wave, 300, 3400)
    if draw < narrow + 0.24:
        return band(wave, rng.uniform(20, 120), 7900, rng.uniform(-0.35, 0.25))
    return wave


def noise(rng: Rng, n: int) -> Wave:
    """Noise of a recording: white, pink, brown, or mains hum in hiss; unit RMS."""
    colour = int(rng.integers(4))
    wave = white(rng, n)
    if colour:
        wave = band(wave, 30, 7900, (0.0, -0.5, -1.0, -0.3)[colour])
    wave /= np.sqrt((wave**2).mean())
    if colour == 3:
        hum = sum(np.sin(2 * np.pi * 50 * k * seconds_axis(n) + k) / k for k in (1, 2, 3, 5))
        wave = 0.4 * wave + 0.8 * hum
    return wave


def set_level(wave: Wave, loudness: str, rng: Rng) -> Wave:
    """Scale to a level of LOUDNESS; peaks above 0.7 are bent softly below full scale."""
    target = 10 ** (rng.uniform(*LOUDNESS[loudness]) / 20)
    scaled = wave * (target / level(wave))
    size = np.abs(scaled)
    bent = np.sign(scaled) * (0.7 + 0.28 * np.tanh((size - 0.7) / 0.28))
    return np.where(size > 0.7, bent, scaled)


def recorded(wave: Wave, rng: Rng, *, speech: bool) -> Wave:
    """Room (40 %), noise 18 to 60 dB below (60 %), band limit, in this order."""
    if rng.random() < 0.4:
        wave = room(wave, rng)
    if rng.random() < 0.6:
        wave = wave + noise(rng, len(wave)) * level(wave) * 10 ** (-rng.uniform(18, 60) / 20)
    return band_limit(wave, rng, speech=speech)
