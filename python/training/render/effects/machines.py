"""Machines and rhythms that go on: engines, rotors, sirens, typing, a heart, a frequency sweep."""

import numpy as np

from training.render.dsp import (
    SAMPLE_RATE,
    Rng,
    Wave,
    band,
    decay,
    glide,
    harmonics,
    place,
    resonate,
    samples,
    seconds_axis,
    tone,
    wander,
    white,
)
from training.render.effects.registry import Parameters, continuous


@continuous("engine", 4)
def engine(p: Parameters, rng: Rng, n: int) -> Wave:
    """A combustion engine: firing pulses with uneven cylinders through an exhaust."""
    rate = p.ratio(0, 22, 75) * (1 + p.linear(1, 0.01, 0.12) * (wander(rng, n, 1.5) - 0.5))
    uneven = 1 + 0.35 * tone(rate / 2, n) + 0.2 * tone(rate / 4, n, 1.0)
    pulses = harmonics(rate, 0.35, 40) * uneven + 0.8 * white(rng, n) * (0.5 + 0.5 * tone(rate, n)) ** 3
    return resonate(pulses, [p.ratio(2, 90, 220), p.ratio(3, 350, 900)], [80, 300], [1, 0.6])


@continuous("helicopter", 4)
def helicopter(p: Parameters, rng: Rng, n: int) -> Wave:
    """Rotor slaps: bursts of low noise ten to twenty times a second."""
    rate = p.ratio(0, 9, 18) * (1 + 0.01 * wander(rng, n, 1))
    phase = (np.cumsum(rate) / SAMPLE_RATE) % 1.0
    slap = np.exp(-phase * p.ratio(1, 4, 10))
    blades = band(white(rng, n), 60, p.ratio(2, 400, 1400), -0.4) * slap
    turbine = tone(p.ratio(3, 900, 2400), n) * 0.02
    return blades + turbine


@continuous("siren", 4)
def siren(p: Parameters, rng: Rng, n: int) -> Wave:
    """An emergency siren wailing up and down."""
    low, span = p.ratio(0, 450, 750), p.ratio(1, 1.6, 2.4)
    cycle = (seconds_axis(n) * p.ratio(2, 0.35, 1.6) + rng.random()) % 1.0
    wail = np.where(cycle < 0.6, cycle / 0.6, (1 - cycle) / 0.4)
    return resonate(harmonics(low * span**wail, p.linear(3, 0.6, 1.3), 10), [900, 1800], [700, 900], [1, 0.7])


@continuous("sweep", 4)
def sweep(p: Parameters, rng: Rng, n: int) -> Wave:
    """A frequency sweep from low to high; the caller reverses it to fall."""
    low, high = p.ratio(0, 150, 600), p.ratio(1, 1500, 6000)
    bend = p.ratio(2, 0.6, 1.7)
    curve = low * (high / low) ** (glide(n, 0, 1) ** bend)
    return tone(curve, n, rng.random()) + p.linear(3, 0, 0.4) * tone(2 * curve, n) * (2 * curve < 7600)


@continuous("typing", 4)
def typing(p: Parameters, rng: Rng, n: int) -> Wave:
    """Keys of a keyboard at uneven times, each a click down and a softer one up."""
    rate, pitch = p.ratio(0, 5, 11), p.ratio(1, 1400, 3600)
    pieces: list[tuple[float, Wave]] = []
    time, size = 0.02, samples(0.03)
    while time < n / SAMPLE_RATE:
        body = band(white(rng, size), 0.6 * pitch, 1.8 * pitch) * decay(
            size, p.ratio(2, 0.002, 0.006), 0.0005
        )
        thud = tone(p.ratio(3, 140, 320), size) * decay(size, 0.008)
        strength = rng.uniform(0.5, 1.0)
        pieces += [(time, strength * (body + 0.25 * thud)), (time + 0.07, 0.3 * strength * body)]
        time += rng.gamma(4, 1 / (4 * rate))
    return place(n, pieces)


@continuous("heartbeat", 4)
def heartbeat(p: Parameters, rng: Rng, n: int) -> Wave:
    """Two low thumps a beat."""
    period, size = 60 / p.ratio(0, 58, 130), samples(0.16)
    pitch, tau = p.ratio(1, 48, 85), p.ratio(2, 0.025, 0.05)
    pieces: list[tuple[float, Wave]] = []
    time = 0.05 + 0.3 * rng.random() * period
    while time < n / SAMPLE_RATE:
        gap = min(0.32 * period, 0.3)
        first = tone(glide(size, 1.3, 0.8) * pitch, size) * decay(size, tau, 0.008)
        second = tone(glide(size, 1.6, 1.1) * pitch, size) * decay(size, 0.7 * tau, 0.006)
        pieces += [(time, first), (time + gap, p.linear(3, 0.4, 0.9) * second)]
        time += period * (1 + 0.02 * rng.normal())
    return band(place(n, pieces), 25, 400) + 0.002 * band(white(rng, n), 40, 300)


@continuous("train", 4)
def train(p: Parameters, rng: Rng, n: int) -> Wave:
    """A train on jointed rails: rolling noise with a double clack at every joint."""
    period, size = p.ratio(0, 0.5, 1.1), samples(0.09)
    roll = band(white(rng, n), 70, p.ratio(1, 400, 900), -0.3)
    pieces: list[tuple[float, Wave]] = []
    time = rng.random() * period
    while time < n / SAMPLE_RATE:
        clack = band(white(rng, size), 200, p.ratio(2, 1500, 3500)) * decay(size, 0.016, 0.001)
        pieces += [(time, clack), (time + p.linear(3, 0.11, 0.18), 0.9 * clack)]
        time += period
    return 0.35 * roll + 1.6 * place(n, pieces)


@continuous("vacuum cleaner", 4)
def vacuum_cleaner(p: Parameters, rng: Rng, n: int) -> Wave:
    """A motor whine with harmonics inside a steady rush of air."""
    whine = harmonics(
        np.full(n, p.ratio(0, 320, 680)) * (1 + 0.004 * wander(rng, n, 3)), p.linear(1, 0.6, 1.2), 9
    )
    air = band(white(rng, n), p.ratio(2, 250, 700), 5500, -0.4)
    return p.linear(3, 0.15, 0.5) * whine + air
