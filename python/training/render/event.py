"""What every sound source returns: a waveform and the facts that questions can be asked about."""

from dataclasses import dataclass, field
from typing import Any, Literal

from training.render.dsp import Wave

Kind = Literal["instrument", "effect", "speech"]


@dataclass
class Event:
    """One sound of a scene.

    Attributes:
        wave: mono waveform at 16 kHz, shape [T].
        name: class of the sound.
        kind: where it comes from.
        source: `preset:<bank>-<program>`, `voice:<language>+<variant>` or `dsp:<class>-<parameter seed>`.
        facts: count, direction, register, tempo, words, language, sex; those that do not apply are missing.
        onsets: seconds from the event's start at which a note or strike begins; empty where none is counted.
    """

    wave: Wave
    name: str
    kind: Kind
    source: str
    facts: dict[str, Any] = field(default_factory=dict)
    onsets: list[float] = field(default_factory=list[float])

    def meta(self, start: float, end: float) -> dict[str, Any]:
        """The event's row in a clip's metadata; start, end and onsets in seconds of the clip."""
        keys = ("count", "direction", "register", "tempo", "words", "language", "sex")
        row: dict[str, Any] = {"class": self.name, "kind": self.kind, "source": self.source}
        row.update({key: self.facts.get(key) for key in keys})
        row.update(start=round(start, 3), end=round(end, 3))
        row["onsets"] = [round(start + onset, 3) for onset in self.onsets]
        return row
