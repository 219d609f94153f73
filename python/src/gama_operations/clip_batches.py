"""Clips of a request, decoded some at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from gama_operations.call import Call
from gama_operations.errors import OperationError
from gama_operations.extraction import CLIP_FAULTS
from gama_operations.hearing import Heard, hear
from gama_operations.protocol import Audio, ClipFailure, LongAudio
from gama_operations.windows import cut

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel

CLIPS_AT_ONCE = 16
"""Decoded and heard together; bounds the memory."""


def decode_clips(
    model: "AudioModel",
    audios: Sequence[tuple[int, Audio]],
    refuse: Callable[[Heard], object],
    failures: list[ClipFailure],
    call: Call,
) -> Iterator[list[tuple[int, Heard]]]:
    """Clips and their places, some at a time; those that cannot be used go into `failures`.

    Args:
        model: Whose rate they get.
        audios: Clips and their places.
        refuse: Raises for a clip that is not to be heard.
        failures: Where the others are booked.
        call: The running request.

    Raises:
        OperationError: what is no clip's own fault.
    """
    for start in range(0, len(audios), CLIPS_AT_ONCE):
        batch: list[tuple[int, Heard]] = []
        with call.memory.phase("decode"):
            for index, audio in audios[start : start + CLIPS_AT_ONCE]:
                call.check()
                try:
                    heard = hear(audio, model.info.sample_rate, call.tensors)
                    refuse(heard)
                except OperationError as error:
                    # An offset beyond the end of one clip is that clip's fault, too.
                    if error.code not in CLIP_FAULTS | {"invalid_request"}:
                        raise
                    failures.append(ClipFailure(index, error.code, str(error)))
                else:
                    batch.append((index, heard))
        if batch:
            yield batch


def refuse_long(model: "AudioModel", long_audio: LongAudio) -> Callable[[Heard], object]:
    """What refuses a clip that is too long, where the policy is `error`."""
    return lambda heard: cut(heard, model.info, long_audio) if long_audio == "error" else None
