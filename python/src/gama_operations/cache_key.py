"""What a result on the disk is named by: two calls share a name only if their results are the same.

Content: the bytes of the file, or of the samples, and which part of them is heard. Model: id, revision,
weights and their bits, kind of device and dtype. And the code on the way: our decoding, resampling and models
as they stand in the files, and the versions of the libraries below. A file's name is nothing, its time
neither. What is asked for is added by each kind of result (`feature_key.py`, `answers_kept.py`).
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from gama_operations.call import Call
from gama_operations.hearing import as_source
from gama_operations.machine import processor, versions
from gama_operations.protocol import Audio, AudioSource, Tensor
from gama_operations.tensors import CallTensors

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import ModelInfo

KEY_BYTES = 20
MOST_BYTES = 512 * 1024 * 1024
"""Of a file: to read a larger one for a few seconds of it would take longer than to hear them."""
SOURCES = (
    "answer*.py",
    "audio*.py",
    "clip_batches.py",
    "embedding_rule.py",
    "extraction*.py",
    "feature_*.py",
    "hearing.py",
    "scoring.py",
    "windows.py",
    "protocol/answers.py",
    "protocol/scores.py",
    "models/*.py",
    "models/gama/*.py",
    "models/family/*.py",
)
"""Every file that takes part in a number or an answer, from this folder."""


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


@dataclass(frozen=True, slots=True)
class ClipContents:
    """All clips of a call."""

    keys: list[str]
    files: list[FileState | None]
    """As they were before they were read."""

    @classmethod
    def of(cls, shared: bytes, audios: Sequence[Audio], call: Call) -> "ClipContents | None":
        """None where a clip cannot be read, which hearing it will tell."""
        found = cls([], [])
        for audio in audios:
            call.check()
            source = as_source(audio)
            found.files.append(None if source.path is None else FileState.of(source.path))
            key = clip_key(shared, source, call.tensors)
            if key is None:
                return None
            found.keys.append(key)
        return found

    def are_unchanged(self) -> bool:
        """Whether all files are still those that were read."""
        return all(file is None or file.is_unchanged() for file in self.files)


def model_key(info: "ModelInfo") -> bytes:
    """The model, the form it is loaded in, and the code.

    The way attention is computed is left out, as is the device's number: results differ by rounding.
    """
    model = (info.family, info.model_id, info.revision, info.weights, info.sample_rate, info.window_seconds)
    numbers = (info.dtype, info.quantization, info.device.partition(":")[0])
    return repr((code_version(), model, numbers)).encode()


def clip_key(shared: bytes, source: AudioSource, tensors: CallTensors) -> str | None:
    """The name of one clip's result; None where the clip cannot be read, which decoding will tell."""
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


def arithmetic(info: "ModelInfo") -> tuple[object, ...]:
    """What sums depend on in their last bits."""
    import torch

    device = info.device
    if device.startswith("cuda"):
        return info.attention, device, torch.cuda.get_device_name(device), torch.version.cuda
    return info.attention, processor(), torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()


@cache
def code_version() -> str:
    """Changes with every file of ours that takes part, and with the libraries."""
    here = Path(__file__).parent
    digest = blake2b(repr(sorted(versions().items())).encode(), digest_size=KEY_BYTES)
    for pattern in SOURCES:
        for file in sorted(here.glob(pattern)):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
