"""Instrument events: one to six notes that rise, fall or stay, in one register, slow or fast."""

import numpy as np

from training.render.dsp import Rng
from training.render.event import Event
from training.render.families import FAMILIES, Family
from training.render.fluid import Note, synthesizer
from training.render.split import Split
from training.render.timbre import draw_timbre, play_varied

REGISTERS = {"low": (28, 50), "middle": (55, 66), "high": (71, 92)}
# kick, snare, side stick and the six toms of a General MIDI drum kit
KIT_KEYS = (35, 36, 38, 40, 41, 43, 45, 47, 48, 50)
RELEASE = 0.45


def presets(name: str, split: Split) -> tuple[str, ...]:
    """Presets of a family in a split."""
    return FAMILIES[name].train if split == "train" else FAMILIES[name].test


def source_of(name: str, split: Split, rng: Rng) -> str:
    """Draw a preset of the split as `preset:<bank>-<program>`."""
    return f"preset:{rng.choice(presets(name, split))}"


def register_of(key: float) -> str | None:
    """Register of a mean MIDI key; None between two registers."""
    return next((name for name, (low, high) in REGISTERS.items() if low <= key <= high), None)


def melody(keys: tuple[int, int], count: int, direction: str, rng: Rng) -> list[int]:
    """MIDI keys in one direction whose mean lies in a register that the range `keys` reaches."""
    low, high = keys
    open_registers = [
        (max(a, low), min(b, high)) for a, b in REGISTERS.values() if min(b, high) - max(a, low) >= 4
    ]
    first, last = open_registers[rng.integers(len(open_registers))]
    step = int(rng.integers(1, 4)) if count > 3 else int(rng.integers(2, 6))
    half = 0.5 * step * (count - 1) if direction != "steady" else 0
    centre = rng.uniform(first, last)
    centre = float(np.clip(centre, max(first, low + half), min(last, high - half))) if half else centre
    sign = {"rising": 1, "falling": -1, "steady": 0}[direction]
    return [round(centre + sign * (k * step - half)) for k in range(count)]


def rhythm(family: Family, count: int, rng: Rng) -> tuple[float, str | None]:
    """Seconds from note to note, and the tempo's name where one can be asked for."""
    if family.slow:
        return rng.uniform(0.6, 0.85), None
    if count < 3:
        return rng.uniform(0.28, 0.5), None
    tempo = str(rng.choice(["fast", "slow"]))
    return (rng.uniform(0.17, 0.24) if tempo == "fast" else rng.uniform(0.48, 0.68)), tempo


def render_instrument(name: str, source: str, rng: Rng, seconds: float, *, own: Rng | None = None) -> Event:
    """Play one to six notes of a preset within `seconds`.

    Args:
        name: family of FAMILIES.
        source: `preset:<bank>-<program>`.
        rng: draws count, direction, register, tempo, velocity, tuning.
        seconds: longest event, with release.
        own: draws another timbre, where there is one (`variation.py`).

    Raises:
        RuntimeError: fluidsynth or its sound font is missing.
    """
    family, preset = FAMILIES[name], source.removeprefix("preset:")
    bank, program = (int(part) for part in preset.split("-"))
    count = int(rng.integers(1, 7))
    interval, tempo = rhythm(family, count, rng)
    ratio = rng.uniform(0.45, 0.65) if family.slow else rng.uniform(0.55, 0.85)
    hold = interval * ratio if count > 1 else rng.uniform(0.35, 1.0)
    count = min(count, max(1, int((seconds - hold - RELEASE) / interval) + 1))
    facts: dict[str, object] = {"count": count, "tempo": tempo if count >= 3 else None}
    if not family.pitched:
        choices = KIT_KEYS if bank == 128 else range(family.keys[0], family.keys[1] + 1)
        keys = [int(rng.choice(choices))] * count
    else:
        direction = str(rng.choice(["rising", "falling", "steady"]))
        keys = melody(family.preset_keys.get(preset, family.keys), count, direction, rng)
        facts |= {
            "register": register_of(float(np.mean(keys))),
            "direction": direction if count > 1 else None,
        }
    velocity = int(rng.integers(70, 120))
    notes = [
        Note(k * interval, hold, key, int(np.clip(velocity + rng.integers(-6, 7), 30, 127)))
        for k, key in enumerate(keys)
    ]
    length = min(seconds, interval * (count - 1) + hold + RELEASE)
    cents = rng.uniform(-50, 50)
    if own is None:
        wave = synthesizer().play(bank, program, notes, length, cents)
    else:
        timbre = draw_timbre(own, slow=family.slow, pitched=family.pitched)
        wave = play_varied((bank, program), notes, length, cents, timbre)
    return Event(wave, name, "instrument", source, facts, [note.start for note in notes])
