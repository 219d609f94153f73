"""Calls that were heard before: what comes from the disk is what hearing would give, to the bit.

Which clips share a pass changes the last bits of features, so a clip that is known from another call will not
do where a study is resumed or computed again. Here the key of each clip names its whole call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gama_operations.cache_key import ClipContents
from gama_operations.call import Call
from gama_operations.disk_cache import DiskCache, open_cache
from gama_operations.extraction_rows import Extraction, Row, Rows
from gama_operations.feature_entries import Entry, decode, encode
from gama_operations.feature_key import call_keys, request_key
from gama_operations.protocol import Audio, ExtractFeaturesData

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel


@dataclass(frozen=True, slots=True)
class KeptCall:
    """All clips of a call by their keys; they are taken and kept together, or not at all."""

    cache: DiskCache
    keys: list[str]
    clips: ClipContents

    @classmethod
    def of(
        cls, model: "AudioModel", audios: Sequence[Audio], data: ExtractFeaturesData, call: Call
    ) -> "KeptCall | None":
        """None where nothing is to be kept, or a clip cannot be read, which hearing it will tell."""
        if not data.cache or data.composition == "any" or call.memory.is_profiled:
            return None
        cache, shared = open_cache(), request_key(model.info, data)
        if cache is None or shared is None:
            return None
        clips = ClipContents.of(shared, audios, call)
        return clips and cls(cache, call_keys(clips.keys, model.info, data), clips)

    def recall(self) -> Extraction | None:
        """What the call gave, if the disk has all of it."""
        rows = Rows()
        for index, key in enumerate(self.keys):
            content = self.cache.get(key)
            if content is None:
                return None
            known = decode(content)
            row = Row(known.features, known.seconds_heard, known.seconds_given, 0.0, cached=True)
            rows.add(index, row)
        return rows.collect(len(self.keys))

    def keep(self, rows: Rows) -> None:
        """Keep what was heard; not where a clip failed or has changed meanwhile: half a call is of no use."""
        if len(rows.waiting) < len(self.keys) or not self.clips.are_unchanged():
            return
        for index, key in enumerate(self.keys):
            row = rows.waiting[index]
            self.cache.put(key, encode(Entry(row.features, row.seconds_heard, row.seconds_given, [])))
