"""Weather, fire, water and crowds: sounds without a count."""

import numpy as np

from training.render.dsp import (
    Rng,
    Wave,
    arch,
    band,
    decay,
    place,
    samples,
    scatter,
    seconds_axis,
    tone,
    wander,
    white,
)
from training.render.effects.registry import Parameters, continuous


@continuous("rain", 4)
def rain(p: Parameters, rng: Rng, n: int) -> Wave:
    """Hiss of distant drops and many near ones."""
    hiss = band(white(rng, n), p.ratio(0, 700, 2200), 7500)
    size = samples(0.012)
    drop = tone(p.ratio(1, 1500, 4500), size) * decay(size, 0.0025, 0.0005)
    near = scatter(rng, n, p.ratio(2, 40, 260), drop, 0.8)
    return 0.4 * hiss + p.linear(3, 0.5, 1.5) * near


@continuous("wind", 4)
def wind(p: Parameters, rng: Rng, n: int) -> Wave:
    """Noise bands that swell and howl slowly."""
    gust = 0.15 + wander(rng, n, p.ratio(0, 0.6, 2.2)) ** 2
    low = band(white(rng, n), 60, p.ratio(1, 250, 600), -0.6)
    howl = band(white(rng, n), p.ratio(2, 350, 800), p.ratio(2, 350, 800) * 1.25)
    return low * gust + p.linear(3, 0.4, 2.0) * howl * gust * wander(rng, n, 1.5)


@continuous("ocean", 4)
def ocean(p: Parameters, rng: Rng, n: int) -> Wave:
    """Waves: noise that rises, breaks brightly and draws back."""
    period = p.ratio(0, 2.0, 4.0)
    phase = (seconds_axis(n) / period + rng.random()) % 1.0
    crest = np.where(phase < 0.4, (phase / 0.4) ** 2, np.exp(-(phase - 0.4) * p.linear(1, 3, 6)))
    roar = band(white(rng, n), 60, p.ratio(2, 500, 1100), -0.4)
    foam = band(white(rng, n), 1500, 7000)
    return roar * (0.25 + crest) + p.linear(3, 0.15, 0.5) * foam * crest**2


@continuous("fire", 4)
def fire(p: Parameters, rng: Rng, n: int) -> Wave:
    """Crackles of uneven strength over a low hiss."""
    size = samples(0.02)
    snap = band(white(rng, size), p.ratio(0, 800, 2500), 7000) * decay(size, p.ratio(1, 0.001, 0.004), 0.0003)
    crackle = scatter(rng, n, p.ratio(2, 8, 35), snap, 1.1)
    rumble = band(white(rng, n), 80, 700, -0.5) * (0.5 + 0.5 * wander(rng, n, 6))
    return 1.5 * crackle + p.linear(3, 0.05, 0.2) * rumble


@continuous("thunder", 4)
def thunder(p: Parameters, rng: Rng, n: int) -> Wave:
    """A crack, then a long rolling rumble."""
    length = min(n, samples(p.ratio(0, 1.8, 3.5)))
    rumble = band(white(rng, length), 30, p.ratio(1, 120, 320), -0.8) * (0.2 + wander(rng, length, 7) ** 2)
    rumble = rumble * arch(length, 0.08, 0.4 * length / 16000) * decay(length, p.ratio(2, 0.7, 2.0), 0.05)
    crack = band(white(rng, samples(0.4)), 100, 3500) * decay(samples(0.4), 0.07, 0.003)
    return place(n, [(0.0, 6 * rumble), (0.03, p.linear(3, 0.1, 0.8) * crack)])


@continuous("applause", 3)
def applause(p: Parameters, rng: Rng, n: int) -> Wave:
    """Many hands: dense short bursts of band-passed noise."""
    wave = np.zeros(n)
    for k in range(4):
        size = samples(0.025)
        centre = p.ratio(0, 800, 1700) * (0.75 + 0.2 * k)
        clap = band(white(rng, size), 0.7 * centre, 1.6 * centre) * decay(size, 0.006, 0.0008)
        wave += scatter(rng, n, p.ratio(1, 12, 60), clap, 0.5)
    return wave * (0.75 + p.linear(2, 0, 0.5) * (wander(rng, n, 2) - 0.5))


@continuous("static", 3)
def static(p: Parameters, rng: Rng, n: int) -> Wave:
    """Radio static: flat noise with clicks and a tilt."""
    hiss = band(white(rng, n), 100, 7600, p.linear(0, -0.35, 0.25))
    clicks = scatter(rng, n, p.ratio(1, 2, 30), np.array([1.0, -0.7, 0.3]), 0.9)
    return hiss * (1 + p.linear(2, 0, 0.5) * (wander(rng, n, 9) - 0.5)) + 1.5 * clicks


@continuous("stream", 4)
def stream(p: Parameters, rng: Rng, n: int) -> Wave:
    """Running water: bubbles of many pitches over a soft hiss."""
    wave = np.zeros(n)
    for _ in range(10):
        size = samples(0.06)
        start = p.ratio(0, 350, 900) * np.exp(rng.uniform(0, 1.5))
        chirp = tone(start * (1 + p.ratio(1, 2, 8) * seconds_axis(size)), size) * decay(size, 0.014, 0.002)
        wave += scatter(rng, n, p.ratio(2, 4, 14), chirp, 0.6)
    return wave + p.linear(3, 0.05, 0.25) * band(white(rng, n), 500, 5000)
