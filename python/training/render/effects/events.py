"""Events made of synthetic sounds: a counted series of strikes, or a texture for some seconds."""

import re

from training.render.dsp import SAMPLE_RATE, Rng, place, samples
from training.render.effects.registry import CONTINUOUS, COUNTABLE, Parameters
from training.render.event import Event
from training.render.split import Split, parameter_seeds, parameter_vector

FAST = (0.0, 0.06)
SLOW = (0.42, 0.62)
SOURCE = re.compile(r"dsp:(?P<name>.+)-(?P<seed>\d+)")


def source_of(name: str, split: Split, rng: Rng) -> str:
    """Draw a source of a class: one parameter seed of the split."""
    return f"dsp:{name}-{int(rng.choice(parameter_seeds(split)))}"


def _parameters(source: str, size: int) -> Parameters:
    parts = SOURCE.fullmatch(source)
    if parts is None:
        raise ValueError(f"not a DSP source: {source}")
    return Parameters(parameter_vector(parts["name"], int(parts["seed"]), size))


def render_countable(name: str, source: str, rng: Rng, seconds: float) -> Event:
    """Strike the source one to six times within `seconds`; tempo is set from three strikes on."""
    sound = COUNTABLE[name]
    parameters = _parameters(source, sound.size)
    first = sound.strike(parameters, rng)
    length = max(len(first) / SAMPLE_RATE, 0.16)
    tempo = str(rng.choice(["fast", "slow"]))
    gap = rng.uniform(*(FAST if tempo == "fast" else SLOW)) if sound.brief else rng.uniform(0.05, 0.3)
    room = max(1, int((seconds - length) / (length + gap)) + 1)
    count = min(room, int(rng.integers(1, 7)))
    pieces = [(0.0, first)]
    time = 0.0
    for _ in range(count - 1):
        time += (length + gap) * rng.uniform(0.97, 1.03)
        pieces.append((time, rng.uniform(0.8, 1.0) * sound.strike(parameters, rng)))
    wave = place(samples(time) + len(pieces[-1][1]) + 1, pieces)
    facts = {"count": count, "tempo": tempo if sound.brief and count >= 3 else None}
    return Event(wave, name, "effect", source, facts, [start for start, _ in pieces])


def render_continuous(name: str, source: str, rng: Rng, seconds: float) -> Event:
    """Fill `seconds` with the source; a sweep rises or falls."""
    sound = CONTINUOUS[name]
    wave = sound.texture(_parameters(source, sound.size), rng, samples(seconds))
    if name != "sweep":
        return Event(wave, name, "effect", source)
    direction = str(rng.choice(["rising", "falling"]))
    return Event(
        wave if direction == "rising" else wave[::-1].copy(), name, "effect", source, {"direction": direction}
    )
