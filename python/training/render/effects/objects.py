"""Struck, dropped and sounded things, one occurrence per strike."""

import numpy as np

from training.render.dsp import (
    Rng,
    Wave,
    arch,
    band,
    decay,
    glide,
    harmonics,
    modes,
    resonate,
    samples,
    seconds_axis,
    tone,
    white,
)
from training.render.effects.registry import Parameters, countable

DTMF_LOW = (697.0, 770.0, 852.0, 941.0)
DTMF_HIGH = (1209.0, 1336.0, 1477.0, 1633.0)
# partials of a minor-third church bell relative to its prime (A. Lehr, "Partial groups in the bell sound")
BELL_PARTIALS = [0.5, 1.0, 1.2, 1.5, 2.0, 2.67, 3.0, 4.2]
# held tones end with a pause, so that quick ones do not run into each other
PAUSE = samples(0.02)


def _vary(rng: Rng, amount: float = 0.03) -> float:
    return float(np.exp(rng.normal(0, amount)))


@countable("knock", 4)
def knock(p: Parameters, rng: Rng) -> Wave:
    """Knuckles on wood: three short modes and a dull click."""
    n = samples(0.16)
    low, tau = p.ratio(0, 110, 380) * _vary(rng), p.ratio(1, 0.012, 0.035)
    body = modes(n, [low, 2.3 * low, 3.9 * low], [tau, 0.7 * tau, 0.5 * tau], [1, 0.6, 0.3], rng)
    click = band(white(rng, n), 300, p.ratio(2, 900, 3000)) * decay(n, 0.006)
    return body + p.linear(3, 0.2, 0.8) * click


@countable("hammer", 4)
def hammer(p: Parameters, rng: Rng) -> Wave:
    """A hammer on metal: inharmonic high modes that ring."""
    n = samples(0.5)
    base, tau = p.ratio(0, 900, 2400) * _vary(rng, 0.01), p.ratio(1, 0.05, 0.16)
    stretch = p.linear(2, 0.85, 1.2)
    ratios = [1.0, 1 + 0.52 * stretch, 1 + 1.17 * stretch, 1 + 1.83 * stretch, 1 + 2.74 * stretch]
    ring = modes(n, [base * r for r in ratios], [tau / r**0.5 for r in ratios], [0.7, 1, 0.8, 0.6, 0.4], rng)
    return ring + p.linear(3, 0.5, 1.5) * white(rng, n) * decay(n, 0.004)


@countable("church bell", 4, brief=False)
def church_bell(p: Parameters, rng: Rng) -> Wave:
    """A large bell: hum, prime, minor third, fifth, nominal and beating upper partials."""
    n = samples(1.4)
    prime, tau = p.ratio(0, 170, 640) * _vary(rng, 0.002), p.ratio(1, 0.35, 0.9)
    bright = p.linear(2, 0.5, 1.3)
    frequencies = [r * prime * (1 + 0.002 * p.linear(3, -1, 1)) for r in BELL_PARTIALS]
    gains = [0.5, 0.8, 0.9, 0.4, 1.0, 0.5 * bright, 0.6 * bright, 0.4 * bright]
    return modes(n, frequencies, [tau / r**0.6 for r in BELL_PARTIALS], gains, rng) * arch(n, 0.002, 0.2)


@countable("car horn", 4, brief=False)
def car_horn(p: Parameters, rng: Rng) -> Wave:
    """Two reedy tones a third apart, held and cut off."""
    n = samples(p.ratio(0, 0.3, 0.6) * _vary(rng))
    low, interval = p.ratio(1, 300, 480), p.linear(2, 1.18, 1.34)
    pair = harmonics(np.full(n, low), 0.7, 20) + harmonics(np.full(n, low * interval), 0.7, 20)
    return resonate(pair, [p.ratio(3, 1200, 2600), 700], [900, 600], [1, 1]) * arch(n, 0.02, 0.04)


@countable("gunshot", 4, brief=False)
def gunshot(p: Parameters, rng: Rng) -> Wave:
    """A blast of noise over a low boom."""
    n = samples(0.55)
    blast = band(white(rng, n), 80, p.ratio(0, 2500, 7500)) * decay(n, p.ratio(1, 0.03, 0.11), 0.0005)
    boom = tone(glide(n, 1.4, 0.7, 0.5) * p.ratio(2, 55, 110), n) * decay(n, 0.1)
    tail = band(white(rng, n), 150, 1500) * decay(n, 0.2, 0.03)
    return (3 * blast + 1.2 * boom + p.linear(3, 0.1, 0.5) * tail) * arch(n, 0.0005, 0.15)


@countable("water drop", 4)
def water_drop(p: Parameters, rng: Rng) -> Wave:
    """A bubble closing under a drop: a short tone whose pitch rises (van den Doel 2005, liquid sounds)."""
    n = samples(0.16)
    t = seconds_axis(n)
    start = p.ratio(0, 450, 1500) * _vary(rng, 0.08)
    rise = p.ratio(1, 4, 16)
    plip = tone(start * (1 + rise * t), n) * decay(n, p.ratio(2, 0.014, 0.045), 0.003)
    return plip + p.linear(3, 0.02, 0.15) * band(white(rng, n), 2000, 7000) * decay(n, 0.006)


@countable("touch tone", 3)
def touch_tone(p: Parameters, rng: Rng) -> Wave:
    """A key of a telephone: two of the DTMF frequencies; keys are free, the line is the source."""
    n = samples(p.ratio(0, 0.09, 0.19))
    low, high = rng.choice(DTMF_LOW), rng.choice(DTMF_HIGH)
    drift = 1 + p.linear(1, -0.015, 0.015)
    pair = tone(low * drift, n) + p.ratio(2, 0.5, 1.8) * tone(high * drift, n)
    return np.append(pair * arch(n, 0.005, 0.005), np.zeros(PAUSE))


@countable("footstep", 4)
def footstep(p: Parameters, rng: Rng) -> Wave:
    """Heel thump, then the scuff of the sole."""
    n = samples(0.2)
    heel = modes(n, [p.ratio(0, 60, 140) * _vary(rng, 0.06)], [0.03], [1.0], rng)
    scuff = band(white(rng, n), p.ratio(1, 500, 1500), p.ratio(2, 2500, 6500)) * arch(n, 0.05, 0.11)
    heel_click = band(white(rng, n), 300, 1800) * decay(n, 0.012)
    return 1.3 * heel + 0.7 * heel_click + p.linear(3, 0.08, 0.35) * scuff


@countable("alarm", 4)
def alarm(p: Parameters, rng: Rng) -> Wave:
    """One beep of an electronic alarm, between a sine and a square wave."""
    n = samples(p.ratio(0, 0.09, 0.17))
    pitch = p.ratio(1, 750, 3200)
    square = sum(tone(k * pitch, n) / k for k in (3, 5, 7) if k * pitch < 7600)
    warble = 1 + p.linear(3, 0, 0.3) * tone(45, n)
    beep = tone(pitch, n, rng.random()) + p.linear(2, 0, 1) * square
    return np.append(beep * warble * arch(n, 0.004, 0.006), np.zeros(PAUSE))


@countable("telephone", 4, brief=False)
def telephone(p: Parameters, rng: Rng) -> Wave:
    """One ring of an old telephone: two gongs struck in turn by a clapper."""
    n = samples(p.ratio(0, 0.55, 0.9) * _vary(rng))
    rate, gong = p.ratio(1, 17, 27), p.ratio(2, 950, 1700)
    t = seconds_axis(n)
    first = np.exp(-((t * rate) % 1.0) * 3) * (tone(gong, n) + 0.6 * tone(2.76 * gong, n))
    second = np.exp(-((t * rate + 0.5) % 1.0) * 3) * (tone(1.19 * gong, n) + 0.5 * tone(3.2 * gong, n))
    return (first + p.linear(3, 0.5, 1.0) * second) * arch(n, 0.01, 0.12)


@countable("whistle", 4, brief=False)
def whistle(p: Parameters, rng: Rng) -> Wave:
    """A referee's pea whistle: a trilled high tone in breath noise."""
    n = samples(p.ratio(0, 0.3, 0.6) * _vary(rng))
    pitch = p.ratio(1, 1900, 3600) * glide(n, 0.92, 1.0, 1.0, 0.94)
    pea = tone(p.ratio(2, 22, 45), n, rng.random())
    breath = band(white(rng, n), 1500, 6000)
    return (tone(pitch * (1 + 0.025 * pea), n) * (1 + 0.5 * pea) + p.linear(3, 0.05, 0.25) * breath) * arch(
        n, 0.02, 0.05
    )


@countable("clock", 4)
def clock(p: Parameters, rng: Rng) -> Wave:
    """One tick: two very short high modes in a small case."""
    n = samples(0.07)
    high, tau = p.ratio(0, 2200, 5200) * _vary(rng, 0.05), p.ratio(1, 0.003, 0.009)
    case = p.ratio(2, 500, 1300)
    tick = modes(
        n, [high, 1.63 * high, case], [tau, 0.7 * tau, 2 * tau], [1, 0.6, p.linear(3, 0.2, 0.8)], rng
    )
    return tick + 0.4 * band(white(rng, n), 2500, 7500) * decay(n, 0.0015, 0.0003)
