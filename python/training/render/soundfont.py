"""Reads which recordings each preset of a SoundFont 2 file plays (SoundFont 2.04, section 7)."""

import struct
from functools import cache
from pathlib import Path

SAMPLE_GENERATOR = 53
INSTRUMENT_GENERATOR = 41
KEY_RANGE_GENERATOR = 43


class Pdta:
    """The `pdta` chunk: tables of presets, instruments and their generators."""

    def __init__(self, data: bytes) -> None:
        self._start = data.rfind(b"pdta")
        if data[:4] != b"RIFF" or self._start < 0:
            raise ValueError("not a SoundFont 2 file")
        self._data = data
        self.presets = self._table(b"phdr", "<20sHHHIII")
        self.preset_bags = self._table(b"pbag", "<HH")
        self.preset_generators = self._table(b"pgen", "<HH")
        self.instruments = self._table(b"inst", "<20sH")
        self.instrument_bags = self._table(b"ibag", "<HH")
        self.instrument_generators = self._table(b"igen", "<HH")

    def _table(self, name: bytes, layout: str) -> list[tuple[int, ...]]:
        at = self._data.find(name, self._start)
        size = struct.unpack("<I", self._data[at + 4 : at + 8])[0]
        return list(struct.iter_unpack(layout, self._data[at + 8 : at + 8 + size]))

    def instrument_recordings(self, index: int, keys: tuple[int, int]) -> set[int]:
        """Sample numbers that an instrument plays on a key inside `keys` (inclusive)."""
        found: set[int] = set()
        for bag in range(self.instruments[index][1], self.instruments[index + 1][1]):
            zone = range(self.instrument_bags[bag][0], self.instrument_bags[bag + 1][0])
            generators: dict[int, int] = {
                self.instrument_generators[g][0]: self.instrument_generators[g][1] for g in zone
            }
            span = generators.get(KEY_RANGE_GENERATOR, 127 << 8)
            if SAMPLE_GENERATOR in generators and (span & 255) <= keys[1] and (span >> 8) >= keys[0]:
                found.add(generators[SAMPLE_GENERATOR])
        return found


@cache
def recordings(path: Path, keys: tuple[int, int] = (0, 127)) -> dict[str, frozenset[int]]:
    """Sample numbers by preset `<bank>-<program>`.

    Args:
        path: a .sf2 file.
        keys: only recordings that sound on one of these MIDI keys.

    Raises:
        ValueError: the file is not a SoundFont 2 file.
    """
    pdta = Pdta(path.read_bytes())
    table: dict[str, frozenset[int]] = {}
    for row, following in zip(pdta.presets, pdta.presets[1:], strict=False):
        found: set[int] = set()
        for bag in range(row[3], following[3]):
            for g in range(pdta.preset_bags[bag][0], pdta.preset_bags[bag + 1][0]):
                kind, value = pdta.preset_generators[g]
                if kind == INSTRUMENT_GENERATOR:
                    found |= pdta.instrument_recordings(value, keys)
        table[f"{row[2]}-{row[1]}"] = frozenset(found)
    return table
