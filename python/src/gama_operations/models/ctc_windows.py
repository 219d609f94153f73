"""Long audio for CTC: windows that overlap, of whose frames each is taken once.

A frame near the edge of a window has heard one side only. So windows overlap by twice the context, and what
is taken of each is its middle: the frames, joined, are one sequence, and greedy decoding runs over the whole
of it. A word at a seam is written once, and its two halves are one word. All windows begin on a frame, so
that frame n of the clip is the same samples in each of them, and all are of one length, so that a model that
may not pad takes them in one batch.
"""

from dataclasses import dataclass

from gama_operations.errors import InvalidRequestError


@dataclass(frozen=True, slots=True)
class Framing:
    """How samples become frames: frame n hears `width` samples from n x `stride`."""

    stride: int
    width: int
    rate: int
    """Hz."""

    @property
    def seconds(self) -> float:
        """From one frame to the next."""
        return self.stride / self.rate

    def frames(self, samples: int) -> int:
        """How many of so many samples, at least one."""
        return max(1, (samples - self.width) // self.stride + 1)


@dataclass(frozen=True, slots=True)
class FrameWindow:
    """Samples that go through the model together, and which of their frames are taken."""

    start: int
    """First sample."""
    stop: int
    first: int
    """First frame taken, counted from where the window begins."""
    end: int


def frame_windows(
    samples: int, framing: Framing, window_seconds: float, context_seconds: float
) -> list[FrameWindow]:
    """The windows of a clip, in order; one where it fits.

    Raises:
        InvalidRequestError: a window that is all context, or shorter than a frame.
    """
    frames, context = framing.frames(samples), round(context_seconds / framing.seconds)
    length = int(window_seconds / framing.seconds)
    if length <= 2 * context:
        raise InvalidRequestError(
            f"Expected `window_seconds` greater than two `context_seconds` and a frame of "
            f"{framing.seconds:.3f} s, got {window_seconds} and {context_seconds}"
        )
    if frames <= length:
        return [FrameWindow(0, samples, 0, frames)]
    windows: list[FrameWindow] = []
    taken = 0
    while taken < frames:
        # the last one ends with the clip, and overlaps its predecessor by more
        begin = min(max(0, taken - context), frames - length)
        end = frames if begin + length == frames else begin + length - context
        start = begin * framing.stride
        stop = start + (length - 1) * framing.stride + framing.width
        windows.append(FrameWindow(start, stop, taken - begin, end - begin))
        taken = end
    return windows
