"""Speech events: espeak-ng says one to four words; fewer where they do not fit, never cut."""

import os
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
import soxr

from training.render.dsp import SAMPLE_RATE, Rng, Wave, arch
from training.render.event import Event
from training.render.made_voices import data_path, made_names, made_sex
from training.render.split import Split
from training.render.voices import (
    DIGITS,
    LANGUAGE_WEIGHTS,
    LANGUAGES,
    TEST_VARIANTS,
    TRAIN_VARIANTS,
    WORDS,
)

ESPEAK_RATE = 22_050
WAV_HEADER_BYTES = 44
AUDIBLE = 0.01
MADE_SHARE = 0.6


def missing() -> str | None:
    """Say what is missing for speech; None when espeak-ng is here."""
    return None if shutil.which("espeak-ng") else "espeak-ng is not installed (Debian: apt install espeak-ng)"


def source_of(split: Split, rng: Rng, *, own: Rng | None = None, language: str | None = None) -> str:
    """Draw a speaker of the split as `voice:<espeak language>+<variant>`.

    Args:
        split: whose listed speakers are drawn.
        rng: draws language, sex, speaker and accent.
        own: puts a made speaker of the same sex in the place of most of them (`variation.py`).
        language: where it is not to be drawn.
    """
    variants = TRAIN_VARIANTS if split == "train" else TEST_VARIANTS
    spoken = language or str(rng.choice(list(LANGUAGES), p=LANGUAGE_WEIGHTS))
    sex = str(rng.choice(["man", "woman"]))
    speaker = str(rng.choice(variants[sex]))
    if own is not None and own.random() < MADE_SHARE:
        speaker = str(own.choice(made_names(sex)))
    return f"voice:{rng.choice(LANGUAGES[spoken])}+{speaker}"


def language_of(source: str) -> str:
    """Name of the language that a voice speaks."""
    code = source.removeprefix("voice:").split("+")[0]
    return next(name for name, codes in LANGUAGES.items() if code in codes)


def sex_of(source: str) -> str:
    """`man` or `woman`, as espeak-ng lists the variant."""
    variant = source.split("+")[1]
    made = made_sex(variant)
    if made is not None:
        return made
    return "woman" if variant in TRAIN_VARIANTS["woman"] + TEST_VARIANTS["woman"] else "man"


def draw_words(language: str, rng: Rng) -> list[str]:
    """One to four words; half the English phrases are digits, the other languages speak two words or more."""
    if language == "english":
        vocabulary = DIGITS[language] if rng.random() < 0.5 else DIGITS[language] + WORDS[language]
        count = int(rng.choice([1, 2, 3, 4], p=[0.4, 0.25, 0.2, 0.15]))
    else:
        vocabulary = DIGITS[language] + WORDS[language]
        count = int(rng.integers(2, 5))
    return [str(word) for word in rng.choice(vocabulary, count, replace=False)]


@dataclass(frozen=True)
class Manner:
    """How something is said.

    Attributes:
        speed: words per minute.
        pitch: 0 to 99.
        gap: pause between words in units of 10 ms.
        tract: samples are read so much faster; that moves formants and pitch, as a shorter vocal tract.
    """

    speed: int
    pitch: int
    gap: int
    tract: float


def draw_manner(rng: Rng, *, own: Rng | None = None) -> Manner:
    """A manner; `own` mostly puts one from wider ranges in its place (`variation.py`)."""
    speed, pitch, gap = int(rng.integers(115, 205)), int(rng.integers(25, 76)), int(rng.integers(0, 14))
    tract = float(np.exp(rng.uniform(-0.1, 0.1))) if rng.random() < 0.6 else 1.0
    if own is None or own.random() < 0.3:
        return Manner(speed, pitch, gap, tract)
    return Manner(
        int(own.integers(90, 250)), int(own.integers(5, 96)), gap, float(np.exp(own.uniform(-0.2, 0.2)))
    )


def say(words: list[str], voice: str, manner: Manner) -> Wave:
    """Speak words with espeak-ng.

    Args:
        words: what is said.
        voice: `<language>+<variant>`.
        manner: how; its tract is left to who resamples.

    Returns:
        Waveform at 22,050 Hz, full scale 1, without the silence at its ends.

    Raises:
        RuntimeError: espeak-ng is missing, or gave no sound.
    """
    absent = missing()
    if absent is not None:
        raise RuntimeError(absent)
    numbers = ["-s", str(manner.speed), "-p", str(manner.pitch), "-g", str(manner.gap)]
    command = ["espeak-ng", "-v", voice, *numbers, "--stdout", " ".join(words)]
    made = {"ESPEAK_DATA_PATH": str(data_path())} if made_sex(voice.split("+")[1]) else {}
    run = subprocess.run(command, capture_output=True, check=True, timeout=20, env=os.environ | made)
    # the header of a streamed WAV announces no true length, so it is cut off instead of parsed
    wave = np.frombuffer(run.stdout[WAV_HEADER_BYTES:], np.int16).astype(np.float64) / 32768
    heard = np.flatnonzero(np.abs(wave) > AUDIBLE)
    if len(heard) == 0:
        raise RuntimeError(f"espeak-ng said nothing for {words} with {voice}: {run.stderr.decode()[:200]}")
    margin = int(0.02 * ESPEAK_RATE)
    return wave[max(0, heard[0] - margin) : heard[-1] + margin]


def render_speech(source: str, rng: Rng, seconds: float, *, own: Rng | None = None) -> Event:
    """Let a speaker say some words within `seconds`; `rng` draws words and manner, `own` as there.

    Raises:
        RuntimeError: espeak-ng is missing.
        ValueError: a single word is longer than `seconds`.
    """
    words = draw_words(language_of(source), rng)
    return speak(words, source, draw_manner(rng, own=own), seconds)


def speak(words: list[str], source: str, manner: Manner, seconds: float) -> Event:
    """Let a speaker say these words.

    Args:
        words: of the speaker's language.
        source: `voice:<espeak language>+<variant>`.
        manner: how they are said.
        seconds: longest event; words are dropped from the phrase until it fits.

    Raises:
        RuntimeError: espeak-ng is missing.
        ValueError: a single word is longer than `seconds`.
    """
    while True:
        wave = say(words, source.removeprefix("voice:"), manner)
        if len(wave) / ESPEAK_RATE / manner.tract <= seconds:
            break
        if len(words) == 1:
            raise ValueError(f"{words[0]!r} by {source} is longer than {seconds:.1f} s")
        words = words[:-1]
    wave = np.asarray(soxr.resample(wave, ESPEAK_RATE * manner.tract, SAMPLE_RATE), dtype=np.float64)
    wave = wave * arch(len(wave), 0.005, 0.01)
    facts = {"words": words, "language": language_of(source), "sex": sex_of(source)}
    return Event(wave, "speech", "speech", source, facts)
