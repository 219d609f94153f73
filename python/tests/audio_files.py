"""Real files of noise, whole and cut, for the tests of decoding."""

import numpy as np
import soundfile

RATE = 16_000


def noise(seconds=2.0, rate=RATE, channels=1):
    shape = (round(seconds * rate), channels)
    return (np.random.default_rng(0).standard_normal(shape) * 0.1).astype(np.float32)


def written(path, samples, rate=RATE, **options):
    soundfile.write(path, samples, rate, **options)
    return path


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path
