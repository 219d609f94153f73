"""`extract_features`: many clips, some of them broken, as one table of numbers."""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gama_operations.call import Call
from gama_operations.errors import InvalidRequestError, NonFiniteResultError, OperationError
from gama_operations.hearing import Heard, hear
from gama_operations.protocol import (
    Audio,
    ClipFailure,
    ErrorCode,
    ExtractFeaturesData,
    FeaturesPart,
    Tensor,
    TimeSpan,
)
from gama_operations.windows import cut

if TYPE_CHECKING:  # numpy and torch are not imported before `ready`
    import numpy as np
    from numpy.typing import NDArray

    from gama_operations.models.surface import AudioModel, Embedding

CLIP_FAULTS: frozenset[ErrorCode] = frozenset(
    {"invalid_audio", "audio_not_found", "audio_too_long", "unsupported_format"}
)
"""Errors that one clip can have without spoiling the others."""

BATCHES_DECODED = 4
"""Batches decoded ahead and sorted by length, so that clips of like length meet; bounds the memory."""


@dataclass(slots=True)
class Extraction:
    """What came out, clip by clip."""

    features: "NDArray[np.float32]"
    """[clips, D], NaN in the row of a clip that failed; a single clip's [D], [L, D] or [windows, D]; [0, 0]
    where the rows went out in parts, and with them the lists."""
    seconds_heard: list[float]
    seconds_given: list[float]
    clip_seconds: list[float]
    failures: list[ClipFailure]
    windows: list[TimeSpan] = field(default_factory=list[TimeSpan])
    """Of a single clip."""


@dataclass(slots=True)
class _Rows:
    """Embeddings as they come, at their place."""

    embeddings: "dict[int, NDArray[np.float32]]" = field(default_factory=dict)
    """Those that have not gone out in a part."""
    heard: dict[int, float] = field(default_factory=dict)
    given: dict[int, float] = field(default_factory=dict)
    took: dict[int, float] = field(default_factory=dict)
    failures: list[ClipFailure] = field(default_factory=list)

    def fail(self, index: int, error: OperationError) -> None:
        """Book a clip that could not be used."""
        self.failures.append(ClipFailure(index, error.code, str(error)))


def extract_one(model: "AudioModel", audio: Audio, data: ExtractFeaturesData, call: Call) -> Extraction:
    """Features of one clip; what is wrong with it is raised.

    Raises:
        InvalidRequestError: `pooling: none` in windows, whose frames would not tell where one ends.
    """
    if data.long_audio == "windows" and data.pooling == "none":
        raise InvalidRequestError(
            "`long_audio: windows` gives a row for each window: not with `pooling: none`."
        )
    with call.memory.phase("decode"):
        heard = hear(audio, model.info.sample_rate, call.tensors)
        windows = cut(heard, model.info, data.long_audio)
    began = time.perf_counter()
    rows: list[Embedding] = []
    for first in range(0, len(windows), data.batch_size):
        call.check()
        some = windows[first : first + data.batch_size]
        clips = [Heard(window.waveform, heard.seconds - window.start) for window in some]
        rows += _embed(model, clips, data, call)
        if len(windows) > 1:
            call.progress("encode", len(rows), len(windows), "windows")
    seconds = time.perf_counter() - began
    for row in rows:
        if fault := _fault(row, model):
            raise fault
    features = _stacked(rows) if data.long_audio == "windows" else rows[0].features
    spans = [TimeSpan(window.start, window.end) for window in windows]
    return Extraction(
        features, [sum(row.seconds_heard for row in rows)], [heard.seconds], [seconds], [], spans
    )


def _stacked(rows: "list[Embedding]") -> "NDArray[np.float32]":
    import numpy as np

    return np.stack([row.features for row in rows])


def extract_many(
    model: "AudioModel", audios: Sequence[Audio], data: ExtractFeaturesData, call: Call
) -> Extraction:
    """Features of many clips, one row each; a broken clip costs its own row only.

    Raises:
        InvalidRequestError: no clips, or `pooling: none` with more than one.
        OperationError: the first clip's error, when not a single clip could be used.
    """
    _check_many(audios, data)
    rows = _Rows()
    for _ in _embed_all(model, audios, data, rows, call):
        pass
    return _collect(rows, len(audios))


def extract_in_parts(
    model: "AudioModel", audios: Sequence[Audio], data: ExtractFeaturesData, call: Call
) -> Generator[FeaturesPart, None, Extraction]:
    """The same, each batch as it comes, and without those that `call.done` names.

    Raises:
        InvalidRequestError: what `extract_many` raises, and indices in `done` that no clip has.
        OperationError: the first clip's error, when not a single clip could be used, now or before.
    """
    import numpy as np

    _check_many(audios, data)
    if call.done and max(call.done) >= len(audios):
        raise InvalidRequestError(f"`done` names clip {max(call.done)}; there are {len(audios)} clips.")
    rows = _Rows()
    for _ in _embed_all(model, audios, data, rows, call):
        if rows.embeddings:
            yield _take_part(rows, data, call)
    if not rows.took and not call.done:
        raise all_failed(_sorted(rows.failures), len(audios))
    return Extraction(np.empty((0, 0), dtype=np.float32), [], [], [], _sorted(rows.failures))


def _check_many(audios: Sequence[Audio], data: ExtractFeaturesData) -> None:
    if not audios:
        raise InvalidRequestError("`audios` is empty.")
    if data.pooling == "none" and len(audios) > 1:
        raise InvalidRequestError("`pooling: none` gives frames of different number: one clip at a time.")
    if data.long_audio == "windows":
        raise InvalidRequestError("`long_audio: windows` gives windows of different number: give `audio`.")


def _embed_all(
    model: "AudioModel", audios: Sequence[Audio], data: ExtractFeaturesData, rows: _Rows, call: Call
) -> Iterator[None]:
    """Fill the rows; yields after each batch, where no phase is open."""
    window = data.batch_size * BATCHES_DECODED
    # The windows stay where they are, whatever is done: most batches are the same as before.
    for start in range(0, len(audios), window):
        places = [place for place in range(start, min(start + window, len(audios))) if place not in call.done]
        decoded = _decode_window(model, [(place, audios[place]) for place in places], data, rows, call)
        decoded.sort(key=lambda item: item[1].waveform.shape[-1])
        for first in range(0, len(decoded), data.batch_size):
            _embed_batch(model, decoded[first : first + data.batch_size], data, rows, call)
            through = len(call.done) + len(rows.took) + len(rows.failures)
            call.progress("encode", through, len(audios), "clips")
            yield


def _take_part(rows: _Rows, data: ExtractFeaturesData, call: Call) -> FeaturesPart:
    """The rows that are there, which are kept no longer."""
    import numpy as np

    indices = list(rows.embeddings)
    features = np.stack([rows.embeddings.pop(index) for index in indices])
    return FeaturesPart(
        indices,
        call.tensors.write(features) if _as_tensor(data, call) else features.tolist(),
        [rows.heard[index] for index in indices],
        [rows.given[index] for index in indices],
        [rows.took[index] for index in indices],
    )


def _decode_window(
    model: "AudioModel",
    audios: Sequence[tuple[int, Audio]],
    data: ExtractFeaturesData,
    rows: _Rows,
    call: Call,
) -> list[tuple[int, Heard]]:
    decoded: list[tuple[int, Heard]] = []
    with call.memory.phase("decode"):
        for index, audio in audios:
            call.check()
            try:
                heard = hear(audio, model.info.sample_rate, call.tensors)
                if data.long_audio == "error":
                    cut(heard, model.info, data.long_audio)  # which refuses what is too long
            except OperationError as error:
                # An offset beyond the end of one clip is that clip's fault, too.
                if error.code not in CLIP_FAULTS | {"invalid_request"}:
                    raise
                rows.fail(index, error)
            else:
                rows.given[index] = heard.seconds
                decoded.append((index, heard))
    return decoded


def _embed_batch(
    model: "AudioModel",
    batch: Sequence[tuple[int, Heard]],
    data: ExtractFeaturesData,
    rows: _Rows,
    call: Call,
) -> None:
    """Embed a batch; when a clip of it is at fault, one by one, to find out which."""
    call.check()
    began = time.perf_counter()
    try:
        embeddings = _embed(model, [heard for _, heard in batch], data, call)
    except OperationError as error:
        if error.code not in CLIP_FAULTS:
            raise
        if len(batch) == 1:
            rows.fail(batch[0][0], error)
            return
        for item in batch:
            _embed_batch(model, [item], data, rows, call)
        return
    seconds = (time.perf_counter() - began) / len(batch)
    for (index, _), embedding in zip(batch, embeddings, strict=True):
        if fault := _fault(embedding, model):
            rows.fail(index, fault)
            continue
        rows.embeddings[index] = embedding.features
        rows.heard[index] = embedding.seconds_heard
        rows.took[index] = seconds


def _embed(
    model: "AudioModel", clips: Sequence[Heard], data: ExtractFeaturesData, call: Call
) -> "list[Embedding]":
    # Models mark their own phases (frontend, encode).
    embeddings = model.embed(
        [clip.waveform for clip in clips], layer=data.layer, pooling=data.pooling, context=call.context
    )
    # Resampling may round up by a sample, and nobody hears more than was given.
    return [
        replace(embedding, seconds_heard=min(embedding.seconds_heard, clip.seconds))
        for embedding, clip in zip(embeddings, clips, strict=True)
    ]


def _fault(embedding: "Embedding", model: "AudioModel") -> NonFiniteResultError | None:
    """What is wrong with an embedding that holds NaN or infinity."""
    import numpy as np

    if np.isfinite(embedding.features).all():
        return None
    cause = (
        "its numbers" if model.info.dtype == "float32" else f"{model.info.dtype}, too narrow for this clip,"
    )
    return NonFiniteResultError(
        f"{model.info.model_id} gave features that are NaN or infinite: {cause} overflowed, or its weights "
        "are damaged. Load it as float32, or from a sound copy"
    )


def _collect(rows: _Rows, clips: int) -> Extraction:
    import numpy as np

    if not rows.embeddings:
        raise all_failed(_sorted(rows.failures), clips)
    width = next(iter(rows.embeddings.values())).shape
    features = np.full((clips, *width), np.nan, dtype=np.float32)  # [clips, D]
    for index, embedding in rows.embeddings.items():
        features[index] = embedding
    heard, given, took = (
        [values.get(index, 0.0) for index in range(clips)] for values in (rows.heard, rows.given, rows.took)
    )
    return Extraction(features, heard, given, took, _sorted(rows.failures))


def _sorted(failures: list[ClipFailure]) -> list[ClipFailure]:
    return sorted(failures, key=lambda failure: failure.index)


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
    if _as_tensor(data, call):
        return call.tensors.write(extraction.features)
    failed = {failure.index for failure in extraction.failures}
    if not failed:
        return extraction.features.tolist()
    return [None if index in failed else row.tolist() for index, row in enumerate(extraction.features)]


def _as_tensor(data: ExtractFeaturesData, call: Call) -> bool:
    return data.reply == "tensor" or (data.reply is None and call.tensors.shared)
