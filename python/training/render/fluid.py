"""fluidsynth in this process, through ctypes: notes of one preset in, mono samples out.

The sound font is opened once; samples are loaded when a preset is selected. Reverb and chorus are off:
rooms are added later, to every kind of sound alike.
"""

import ctypes
import ctypes.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from training.render.dsp import SAMPLE_RATE, Wave

BLOCK = 64
DRUM_BANK = 128
SOUND_FONT = Path(os.environ.get("GRYM_SOUND_FONT", "/usr/share/sounds/sf2/FluidR3_GM.sf2"))


@dataclass(frozen=True)
class Note:
    """One key pressed from `start` for `length` seconds; key and velocity in MIDI numbers."""

    start: float
    length: float
    key: int
    velocity: int


def missing() -> str | None:
    """Say what is missing for instruments, with the Debian package that brings it; None when all is here."""
    if ctypes.util.find_library("fluidsynth") is None:
        return "libfluidsynth is not installed (Debian: apt install libfluidsynth3)"
    if not SOUND_FONT.is_file():
        return (
            f"no sound font at {SOUND_FONT} (Debian: apt install fluid-soundfont-gm, or set GRYM_SOUND_FONT)"
        )
    return None


class Synthesizer:
    """The General MIDI sound font, opened once, and a fresh fluidsynth voice pool for every event.

    fluidsynth 2.3 keeps filter state in a voice that is used again, so a result would depend on what was
    played before; a new synthesizer over the same open font makes an event a pure function of its notes.
    """

    def __init__(self) -> None:
        absent = missing()
        if absent is not None:
            raise RuntimeError(absent)
        self._library = ctypes.CDLL(ctypes.util.find_library("fluidsynth"))
        for function in ("new_fluid_settings", "new_fluid_synth", "fluid_synth_get_sfont_by_id"):
            getattr(self._library, function).restype = ctypes.c_void_p
        # level 2 warns sixteen times an event that no default preset is there; errors (1) stay
        self._library.fluid_set_log_function(2, None, None)
        self._settings = ctypes.c_void_p(self._library.new_fluid_settings())
        self._set_options(self._settings)
        self._keeper = self._new_synth()
        number = self._library.fluid_synth_sfload(self._keeper, str(SOUND_FONT).encode(), 0)
        if number < 0:
            raise RuntimeError(f"fluidsynth could not load {SOUND_FONT}")
        self._font = ctypes.c_void_p(self._library.fluid_synth_get_sfont_by_id(self._keeper, number))

    def _new_synth(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._library.new_fluid_synth(self._settings))

    def _set_options(self, settings: ctypes.c_void_p) -> None:
        library = self._library
        library.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(SAMPLE_RATE))
        library.fluid_settings_setnum(settings, b"synth.gain", ctypes.c_double(1.0))
        for option in (b"synth.reverb.active", b"synth.chorus.active"):
            library.fluid_settings_setint(settings, option, 0)
        library.fluid_settings_setint(settings, b"synth.dynamic-sample-loading", 1)
        library.fluid_settings_setint(settings, b"synth.polyphony", 48)

    def play(
        self,
        bank: int,
        program: int,
        notes: list[Note],
        seconds: float,
        cents: float,
        *,
        generators: Mapping[int, float] = MappingProxyType({}),
    ) -> Wave:
        """Render notes of one preset.

        Args:
            bank: bank of the preset; 128 holds the drum kits.
            program: program number of the preset.
            notes: what is played; starts and ends are rounded to blocks of 64 samples.
            seconds: length of the result, with the release of the last note.
            cents: tuning of the whole event, -200 to 200.
            generators: what is added to generators of the preset: number to value (SoundFont 2.04, 8.1.2).

        Returns:
            Mean of both channels, shape [T], full scale 1.

        Raises:
            RuntimeError: the sound font has no such preset.
        """
        synth = self._new_synth()
        try:
            font = self._library.fluid_synth_add_sfont(synth, self._font)
            channel = 9 if bank == DRUM_BANK else 0
            if self._library.fluid_synth_program_select(synth, channel, font, bank, program) != 0:
                raise RuntimeError(f"the sound font has no preset {bank}-{program}")
            self._library.fluid_synth_pitch_bend(synth, channel, int(8192 + 8191 * cents / 200))
            for number, value in generators.items():
                self._library.fluid_synth_set_gen(synth, channel, number, ctypes.c_float(value))
            return self._perform(synth, channel, notes, int(seconds * SAMPLE_RATE / BLOCK))
        finally:
            self._library.fluid_synth_remove_sfont(synth, self._font)
            self._library.delete_fluid_synth(synth)

    def _perform(self, synth: ctypes.c_void_p, channel: int, notes: list[Note], total: int) -> Wave:
        blocks = SAMPLE_RATE / BLOCK
        pressed = [(round(note.start * blocks), 1, note) for note in notes]
        released = [(round((note.start + note.length) * blocks), 0, note) for note in notes]
        parts, now = [], 0
        for when, press, note in sorted(pressed + released, key=lambda entry: (entry[0], entry[1])):
            parts.append(self._write(synth, min(when, total) - now))
            now = max(now, min(when, total))
            if press:
                self._library.fluid_synth_noteon(synth, channel, note.key, note.velocity)
            else:
                self._library.fluid_synth_noteoff(synth, channel, note.key)
        parts.append(self._write(synth, total - now))
        return np.concatenate(parts)

    def _write(self, synth: ctypes.c_void_p, blocks: int) -> Wave:
        n = max(0, blocks) * BLOCK
        left, right = np.zeros(n, np.float32), np.zeros(n, np.float32)
        if n:
            pointers = [side.ctypes.data_as(ctypes.c_void_p) for side in (left, right)]
            self._library.fluid_synth_write_float(synth, n, pointers[0], 0, 1, pointers[1], 0, 1)
        return 0.5 * (left.astype(np.float64) + right)


@cache
def synthesizer() -> Synthesizer:
    """The process's one synthesizer; loading the sound font again would cost more than a clip."""
    return Synthesizer()
