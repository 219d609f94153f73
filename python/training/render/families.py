"""Instrument families of the General MIDI sound font, and which presets are held out of training.

Presets of the font share recordings (Ukulele is Nylon String Guitar, three pianos are one): a preset is
held out only together with every preset that plays one of its recordings. `soundfont.py` reads the font and
shows it. A family whose presets all share recordings, or that has one preset only, is training material.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Family:
    """Presets `<bank>-<program>` of one class.

    Attributes:
        train: presets of the training split.
        test: presets of the test split; may be empty.
        keys: lowest and highest MIDI key that the family plays.
        preset_keys: narrower ranges of single presets.
        slow: notes speak slowly, so that fast ones cannot be told apart.
        pitched: register and direction can be asked for.
    """

    train: tuple[str, ...]
    test: tuple[str, ...] = ()
    keys: tuple[int, int] = (36, 84)
    preset_keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    slow: bool = False
    pitched: bool = True


STRING_KEYS = {"0-40": (55, 88), "8-40": (55, 88), "0-110": (55, 88), "0-41": (48, 84), "0-42": (36, 70)}
BRASS_KEYS = {"0-56": (55, 82), "0-57": (40, 68), "0-58": (30, 56), "0-59": (55, 82), "0-60": (41, 72)}
REED_KEYS = {
    "0-64": (57, 84), "0-65": (52, 79), "0-66": (46, 73), "0-67": (36, 65), "0-68": (58, 86),
    "0-69": (53, 80), "0-70": (36, 68), "0-71": (50, 86), "0-109": (53, 74), "0-111": (57, 80),
}  # fmt: skip

FAMILIES: dict[str, Family] = {
    "piano": Family(("0-0", "0-1", "0-3"), keys=(34, 90)),
    "electric piano": Family(("0-2", "0-4", "8-4"), ("0-5", "8-5")),
    "harpsichord": Family(("0-6", "8-6"), keys=(36, 86)),
    "mallets": Family(
        ("0-8", "0-10", "0-11", "0-14", "8-14"), ("0-9", "0-12", "0-13", "0-108", "0-112", "0-114"), (55, 90)
    ),
    "organ": Family(("0-16", "0-17", "0-19", "8-16", "8-17", "8-19"), ("0-18", "0-20")),
    "accordion": Family(("0-21", "0-23", "8-21"), keys=(48, 86)),
    "guitar": Family(
        ("0-24", "0-25", "8-24", "8-25", "16-25", "0-27", "8-28", "0-30", "8-30"),
        ("0-26", "8-26", "0-28", "0-29", "0-31"),
        (40, 80),
    ),
    "bass": Family(
        ("0-36", "0-38", "8-38", "8-39"), ("0-32", "0-33", "0-34", "0-35", "0-37", "0-39"), (28, 48)
    ),
    "strings": Family(
        ("0-40", "8-40", "0-110", "0-44", "0-48", "0-49", "8-48"),
        ("0-41", "0-42", "0-43"),
        (38, 86),
        STRING_KEYS | {"0-43": (30, 57)},
        slow=True,
    ),
    "harp": Family(("0-46",), keys=(36, 86)),
    "sitar": Family(("0-104",), keys=(46, 78)),
    "banjo": Family(("0-105",), keys=(48, 80)),
    "koto": Family(("0-107", "8-107"), keys=(46, 82)),
    "choir": Family(("0-52", "0-54"), ("0-53",), (46, 80), slow=True),
    "brass": Family(
        ("0-56", "0-61", "8-61", "0-62", "0-63", "8-62", "8-63"),
        ("0-57", "0-58", "0-59", "0-60"),
        (40, 79),
        BRASS_KEYS,
    ),
    "reed": Family(
        ("0-65", "0-67", "0-68", "0-71"),
        ("0-64", "0-66", "0-69", "0-70", "0-109", "0-111"),
        (50, 80),
        REED_KEYS,
    ),
    "flute": Family(
        ("0-73", "0-75", "0-82"),
        ("0-72", "0-74", "0-76", "0-77", "0-78", "0-79"),
        (60, 90),
        {"0-72": (72, 98)},
    ),
    "synthesizer": Family(
        ("0-81", "0-83", "0-84", "0-87", "0-86", "0-88", "0-90", "0-94", "0-96", "0-50", "0-51", "0-103"),
        ("0-80", "0-89", "0-93", "0-97", "0-100"),
        slow=True,
    ),
    "drum": Family(
        ("128-0", "128-8", "128-24", "128-32", "128-40"),
        ("0-47", "0-116", "0-117", "8-117", "0-118", "8-116", "8-118"),
        (40, 60),
        pitched=False,
    ),
    "woodblock": Family(("0-115",), ("8-115",), (55, 80), pitched=False),
}
