"""What makes training clips more various than the test is: a generator of its own for each training clip.

Test clips and shipped samples are drawn without one, so that nothing here can change a bit of them, and old
and new models are measured on the same clips. Every function that varies takes `own: Rng | None`; None means
the clip as it always was.
"""

import numpy as np

from training.render.acoustics import level, noise, room
from training.render.dsp import SAMPLE_RATE, Rng, Wave
from training.render.split import SPLIT_NUMBER, Split

SEED = 20_261_123
EQUALISER_HERTZ = (60, 250, 1000, 3500, 7500)


def own_generator(split: Split, seed: int) -> Rng | None:
    """The generator that varies a clip; None for the test split."""
    return np.random.default_rng([SEED, SPLIT_NUMBER[split], seed]) if split == "train" else None


def weathered(wave: Wave, own: Rng | None) -> Wave:
    """What a recording may have gone through before our own room, noise and band limit: any, some or nothing.

    A farther room, a louder noise, an equaliser, a compressor, 8-bit companding. Loudness is set afterwards.
    """
    if own is None:
        return wave
    if own.random() < 0.25:
        wave = room(wave, own) if own.random() < 0.5 else room(room(wave, own), own)
    if own.random() < 0.2:
        wave = wave + noise(own, len(wave)) * level(wave) * 10 ** (-own.uniform(8, 20) / 20)
    if own.random() < 0.4:
        wave = equalised(wave, own)
    if own.random() < 0.25:
        wave = compressed(wave, own)
    if own.random() < 0.15:
        wave = companded(wave)
    return wave


def equalised(wave: Wave, own: Rng) -> Wave:
    """A smooth curve of at most 8 dB up or down, over the logarithm of frequency."""
    gains = own.uniform(-8, 8, len(EQUALISER_HERTZ))
    hertz = np.maximum(np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE), 1.0)
    curve = np.interp(np.log(hertz), np.log(EQUALISER_HERTZ), gains)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (curve / 20), len(wave))


def compressed(wave: Wave, own: Rng) -> Wave:
    """Loud parts come nearer to soft ones: a power of the envelope over 20 to 80 ms is divided out."""
    n = int(own.uniform(0.02, 0.08) * SAMPLE_RATE)
    power = np.convolve(wave**2, np.ones(n) / n, "same")
    envelope = np.sqrt(np.maximum(power, 0)) / level(wave)
    return wave / np.maximum(envelope, 0.05) ** own.uniform(0.2, 0.5)


def companded(wave: Wave) -> Wave:
    """Eight bits on the mu-law curve (ITU-T G.711, mu = 255), full scale at the peak."""
    peak = float(np.abs(wave).max())
    if peak == 0:
        return wave
    bent = np.sign(wave) * np.log1p(255 * np.abs(wave) / peak) / np.log(256)
    steps = np.round(bent * 127) / 127
    return np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255 * peak
