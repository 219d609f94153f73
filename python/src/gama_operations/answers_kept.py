"""Answers and scores that were computed before: whole calls on the disk, equal to the bit, or nothing.

Which clips share a pass changes the last bits of a likelihood, and may change a word, so the key names all of
a call: what is asked, the clips in their order, model, code (`cache_key.py`) and arithmetic. Answers that are
sampled are drawn from their own seed, which is part of what is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

import msgspec

from gama_operations.cache_key import KEY_BYTES, ClipContents, arithmetic, model_key
from gama_operations.call import Call
from gama_operations.disk_cache import DiskCache, open_cache
from gama_operations.protocol import (
    Answer,
    ClipFailure,
    ClipScores,
    DescribeData,
    ProcessAudioData,
    ScoreData,
)

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel

_Known = TypeVar("_Known", bound=msgspec.Struct)
NOT_ASKED = {"audios", "model", "cache", "disk"}
"""Fields that say of whom and of what, which the key has elsewhere, or how it is computed."""


class KnownAnswers(msgspec.Struct, frozen=True):
    """What the disk has of a `describe`."""

    answers: list[Answer | None]


class KnownScores(msgspec.Struct, frozen=True):
    """What the disk has of a `score`."""

    clips: list[ClipScores | None]
    tokens: list[int]
    prompt: str


def uses_memory(data: ProcessAudioData | DescribeData | ScoreData) -> bool:
    """Whether the model may use what it keeps of clips in memory.

    Not where answers are kept on the disk: what another call has heard, beside other clips, differs in the
    last bits.
    """
    return data.cache and not (isinstance(data, DescribeData | ScoreData) and data.disk)


@dataclass(frozen=True, slots=True)
class AskedCall:
    """A call by its place on the disk."""

    cache: DiskCache
    key: str
    clips: ClipContents

    @classmethod
    def of(cls, model: "AudioModel", data: DescribeData | ScoreData, call: Call) -> "AskedCall | None":
        """None where nothing is to be kept, or a clip cannot be read, which hearing it will tell.

        Raises:
            CapabilityError: the model answers nothing.
        """
        if not data.disk or call.memory.is_profiled:
            return None
        cache = open_cache()
        if cache is None:
            return None
        clips = ClipContents.of(b"", data.audios, call)
        return clips and cls(cache, call_key(model, data, clips.keys), clips)

    def recall(self, kind: type[_Known]) -> _Known | None:
        """What the call gave, if the disk has it."""
        content = self.cache.get(self.key)
        return None if content is None else msgspec.json.decode(content, type=kind)

    def keep(self, known: msgspec.Struct, failures: Sequence[ClipFailure]) -> None:
        """Keep what was computed; not where a clip failed or has changed meanwhile."""
        if not failures and self.clips.are_unchanged():
            self.cache.put(self.key, msgspec.json.encode(known))


def call_key(model: "AudioModel", data: DescribeData | ScoreData, clips: Sequence[str]) -> str:
    """The name of a call: every field that is asked is in it, also one that is added later."""
    asked = {name: value for name, value in msgspec.structs.asdict(data).items() if name not in NOT_ASKED}
    digest = blake2b(model_key(model.info), digest_size=KEY_BYTES)
    said = (type(data).__name__, model.answer_form, asked, list(clips), arithmetic(model.info))
    digest.update(repr(said).encode())
    return digest.hexdigest()
