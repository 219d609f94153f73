"""An extra training set: English words, said one by one and joined, so that the time of each word is known.

Speech alone, single words first: what words and language are learnt from, beside the scenes.
"""

import numpy as np

from training.render.acoustics import LOUDNESS, level, recorded, set_level
from training.render.dsp import SAMPLE_RATE, Rng, Wave, place, samples
from training.render.event import Event
from training.render.scene import MAX_SECONDS, Clip
from training.render.speech import draw_manner, sex_of, source_of, speak
from training.render.variation import SEED, weathered
from training.render.voices import DIGITS, WORDS

WORDS_STREAM = 2
"""Beside the numbers of train and test: no clip of this set repeats one of theirs."""
MIN_SECONDS = 1.2
LONGEST_WORD_SECONDS = 2.5
COUNT_SHARES = (0.6, 0.15, 0.15, 0.1)


def _said(source: str, rng: Rng) -> tuple[list[str], list[Wave]]:
    """Words and their waves; the last ones are dropped where they would not fit."""
    vocabulary = DIGITS["english"] + WORDS["english"]
    count = int(rng.choice(np.arange(1, 5), p=COUNT_SHARES))
    words = [str(word) for word in rng.choice(vocabulary, count, replace=False)]
    manner = draw_manner(rng, own=rng)
    waves = [speak([word], source, manner, LONGEST_WORD_SECONDS).wave for word in words]
    while sum(len(wave) / SAMPLE_RATE + 0.35 for wave in waves) > MAX_SECONDS - 0.4:
        words, waves = words[:-1], waves[:-1]
    return words, waves


def render_words(seed: int) -> Clip:
    """One clip of the set; a pure function of its seed.

    Raises:
        RuntimeError: espeak-ng is missing.
    """
    rng = np.random.default_rng([SEED, WORDS_STREAM, seed])
    source = source_of("train", rng, own=rng, language="english")
    words, waves = _said(source, rng)
    time, placed, times = rng.uniform(0.05, 0.4), [], list[list[float]]()
    for wave in waves:
        placed.append((time, wave / level(wave) * 10 ** (rng.uniform(-2, 2) / 20)))
        times.append([round(time, 3), round(time + len(wave) / SAMPLE_RATE, 3)])
        time = times[-1][1] + rng.uniform(0.04, 0.35)
    total = min(MAX_SECONDS, max(MIN_SECONDS, times[-1][1] + rng.uniform(0.1, 0.5)))
    loudness = str(rng.choice(list(LOUDNESS)))
    wave = weathered(place(samples(total), placed), rng)
    wave = set_level(recorded(wave, rng, speech=True), loudness, rng)
    facts = {"words": words, "language": "english", "sex": sex_of(source)}
    event = Event(wave, "speech", "speech", source, facts).meta(times[0][0], times[-1][1])
    meta = {
        "id": f"words-{seed:06d}",
        "seconds": round(len(wave) / SAMPLE_RATE, 4),
        "split": "train",
        "scene": "single",
        "loudness": loudness,
        "background": None,
        "backgroundSource": None,
        "rejected": [],
        "events": [event | {"wordTimes": times}],
    }
    return Clip(wave.astype(np.float32), meta)
