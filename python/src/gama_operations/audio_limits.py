"""Which part of a clip is asked for, and how long it may be."""

import math
from dataclasses import dataclass
from pathlib import Path

from gama_operations.errors import AudioTooLongError, InvalidRequestError

MAX_SECONDS = 3600.0
MAX_VALUES = 2**29  # samples times channels: 2 GiB of float32
MAX_CHANNELS = 256
MAX_SAMPLE_RATE = 2**25
"""Hz, above what recorders write. The filter of a change of rate grows with it: 0.06 s here, 7 s at 2^31."""
LOUDEST = 2.0**32
"""Full scale is 1. Whole numbers of 32 bits in float files are heard; what lies beyond overflows later."""
_BEYOND_ANY_END = 2**62  # frames; a time that is no number of frames is cut to this one


@dataclass(frozen=True, slots=True)
class Part:
    """The asked-for part of a clip, in seconds; to the end without a duration."""

    offset: float = 0.0
    duration: float | None = None

    def __post_init__(self) -> None:
        """Refuses what is not a part.

        Raises:
            InvalidRequestError: a negative offset, a duration that is not positive, or not numbers.
        """
        if not (math.isfinite(self.offset) and self.offset >= 0):
            raise InvalidRequestError(f"Expected `offset` to be seconds >= 0, got {self.offset}")
        if self.duration is not None and not (math.isfinite(self.duration) and self.duration > 0):
            raise InvalidRequestError(f"Expected `duration` to be seconds > 0, got {self.duration}")

    def frames(self, sample_rate: int) -> tuple[int, int | None]:
        """First frame, and the frame after the last one (None: to the end)."""
        start = round(min(self.offset * sample_rate, _BEYOND_ANY_END))
        if self.duration is None:
            return start, None
        return start, start + max(1, round(min(self.duration * sample_rate, _BEYOND_ANY_END)))

    def beyond_end(self, seconds: float, where: Path) -> InvalidRequestError:
        """The error for a part that begins after the end."""
        return InvalidRequestError(
            f"Expected `offset` within the {seconds:.3f} s of {where}, got {self.offset} s"
        )


def most_frames(channels: int, sample_rate: int) -> int:
    """Most frames that one clip may have."""
    return min(int(MAX_SECONDS * sample_rate), MAX_VALUES // channels)


def refuse_long(frames: int, channels: int, sample_rate: int, where: str) -> None:
    """Refuses more frames than a clip may have.

    Raises:
        AudioTooLongError: says the limit and how to ask for a part.
    """
    limit = most_frames(channels, sample_rate)
    if frames > limit:
        raise AudioTooLongError(
            f"{where}: {frames / sample_rate:.1f} s or more, in {channels} channel(s) at {sample_rate} Hz; "
            f"limit: {limit / sample_rate:.1f} s. Ask for a part: `offset` and `duration`, in seconds",
            limit_seconds=limit / sample_rate,
        )
