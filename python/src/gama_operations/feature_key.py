"""What features depend on, as one name: two clips share it only if their features are the same.

Content: the bytes of the file, or of the samples, and which part of them is heard. Model: id, revision,
weights and their bits, kind of device and dtype. What is asked for: the rule (layer, pooling, windows, length
1). And the code on the way: our decoding, resampling and models as they stand in the files, and the versions
of the libraries below. A file's name is nothing, its time neither. The way attention is computed is left out:
the ways differ by rounding.
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from gama_operations.embedding_rule import resolve_layer, window_and_hop
from gama_operations.machine import processor, versions
from gama_operations.protocol import AudioSource, ExtractFeaturesData, Tensor
from gama_operations.tensors import CallTensors

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import ModelInfo

KEY_BYTES = 20
MOST_BYTES = 512 * 1024 * 1024
"""Of a file: to read a larger one for a few seconds of it would take longer than to hear them."""
SOURCES = (
    "audio*.py",
    "embedding_rule.py",
    "extraction*.py",
    "hearing.py",
    "windows.py",
    "models/*.py",
    "models/gama/*.py",
    "models/family/*.py",
)
"""Every file that takes part in a number, from this folder."""


@dataclass(frozen=True, slots=True)
class FileState:
    """Whether a file is still the one that was read."""

    path: str
    facts: tuple[int, ...]

    @classmethod
    def of(cls, path: str) -> "FileState | None":
        """As it is now; None where there is none."""
        try:
            found = Path(path).stat()
        except (OSError, ValueError):
            return None
        return cls(path, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))

    def is_unchanged(self) -> bool:
        """Whether it is still there as it was."""
        return FileState.of(self.path) == self


def request_key(info: "ModelInfo", data: ExtractFeaturesData) -> bytes | None:
    """The part of the key that all clips of a request share; None where features are not to be kept.

    Statistics of mel features take as long to find clip by clip as to compute; a whole call is found sooner.
    """
    if info.family == "statistics" and data.composition == "any":
        return None
    model = (info.family, info.model_id, info.revision, info.weights, info.sample_rate)
    numbers = (info.dtype, info.quantization)
    layer = resolve_layer(info, data.layer)
    asked = (layer, data.pooling, data.l2, data.long_audio, *window_and_hop(info, data), info.window_seconds)
    return repr((code_version(), model, numbers, info.device.partition(":")[0], asked)).encode()


def clip_key(shared: bytes, source: AudioSource, tensors: CallTensors) -> str | None:
    """The name of one clip's features; None where the clip cannot be read, which decoding will tell."""
    digest = blake2b(shared, digest_size=KEY_BYTES)
    digest.update(repr((source.offset, source.duration, source.sample_rate)).encode())
    if source.path is not None and source.samples is None:
        content = _file_digest(source.path)
        if content is None:
            return None
        digest.update(content)
        return digest.hexdigest()
    if source.path is not None or source.samples is None:
        return None
    import numpy as np

    given = source.samples
    try:
        samples = tensors.read(given) if isinstance(given, Tensor) else np.array(given, dtype=np.float32)
    except (ValueError, TypeError):
        return None
    digest.update(repr((samples.shape, samples.dtype.str)).encode())
    digest.update(np.ascontiguousarray(samples).data)
    return digest.hexdigest()


def _file_digest(path: str) -> bytes | None:
    """Of a regular file; opening never blocks, not even on a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > MOST_BYTES:
                return None
            return file_digest(file, "blake2b").digest()
    except (OSError, ValueError):
        return None


def call_keys(clips: Sequence[str], info: "ModelInfo", data: ExtractFeaturesData) -> list[str]:
    """The names of features that must be equal to the bit, for each of the clips that share a call."""
    digest = blake2b(repr(list(clips)).encode(), digest_size=KEY_BYTES)
    digest.update(repr((data.batch_size, info.attention, *_arithmetic(info.device))).encode())
    call = digest.digest()
    places = (index.to_bytes(8) for index in range(len(clips)))
    return [blake2b(call + place, digest_size=KEY_BYTES).hexdigest() for place in places]


def _arithmetic(device: str) -> tuple[object, ...]:
    """What sums depend on in their last bits."""
    import torch

    if device.startswith("cuda"):
        return device, torch.cuda.get_device_name(device), torch.version.cuda
    return processor(), torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()


@cache
def code_version() -> str:
    """Changes with every file of ours that takes part, and with the libraries."""
    here = Path(__file__).parent
    digest = blake2b(repr(sorted(versions().items())).encode(), digest_size=KEY_BYTES)
    for pattern in SOURCES:
        for file in sorted(here.glob(pattern)):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
