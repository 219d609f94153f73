"""A clip: one sound, two in a row, or one over a background; then the room, the noise and the level."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from training.render import effects, instruments, speech
from training.render.acoustics import LOUDNESS, level, recorded, set_level
from training.render.classes import BACKGROUNDS, SPEECH, SPEECH_SHARE, drawable
from training.render.dsp import SAMPLE_RATE, Rng, Wave, place, samples
from training.render.effects.registry import CONTINUOUS, COUNTABLE
from training.render.event import Event
from training.render.families import FAMILIES
from training.render.split import SPLIT_NUMBER, Split
from training.render.variation import own_generator, weathered

MAX_SECONDS = 5.0
MIN_SECONDS = 2.5
SILENT_PEAK = 300 / 32768
SCENES = {"single": 0.48, "sequence": 0.24, "background": 0.28}


@dataclass
class Clip:
    """A rendered clip.

    Attributes:
        waveform: float32 [T] at 16 kHz, |x| < 1, 2.5 to 5 s.
        meta: id, seconds, split, scene, loudness, background, backgroundSource, rejected, events.
    """

    waveform: np.ndarray
    meta: dict[str, Any]


def source_of(name: str, split: Split, rng: Rng, *, own: Rng | None = None) -> str:
    """Draw a source of a class in a split."""
    if name == SPEECH:
        return speech.source_of(split, rng, own=own)
    if name in FAMILIES:
        return instruments.source_of(name, split, rng)
    return effects.source_of(name, split, rng)


def render_source(name: str, source: str, rng: Rng, seconds: float, *, own: Rng | None = None) -> Event:
    """Render one event of a source within `seconds`; `own` varies it (`variation.py`)."""
    if name == SPEECH:
        return speech.render_speech(source, rng, seconds, own=own)
    if name in FAMILIES:
        return instruments.render_instrument(name, source, rng, seconds, own=own)
    if name in COUNTABLE:
        return effects.render_countable(name, source, rng, seconds)
    return effects.render_continuous(name, source, rng, seconds)


def audible_event(
    name: str, split: Split, rng: Rng, seconds: float, rejected: list[str], *, own: Rng | None = None
) -> Event:
    """Render a class; sources whose render is silent are drawn again and their names kept in `rejected`.

    Raises:
        RuntimeError: five renders in a row were silent.
    """
    for _ in range(5):
        source = source_of(name, split, rng, own=own)
        event = render_source(name, source, rng, seconds, own=own)
        if np.abs(event.wave).max() >= SILENT_PEAK:
            return event
        rejected.append(source)
    raise RuntimeError(f"{name}: silent five times: {rejected}")


def draw_class(split: Split, rng: Rng, without: str | None = None) -> str:
    """Speech with its fixed share, every other class alike; never `without`."""
    if rng.random() < SPEECH_SHARE and without != SPEECH:
        return SPEECH
    names = [name for name in drawable(split) if name != without]
    return str(rng.choice(names))


def _single(
    split: Split, rng: Rng, rejected: list[str], own: Rng | None
) -> tuple[Wave, list[tuple[Event, float]]]:
    name = draw_class(split, rng)
    continuous = name in CONTINUOUS
    event = audible_event(name, split, rng, rng.uniform(2.5, 4.9) if continuous else 4.4, rejected, own=own)
    length = len(event.wave) / SAMPLE_RATE
    lead = 0.0 if continuous else rng.uniform(0.02, min(0.8, MAX_SECONDS - length - 0.1))
    total = min(
        MAX_SECONDS, max(MIN_SECONDS, lead + length + (0.0 if continuous else rng.uniform(0.08, 0.8)))
    )
    return place(samples(total), [(lead, event.wave / level(event.wave))]), [(event, lead)]


def _sequence(
    split: Split, rng: Rng, rejected: list[str], own: Rng | None
) -> tuple[Wave, list[tuple[Event, float]]]:
    first_name = draw_class(split, rng)
    names = (first_name, draw_class(split, rng, without=first_name))
    time, placed = rng.uniform(0.02, 0.25), []
    for name in names:
        longest = rng.uniform(1.4, 2.1) if name in CONTINUOUS else 2.15
        event = audible_event(name, split, rng, longest, rejected, own=own)
        placed.append((event, time))
        time += len(event.wave) / SAMPLE_RATE + rng.uniform(0.08, 0.22)
    total = min(MAX_SECONDS, max(MIN_SECONDS, time))
    pieces = []
    for event, start in placed:
        wave = event.wave / level(event.wave) * 10 ** (rng.uniform(-3, 3) / 20)
        edge = samples(0.02)
        wave[:edge] *= np.linspace(0, 1, edge) if event.name in CONTINUOUS else 1.0
        wave[-edge:] *= np.linspace(1, 0, edge)
        pieces.append((start, wave))
    return place(samples(total), pieces), placed


def render_background(
    split: Split, rng: Rng, n: int, without: str, rejected: list[str]
) -> tuple[Event, Wave]:
    """A texture of n samples, 2 to 14 dB below a foreground of level 1; never of the class `without`."""
    name = str(rng.choice([b for b in BACKGROUNDS if b != without]))
    event = audible_event(name, split, rng, n / SAMPLE_RATE + 0.01, rejected)
    wave = event.wave[:n] / level(event.wave) * 10 ** (-rng.uniform(2, 14) / 20)
    return event, wave


def render_clip(seed: int, split: Split) -> Clip:
    """Render a clip; a pure function of its arguments.

    Args:
        seed: number of the clip in its split.
        split: "train" or "test"; the sources of the two are disjoint.

    Raises:
        RuntimeError: fluidsynth, its sound font or espeak-ng is missing where the clip needs it.
    """
    rng = np.random.default_rng([20_261_121, SPLIT_NUMBER[split], seed])
    own = own_generator(split, seed)
    rejected: list[str] = []
    scene = str(rng.choice(list(SCENES), p=list(SCENES.values())))
    if scene == "sequence":
        wave, placed = _sequence(split, rng, rejected, own)
    else:
        wave, placed = _single(split, rng, rejected, own)
    background = None
    if scene == "background" and placed[0][0].name not in CONTINUOUS:
        background, behind = render_background(split, rng, len(wave), placed[0][0].name, rejected)
        wave = wave[: len(behind)] + behind
    loudness = str(rng.choice(list(LOUDNESS)))
    has_speech = any(event.name == SPEECH for event, _ in placed)
    wave = set_level(recorded(weathered(wave, own), rng, speech=has_speech), loudness, rng)
    meta = {
        "id": f"{split}-{seed:06d}",
        "seconds": round(len(wave) / SAMPLE_RATE, 4),
        "split": split,
        "scene": "sequence" if scene == "sequence" else ("background" if background else "single"),
        "loudness": loudness,
        "background": background.name if background else None,
        "backgroundSource": background.source if background else None,
        "rejected": rejected,
        "events": [event.meta(start, start + len(event.wave) / SAMPLE_RATE) for event, start in placed],
    }
    return Clip(wave.astype(np.float32), meta)
