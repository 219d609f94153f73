"""What comes out of an extraction, clip by clip."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gama_operations.call import Call
from gama_operations.errors import InvalidRequestError, OperationError
from gama_operations.protocol import (
    ClipFailure,
    ErrorCode,
    ExtractFeaturesData,
    FeaturesPart,
    Tensor,
    TimeSpan,
)

if TYPE_CHECKING:  # numpy is not imported before `ready`
    import numpy as np
    from numpy.typing import NDArray


@dataclass(slots=True)
class Extraction:
    """What came out, clip by clip."""

    features: "NDArray[np.float32]"
    """[clips, D], NaN in the row of a clip that failed; a single clip's [D], [L, D] or [windows, D]; [0, 0]
    where the rows went out in parts, and with them the lists."""
    seconds_heard: list[float]
    seconds_given: list[float]
    clip_seconds: list[float]
    cached: list[bool]
    failures: list[ClipFailure]
    windows: list[TimeSpan] = field(default_factory=list[TimeSpan])
    """Of a single clip."""


@dataclass(frozen=True, slots=True)
class Row:
    """One clip's."""

    features: "NDArray[np.float32]"
    seconds_heard: float
    seconds_given: float
    clip_seconds: float
    cached: bool = False


@dataclass(slots=True)
class Rows:
    """Rows as they come, at their place."""

    waiting: dict[int, Row] = field(default_factory=dict[int, Row])
    """Those that have not gone out in a part."""
    failures: list[ClipFailure] = field(default_factory=list[ClipFailure])
    found: int = 0

    def add(self, index: int, row: Row) -> None:
        """Book a clip."""
        self.waiting[index] = row
        self.found += 1

    def fail(self, index: int, error: OperationError) -> None:
        """Book a clip that could not be used."""
        self.failures.append(ClipFailure(index, error.code, str(error)))

    def sorted_failures(self) -> list[ClipFailure]:
        """In the order of the clips."""
        return sorted(self.failures, key=lambda failure: failure.index)

    def take_part(self, data: ExtractFeaturesData, call: Call) -> FeaturesPart:
        """The rows that are there, which are kept no longer."""
        import numpy as np

        indices = list(self.waiting)
        rows = [self.waiting.pop(index) for index in indices]
        features = np.stack([row.features for row in rows])
        return FeaturesPart(
            indices,
            call.tensors.write(features) if as_tensor(data, call) else features.tolist(),
            [row.seconds_heard for row in rows],
            [row.seconds_given for row in rows],
            [row.clip_seconds for row in rows],
            [row.cached for row in rows],
        )

    def collect(self, clips: int) -> Extraction:
        """All of them as one table.

        Raises:
            OperationError: the first clip's error, when not a single clip could be used.
        """
        import numpy as np

        if not self.waiting:
            raise all_failed(self.sorted_failures(), clips)
        width = next(iter(self.waiting.values())).features.shape
        features = np.full((clips, *width), np.nan, dtype=np.float32)  # [clips, D]
        for index, row in self.waiting.items():
            features[index] = row.features
        nothing = Row(features[0], 0.0, 0.0, 0.0)
        rows = [self.waiting.get(index, nothing) for index in range(clips)]
        return Extraction(
            features,
            [row.seconds_heard for row in rows],
            [row.seconds_given for row in rows],
            [row.clip_seconds for row in rows],
            [row.cached for row in rows],
            self.sorted_failures(),
        )


def all_failed(failures: Sequence[ClipFailure], clips: int) -> OperationError:
    """The first clip's error, where not a single clip could be used."""
    first = failures[0]
    error = InvalidRequestError if first.code == "invalid_request" else _error_class(first.code)
    return error(f"None of the {clips} clips could be used; the first: {first.message}", failed=clips)


def _error_class(code: ErrorCode) -> type[OperationError]:
    return next(found for found in OperationError.__subclasses__() if found.code == code)


def reply_features(extraction: Extraction, data: ExtractFeaturesData, call: Call) -> Tensor | list[Any]:
    """The features as a tensor, or as nested lists for a client without shared memory."""
    if extraction.features.size == 0:
        return []
    if as_tensor(data, call):
        return call.tensors.write(extraction.features)
    failed = {failure.index for failure in extraction.failures}
    if not failed:
        return extraction.features.tolist()
    return [None if index in failed else row.tolist() for index, row in enumerate(extraction.features)]


def as_tensor(data: ExtractFeaturesData, call: Call) -> bool:
    """Whether features go as a tensor."""
    return data.reply == "tensor" or (data.reply is None and call.tensors.shared)
