"""The closed list of sound classes, where each comes from, and how often it is drawn."""

from training.render.effects import CONTINUOUS, COUNTABLE
from training.render.families import FAMILIES
from training.render.split import Split

SPEECH = "speech"
SPEECH_SHARE = 0.22
# textures that may lie under another sound; sirens, sweeps and typing are events of their own
BACKGROUNDS = (
    "rain", "wind", "ocean", "fire", "stream", "applause", "static", "crickets", "bee", "engine",
    "helicopter", "train", "vacuum cleaner", "typing", "heartbeat",
)  # fmt: skip
CLASSES: tuple[str, ...] = (*FAMILIES, *COUNTABLE, *CONTINUOUS, SPEECH)


def kind_of(name: str) -> str:
    """`instrument`, `effect` or `speech`."""
    if name in FAMILIES:
        return "instrument"
    return "speech" if name == SPEECH else "effect"


def drawable(split: Split) -> tuple[str, ...]:
    """Classes without speech that have a source in the split."""
    return tuple(
        name
        for name in CLASSES
        if name != SPEECH and (name not in FAMILIES or split == "train" or FAMILIES[name].test)
    )


def untested() -> tuple[str, ...]:
    """Classes that no clip of the test split has: nothing can be claimed for them."""
    return tuple(name for name in drawable("train") if name not in drawable("test"))


def thinly_tested() -> tuple[str, ...]:
    """Instrument families that one preset alone stands for in the test split."""
    return tuple(name for name, family in FAMILIES.items() if len(family.test) == 1)
