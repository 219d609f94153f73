"""Speakers that espeak-ng does not have, for training: voice variants drawn from seeds.

espeak-ng reads variants from the folder of its data only, so a folder in the cache holds links to the
installed data, with our variants in the place of the listed ones: it knows 349 voices at most. Women are
as many as men, which the listed variants are not. No parameter is taken from a listed variant, and none of
these speakers is for the test.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from training.cache import training_folder

MADE = 160
SEED = 20_261_124
PREFIX = "made"
PITCH_HERTZ = {"man": (70, 150), "woman": (150, 260)}
FORMANT_PERCENT = {"man": (88, 106), "woman": (104, 128)}
"""Formant frequencies against espeak-ng's own voice, which is a man's."""


def made_names(sex: str) -> tuple[str, ...]:
    """Names of the speakers of one sex: men are even, women odd."""
    return tuple(f"{PREFIX}{number:03d}" for number in range(0 if sex == "man" else 1, MADE, 2))


def made_sex(variant: str) -> str | None:
    """`man` or `woman`; None for a variant that is not one of ours."""
    if not variant.startswith(PREFIX):
        return None
    return "woman" if int(variant.removeprefix(PREFIX)) % 2 else "man"


def variant_text(name: str) -> str:
    """A variant file (espeak-ng, docs/voices.md): pitch, formants, breath, roughness, stress."""
    sex = made_sex(name)
    if sex is None:
        raise ValueError(f"{name} is none of the {MADE} made voices")
    rng = np.random.default_rng([SEED, *name.encode()])
    low = rng.uniform(*PITCH_HERTZ[sex])
    tract = rng.uniform(*FORMANT_PERCENT[sex])
    lines = ["language variant", f"name {name}", f"gender {'male' if sex == 'man' else 'female'}"]
    lines.append(f"pitch {low:.0f} {low * rng.uniform(1.15, 1.8):.0f}")
    for formant in range(9):
        frequency = tract * rng.uniform(0.95, 1.05) if formant else 100
        strength, width = rng.uniform(70, 130), rng.uniform(80, 150)
        lines.append(f"formant {formant} {frequency:.0f} {strength:.0f} {width:.0f}")
    lines.append(f"flutter {rng.integers(0, 12)}")
    lines.append(f"roughness {rng.integers(0, 5)}")
    if rng.random() < 0.4:
        lines.append("breath " + " ".join(str(value) for value in rng.integers(0, 9, 8)))
    if rng.random() < 0.4:
        lines.append(f"voicing {rng.integers(60, 150)}")
    if rng.random() < 0.5:
        lines.append("stressAdd " + " ".join(str(value) for value in rng.integers(-20, 40, 8)))
    lines.append(f"consonants {rng.integers(70, 130)} {rng.integers(70, 130)}")
    if rng.random() < 0.2:
        lines.append(f"klatt {rng.integers(1, 4)}")
    return "\n".join(lines) + "\n"


def _installed() -> Path:
    """The data of the installed espeak-ng."""
    clean = {name: value for name, value in os.environ.items() if name != "ESPEAK_DATA_PATH"}
    run = subprocess.run(["espeak-ng", "--version"], capture_output=True, check=True, text=True, env=clean)
    return Path(run.stdout.partition("Data at: ")[2].strip())


@cache
def data_path() -> Path:
    """Value of ESPEAK_DATA_PATH under which the made voices speak; written on the first call."""
    installed = _installed()
    texts = {name: variant_text(name) for sex in PITCH_HERTZ for name in made_names(sex)}
    key = hashlib.sha256("".join([str(installed), *texts.values()]).encode()).hexdigest()[:10]
    folder = training_folder() / f"espeak-ng-{key}"
    if not folder.exists():
        partial = Path(tempfile.mkdtemp(dir=folder.parent))
        _write(installed, partial / "espeak-ng-data", texts)
        try:
            partial.rename(folder)
        except OSError:  # another worker was first
            shutil.rmtree(partial)
    return folder


def _write(installed: Path, data: Path, texts: dict[str, str]) -> None:
    variants = data / "voices" / "!v"
    variants.mkdir(parents=True)
    for entry in installed.iterdir():
        if entry.name != "voices":
            (data / entry.name).symlink_to(entry)
    for name, text in texts.items():
        (variants / name).write_text(text)
