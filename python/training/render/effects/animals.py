"""Animal calls: a voiced or tonal source through formants, one call per strike; bees and crickets go on."""

import numpy as np

from training.render.dsp import (
    Rng,
    Wave,
    arch,
    band,
    glide,
    harmonics,
    resonate,
    samples,
    seconds_axis,
    tone,
    wander,
    white,
)
from training.render.effects.registry import Parameters, continuous, countable


def _vary(rng: Rng, amount: float = 0.04) -> float:
    return float(np.exp(rng.normal(0, amount)))


@countable("dog", 4)
def dog(p: Parameters, rng: Rng) -> Wave:
    """A bark: a rough pitch arch of a fifth of a second through two formants."""
    n = samples(p.ratio(0, 0.13, 0.26) * _vary(rng))
    pitch = p.ratio(1, 170, 620) * _vary(rng)
    curve = glide(n, 0.75, 1.15, 1.0, 0.6) * pitch
    jitter = 1 + 0.06 * (wander(rng, n, 180) - 0.5)
    voice = harmonics(curve * jitter, 0.6, 24) + p.linear(2, 0.3, 1.2) * white(rng, n)
    scale = p.ratio(3, 0.75, 1.4)
    body = resonate(voice, [620 * scale, 1250 * scale, 2700 * scale], [160, 260, 500], [1, 0.9, 0.35])
    return body * arch(n, 0.012, 0.08)


@countable("cat", 4, brief=False)
def cat(p: Parameters, rng: Rng) -> Wave:
    """A meow: harmonics on a slow pitch arch, the mouth opening and closing."""
    n = samples(p.ratio(0, 0.4, 0.75) * _vary(rng))
    pitch = p.ratio(1, 380, 800) * _vary(rng)
    curve = glide(n, 0.8, 1.05, 1.1, 0.95, 0.72) * pitch * (1 + 0.015 * tone(6, n))
    voice = harmonics(curve, p.linear(2, 0.7, 1.2), 16)
    scale = p.ratio(3, 0.85, 1.25)
    closed = resonate(voice, [700 * scale, 1700 * scale], [200, 300], [1, 0.3])
    opened = resonate(voice, [1100 * scale, 2300 * scale, 3600 * scale], [220, 320, 500], [1, 0.8, 0.4])
    mouth = glide(n, 0, 0.6, 1, 0.8, 0.1)
    return (closed * (1 - mouth) + opened * mouth) * arch(n, 0.06, 0.18)


@countable("cow", 4, brief=False)
def cow(p: Parameters, rng: Rng) -> Wave:
    """A moo: a low voice that rises and falls, nasal first, then open."""
    n = samples(p.ratio(0, 0.75, 1.2) * _vary(rng))
    pitch = p.ratio(1, 85, 190) * _vary(rng)
    voice = harmonics(glide(n, 0.8, 1.0, 1.08, 1.0, 0.78) * pitch, p.linear(2, 0.5, 0.9), 30)
    scale = p.ratio(3, 0.8, 1.25)
    nasal = resonate(voice, [240 * scale, 900 * scale], [80, 200], [1, 0.15])
    opened = resonate(voice, [480 * scale, 850 * scale, 2300 * scale], [100, 180, 300], [1, 0.7, 0.15])
    mouth = glide(n, 0, 0.2, 0.9, 1, 0.5)
    return (nasal * (1 - mouth) + opened * mouth) * arch(n, 0.12, 0.2)


@countable("bird", 5)
def bird(p: Parameters, rng: Rng) -> Wave:
    """A chirp: a whistled sweep with a fast trill on it."""
    n = samples(p.ratio(0, 0.08, 0.18) * _vary(rng))
    centre = p.ratio(1, 2200, 5200) * _vary(rng, 0.02)
    sweep = glide(n, 1 - p.linear(2, -0.25, 0.3), 1.0, 1 + p.linear(2, -0.25, 0.3))
    trill = 1 + p.linear(3, 0.0, 0.09) * tone(p.ratio(4, 18, 60), n)
    return (tone(centre * sweep * trill, n) + 0.08 * tone(1.5 * centre * sweep, n)) * arch(n, 0.015, 0.04)


@countable("frog", 4)
def frog(p: Parameters, rng: Rng) -> Wave:
    """A croak: a train of pulses ringing in a throat sac."""
    n = samples(p.ratio(0, 0.16, 0.3) * _vary(rng))
    rate = p.ratio(1, 26, 70) * _vary(rng)
    pulses = np.diff(np.floor(np.cumsum(glide(n, 0.9, 1.1, 1.0) * rate) / 16000), prepend=0.0)
    throat = p.ratio(2, 350, 1300)
    ring = resonate(pulses, [throat, 2.3 * throat], [p.ratio(3, 60, 200), 250], [1, 0.5])
    return ring * arch(n, 0.03, 0.05)


@countable("owl", 3, brief=False)
def owl(p: Parameters, rng: Rng) -> Wave:
    """A hoot: a nearly pure low tone with a soft swell."""
    n = samples(p.ratio(0, 0.28, 0.5) * _vary(rng))
    curve = glide(n, 0.93, 1.0, 1.0, 0.95) * p.ratio(1, 260, 560) * _vary(rng, 0.01)
    wave = tone(curve, n) + p.linear(2, 0.03, 0.2) * tone(2 * curve, n) + 0.02 * band(white(rng, n), 200, 900)
    return wave * arch(n, 0.08, 0.15)


@continuous("crickets", 4)
def crickets(p: Parameters, rng: Rng, n: int) -> Wave:
    """Chirps of three or four pulses each, on a high carrier, again and again."""
    carrier, pulse_rate = p.ratio(0, 3300, 5600), p.ratio(1, 24, 48)
    period, pulses = 1 / p.ratio(2, 1.6, 4.0), 3 + int(2 * p.values[3])
    t = (seconds_axis(n) + rng.random()) % period
    within = t < pulses / pulse_rate
    shape = np.maximum(np.sin(2 * np.pi * pulse_rate * t - 0.5 * np.pi), 0) * within
    return tone(carrier * (1 + 0.004 * wander(rng, n, 8)), n) * shape


@continuous("bee", 4)
def bee(p: Parameters, rng: Rng, n: int) -> Wave:
    """A buzz: a harmonic wing beat that wanders in pitch and strength as the insect flies."""
    beat = p.ratio(0, 140, 290) * (1 + p.linear(1, 0.05, 0.22) * (wander(rng, n, 3) - 0.5))
    wave = resonate(harmonics(beat, 0.5, 26), [p.ratio(2, 500, 1400), 2600], [500, 900], [1, 0.4])
    return wave * (0.35 + 0.65 * wander(rng, n, p.linear(3, 1, 4)))


@countable("duck", 4)
def duck(p: Parameters, rng: Rng) -> Wave:
    """A quack: a very rough low pulse train with a nasal formant that falls."""
    n = samples(p.ratio(0, 0.14, 0.26) * _vary(rng))
    pulse = harmonics(glide(n, 1.1, 1.0, 0.82) * p.ratio(1, 130, 260) * _vary(rng), 0.15, 40)
    nose = p.ratio(2, 1000, 1900)
    early = resonate(pulse, [nose, 2.2 * nose], [150, 300], [1, 0.5])
    late = resonate(pulse, [0.75 * nose, 1.8 * nose], [150, 300], [1, 0.5])
    mix = glide(n, 0, 1)
    return (early * (1 - mix) + late * mix) * arch(n, p.ratio(3, 0.008, 0.03), 0.05)
