"""What probes are asked: a label for each clip, and the source that no fold may share.

Shapes: C channels, T samples.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gama_operations.audio import decode, resample
from gama_operations.models.surface import Waveform
from training.evaluate.clips import REPOSITORY, Clip, held_out_clips, sample_clips
from training.render.acoustics import LOUDNESS, level, recorded, set_level
from training.render.dsp import place, samples
from training.render.speech import draw_manner, speak
from training.render.voices import DIGITS, LANGUAGES, TEST_VARIANTS, WORDS
from training.shards import SAMPLE_RATE

WORDS_SEED = 20_261_122
TAKES = 2
"""Clips of each word by each voice."""
RECORDING = re.compile(r"(?P<digit>\d)_(?P<speaker>[a-z]+)_\d+")


@dataclass(frozen=True)
class ProbeSet:
    """Clips of one question.

    Attributes:
        name: of the question.
        waveforms: [C, T] at 16 kHz.
        labels: what the probe must tell.
        sources: what folds keep apart and intervals count.
        about: where the clips come from, and what is disjoint, for the report.
    """

    name: str
    waveforms: list[Waveform]
    labels: list[str]
    sources: list[str]
    about: str

    def audio_id(self) -> str:
        """First 12 hex digits of the SHA-256 of all samples."""
        digest = hashlib.sha256()
        for waveform in self.waveforms:
            digest.update(waveform.tobytes())
        return digest.hexdigest()[:12]


def _class_set(name: str, clips: list[Clip], about: str) -> ProbeSet:
    singles = [clip for clip in clips if clip.single]
    return ProbeSet(
        name,
        [clip.waveform for clip in singles],
        [clip.label for clip in singles],
        [clip.source for clip in singles],
        about,
    )


def sound_classes() -> ProbeSet:
    """Class of the rendered test clips with one event."""
    return _class_set("class", held_out_clips(), "rendered test clips; folds disjoint in sources")


def sample_classes() -> ProbeSet:
    """Class of the shipped samples."""
    return _class_set("class of samples", sample_clips(), "datasets/samples; folds disjoint in sources")


def word_clip(word: str, variant: str, take: int) -> Waveform:
    """One English word by a test voice, recorded as the test clips are, [1, T]; pure in its arguments."""
    rng = np.random.default_rng([WORDS_SEED, *variant.encode(), *word.encode(), take])
    source = f"voice:{rng.choice(LANGUAGES['english'])}+{variant}"
    event = speak([word], source, draw_manner(rng), seconds=3.0)
    lead, end = rng.uniform(0.05, 0.3, 2)
    wave = place(samples(lead + end) + len(event.wave), [(lead, event.wave / level(event.wave))])
    wave = set_level(recorded(wave, rng, speech=True), str(rng.choice(list(LOUDNESS))), rng)
    return wave.astype(np.float32)[None]


def spoken_words() -> ProbeSet:
    """The 28 English words by the 15 voices that no training clip has; a fold's voices are new to its probe.

    Raises:
        RuntimeError: espeak-ng is missing.
    """
    rows = [
        (word, variant, take)
        for variant in TEST_VARIANTS["man"] + TEST_VARIANTS["woman"]
        for word in DIGITS["english"] + WORDS["english"]
        for take in range(TAKES)
    ]
    return ProbeSet(
        "spoken words",
        [word_clip(*row) for row in rows],
        [word for word, _, _ in rows],
        [f"voice:{variant}" for _, variant, _ in rows],
        "one English word a clip by espeak-ng voices of the test split; folds disjoint in voices",
    )


def fsdd_folder() -> Path:
    """`$GRYM_DATA_FSDD`, else `../shared/data/fsdd` beside the repository.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    named = os.environ.get("GRYM_DATA_FSDD")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data" / "fsdd"
    recordings = folder / "recordings"
    found = recordings if recordings.is_dir() else folder
    if not found.is_dir():
        raise FileNotFoundError(f"no recordings in {folder}: set GRYM_DATA_FSDD to the Free Spoken Digits")
    return found


def _recordings() -> tuple[list[Path], list[Waveform]]:
    files = sorted(file for file in fsdd_folder().glob("*.wav") if RECORDING.fullmatch(file.stem))
    if not files:
        raise FileNotFoundError(f"{fsdd_folder()} holds no <digit>_<speaker>_<index>.wav")
    return files, [resample(decode(file), SAMPLE_RATE) for file in files]


def real_digits() -> ProbeSet:
    """Digits of real speakers; every fold leaves one speaker out."""
    files, waveforms = _recordings()
    digits, speakers = zip(*(file.stem.split("_")[:2] for file in files), strict=True)
    about = "Free Spoken Digits, 8 kHz; each fold leaves one speaker out"
    return ProbeSet("real digits", waveforms, list(digits), list(speakers), about)


def real_speakers() -> ProbeSet:
    """Who speaks, in recordings that the probe has not heard; all are of one session per speaker."""
    files, waveforms = _recordings()
    speakers = [file.stem.split("_")[1] for file in files]
    about = "Free Spoken Digits, 8 kHz; folds disjoint in recordings"
    return ProbeSet("real speakers", waveforms, speakers, [file.stem for file in files], about)


PROBE_SETS = {
    "class": sound_classes,
    "samples": sample_classes,
    "words": spoken_words,
    "digits": real_digits,
    "speakers": real_speakers,
}
