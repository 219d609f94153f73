"""Clips on their way to a model: found in the cache, or decoded and ready to be heard."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gama_operations.cache_key import FileState, clip_key
from gama_operations.call import Call
from gama_operations.disk_cache import DiskCache, open_cache
from gama_operations.feature_entries import Entry, decode, encode
from gama_operations.feature_key import request_key
from gama_operations.hearing import Heard, as_source, hear
from gama_operations.protocol import Audio, ExtractFeaturesData
from gama_operations.windows import cut

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: `known` from the cache, or else `heard`."""

    known: Entry | None = None
    heard: Heard | None = None
    key: str | None = None
    """Its name in the cache; None where it has none."""
    file: FileState | None = None
    """As it was before it was read."""

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return 0 if self.heard is None else self.heard.waveform.nbytes


class ClipSource:
    """Makes the clips of one request ready; from any thread.

    Nothing is taken from the cache while a profile runs: there would be nothing to profile.
    """

    def __init__(self, model: "AudioModel", data: ExtractFeaturesData, call: Call) -> None:
        self._info = model.info
        self._long_audio = data.long_audio
        self._tensors = call.tensors
        wanted = data.cache and data.composition == "any" and not call.memory.is_profiled
        self._shared_key = request_key(model.info, data) if wanted else None
        self._cache: DiskCache | None = open_cache() if self._shared_key else None

    def ready(self, audio: Audio) -> Clip:
        """A clip from the cache, or decoded.

        Raises:
            OperationError: what `hear` raises.
            AudioTooLongError: by the policy `error`.
        """
        key, file = None, None
        if self._cache is not None and self._shared_key is not None:
            source = as_source(audio)
            file = None if source.path is None else FileState.of(source.path)
            key = clip_key(self._shared_key, source, self._tensors)
            if key is not None and (known := self._cache.get(key)) is not None:
                return Clip(known=decode(known))
        heard = hear(audio, self._info.sample_rate, self._tensors)
        if self._long_audio == "error":
            cut(heard, self._info, self._long_audio)  # which refuses what is too long
        return Clip(heard=heard, key=key, file=file)

    def keep(self, clip: Clip, entry: Entry) -> None:
        """Put what was computed of a clip into the cache; not where its file has changed meanwhile."""
        if (
            self._cache is None
            or clip.key is None
            or (clip.file is not None and not clip.file.is_unchanged())
        ):
            return
        self._cache.put(clip.key, encode(entry))
