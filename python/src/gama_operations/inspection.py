"""What is there to be heard, before any model hears it: length, rate, channels, a digest of the samples."""

import hashlib
from collections.abc import Callable
from importlib import import_module

from gama_operations.call import Call
from gama_operations.decode_ahead import THREADS, DecodeAhead
from gama_operations.errors import OperationError
from gama_operations.extraction import CLIP_FAULTS
from gama_operations.hearing import as_source, decode_source
from gama_operations.protocol import (
    Audio,
    ClipFailure,
    InspectAudioData,
    InspectAudioResult,
    InspectedClip,
)
from gama_operations.session import Session

_DIGEST_BYTES = 32


def inspect_audio(_session: Session, data: InspectAudioData, call: Call) -> InspectAudioResult:
    """Decode clips and look at them; a clip that cannot be heard spoils no other."""
    clips: list[InspectedClip | None] = []
    failures: list[ClipFailure] = []
    with call.importing("gama_operations.audio"):
        import_module("gama_operations.audio")  # with libsndfile and numpy, before threads ask for them
    look = _looking(data.duration, call)
    # What is ready is some numbers: nothing but the clips being decoded takes memory.
    with (
        call.memory.phase("decode"),
        DecodeAhead(data.audios, look, size=lambda _: 0, most=2 * THREADS) as looked_at,
    ):
        for index, (_, future) in enumerate(looked_at):
            call.check()
            try:
                clips.append(future.result())
            except OperationError as error:
                # An offset beyond the end of one clip is that clip's fault, too.
                if error.code not in CLIP_FAULTS | {"invalid_request"}:
                    raise
                clips.append(None)
                failures.append(ClipFailure(index, error.code, str(error)))
            call.progress("inspect", index + 1, len(data.audios), "clips")
    return InspectAudioResult(clips, failures, call.memory.seconds, call.memory.usage())


def _looking(duration: float | None, call: Call) -> Callable[[Audio], InspectedClip]:
    from gama_operations.audio_limits import Part

    first = Part(0.0, duration)

    def look(audio: Audio) -> InspectedClip:
        decoded = decode_source(as_source(audio), call.tensors)
        rate, channels = decoded.sample_rate, decoded.waveform.shape[0]
        _, stop = first.frames(rate)
        digest = hashlib.blake2b(f"{rate} {channels}\n".encode(), digest_size=_DIGEST_BYTES)
        for channel in decoded.waveform:
            digest.update(channel[:stop].astype("<f4", order="C", copy=False).data)
        return InspectedClip(decoded.seconds, rate, channels, digest.hexdigest())

    return look
