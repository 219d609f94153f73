"""Other instruments out of the same recordings, for training: filter, envelope, vibrato, formants.

Sound font generators are moved on their MIDI channel (`fluid_synth_set_gen`; SoundFont 2.04, section 8.1.2),
and a phrase may be played some keys off and read back faster or slower, which moves what the recording
resonates at and leaves the pitch.
"""

from dataclasses import dataclass, field

import numpy as np
import soxr

from training.render.dsp import SAMPLE_RATE, Rng, Wave
from training.render.fluid import Note, synthesizer

VIBRATO_TO_PITCH, FILTER_CENTS, FILTER_Q = 6, 8, 9
TREMOLO_TO_VOLUME, VIBRATO_HERTZ = 13, 24
ATTACK, DECAY, RELEASE = 34, 36, 38
LOWEST_KEY, HIGHEST_KEY = 16, 112


@dataclass(frozen=True)
class Timbre:
    """Offsets of sound font generators (number to value), and keys that the recording is shifted by."""

    generators: dict[int, float] = field(default_factory=dict[int, float])
    shift: int = 0


def draw_timbre(own: Rng, *, slow: bool, pitched: bool) -> Timbre:
    """A timbre; about one in four is the preset as it is.

    Args:
        own: the clip's own generator.
        slow: notes speak slowly by themselves: their attack is not made slower, else short notes fall silent.
        pitched: the phrase may be shifted; a drum kit has another drum on the next key.
    """
    if own.random() < 0.25:
        return Timbre()
    generators: dict[int, float] = {}
    if own.random() < 0.6:
        generators[FILTER_CENTS] = own.uniform(-5000, -800)
        generators[FILTER_Q] = own.uniform(0, 120)
    if own.random() < 0.4:
        generators[ATTACK] = own.uniform(-600, 300) if slow else own.uniform(0, 5500)
    if own.random() < 0.4:
        generators[DECAY] = own.uniform(-1500, 1500)
    if own.random() < 0.4:
        generators[RELEASE] = own.uniform(-1500, 900)
    if own.random() < 0.3:
        generators[VIBRATO_TO_PITCH] = own.uniform(5, 45)
        generators[VIBRATO_HERTZ] = own.uniform(-300, 500)
    if own.random() < 0.2:
        generators[TREMOLO_TO_VOLUME] = own.uniform(10, 60)
    shift = int(own.integers(-5, 6)) if pitched and own.random() < 0.6 else 0
    return Timbre(generators, shift)


def play_varied(
    preset: tuple[int, int], notes: list[Note], seconds: float, cents: float, timbre: Timbre
) -> Wave:
    """`Synthesizer.play` in another timbre; same pitch, same times.

    Args:
        preset: bank and program.
        notes: what is played.
        seconds: length of the result.
        cents: tuning, as there.
        timbre: what is changed.
    """
    keys = [note.key for note in notes]
    shift = int(np.clip(timbre.shift, LOWEST_KEY - min(keys), HIGHEST_KEY - max(keys)))
    ratio = 2 ** (shift / 12)
    # higher keys are read back slower: what is played must be as much shorter
    played = [
        Note(note.start / ratio, note.length / ratio, note.key + shift, note.velocity) for note in notes
    ]
    wave = synthesizer().play(*preset, played, seconds / ratio, cents, generators=timbre.generators)
    if shift == 0:
        return wave
    slower = soxr.resample(wave, SAMPLE_RATE, SAMPLE_RATE * ratio)
    return np.asarray(slower, dtype=np.float64)[: int(seconds * SAMPLE_RATE)]
