"""`extract_features`: many clips, some of them broken, as one table of numbers."""

import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gama_operations.call import Call
from gama_operations.decode_ahead import DecodeAhead
from gama_operations.embedding_rule import embed_by_rule, window_and_hop
from gama_operations.errors import InvalidRequestError, NonFiniteResultError, OperationError
from gama_operations.extraction_clips import Clip, ClipSource
from gama_operations.extraction_kept import KeptCall
from gama_operations.extraction_rows import Extraction, Row, Rows, all_failed
from gama_operations.feature_entries import Entry
from gama_operations.hearing import Heard
from gama_operations.protocol import Audio, ErrorCode, ExtractFeaturesData, FeaturesPart, TimeSpan
from gama_operations.windows import Window, cut, slide

if TYPE_CHECKING:  # numpy and torch are not imported before `ready`
    import numpy as np
    from numpy.typing import NDArray

    from gama_operations.models.surface import AudioModel, Embedding, ModelInfo


CLIP_FAULTS: frozenset[ErrorCode] = frozenset(
    {"invalid_audio", "audio_not_found", "audio_too_long", "unsupported_format"}
)
"""Errors that one clip can have without spoiling the others."""

BATCHES_TOGETHER = 2
"""Batches that are sorted by length, so that clips of like length meet; as many are decoded ahead."""
BYTES_TOGETHER = 128 * 1024 * 1024
"""Of their samples, at most; but for the clip that exceeds it."""

Decoded = tuple[int, Clip]


def extract_one(model: "AudioModel", audio: Audio, data: ExtractFeaturesData, call: Call) -> Extraction:
    """Features of one clip; what is wrong with it is raised.

    Raises:
        InvalidRequestError: `pooling: none` in windows, whose frames would not tell where one ends.
    """
    if data.long_audio == "windows" and data.pooling == "none":
        raise InvalidRequestError(
            "`long_audio: windows` gives a row for each window: not with `pooling: none`."
        )
    source = ClipSource(model, data, call)
    with call.memory.phase("decode"):
        clip = source.ready(audio)
    if clip.known is not None:
        known = clip.known
        return Extraction(
            known.features, [known.seconds_heard], [known.seconds_given], [0.0], [True], [], known.windows
        )
    heard = _heard(clip)
    windows = _windows(heard, model.info, data)
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
    seconds_heard = spans[-1].start + rows[-1].seconds_heard  # windows overlap, and leave no gap
    entry = Entry(features, seconds_heard, heard.seconds, spans)
    source.keep(clip, entry)
    return Extraction(features, [entry.seconds_heard], [heard.seconds], [seconds], [False], [], spans)


def _windows(heard: Heard, info: "ModelInfo", data: ExtractFeaturesData) -> list[Window]:
    window, hop = window_and_hop(info, data)
    if window is None or hop is None:
        return cut(heard, info, data.long_audio)
    return slide(heard, info.sample_rate, window, hop)


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
    kept = KeptCall.of(model, audios, data, call)
    if kept is not None and (known := kept.recall()) is not None:
        call.progress("encode", len(audios), len(audios), "clips")
        return known
    rows = Rows()
    for _ in _embed_all(model, audios, data, rows, call):
        pass
    if kept is not None:
        kept.keep(rows)
    return rows.collect(len(audios))


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
    rows = Rows()
    for _ in _embed_all(model, audios, data, rows, call):
        if rows.waiting:
            yield rows.take_part(data, call)
    if not rows.found and not call.done:
        raise all_failed(rows.sorted_failures(), len(audios))
    return Extraction(np.empty((0, 0), dtype=np.float32), [], [], [], [], rows.sorted_failures())


def _check_many(audios: Sequence[Audio], data: ExtractFeaturesData) -> None:
    if not audios:
        raise InvalidRequestError("`audios` is empty.")
    if data.pooling == "none" and len(audios) > 1:
        raise InvalidRequestError("`pooling: none` gives frames of different number: one clip at a time.")
    if data.long_audio == "windows":
        raise InvalidRequestError("`long_audio: windows` gives windows of different number: give `audio`.")


@dataclass(frozen=True, slots=True)
class _Run:
    """What the batches of one request share."""

    model: "AudioModel"
    data: ExtractFeaturesData
    call: Call
    source: ClipSource
    rows: Rows


def _embed_all(
    model: "AudioModel", audios: Sequence[Audio], data: ExtractFeaturesData, rows: Rows, call: Call
) -> Iterator[None]:
    """Fill the rows; yields after each batch, where no phase is open."""
    run = _Run(model, data, call, ClipSource(model, data, call), rows)
    places = [place for place in range(len(audios)) if place not in call.done]
    together = data.batch_size * BATCHES_TOGETHER

    def ready(place: int) -> Clip:
        return run.source.ready(audios[place])

    ahead = DecodeAhead(places, ready, size=_bytes_of, most=together)
    with ahead as decoding:
        most = data.batch_size  # first, so that the next ones are decoded while these are heard
        while (decoded := _take(run, decoding, most)) is not None:
            most = together
            decoded.sort(key=lambda item: _heard(item[1]).waveform.shape[-1])
            # 0 alone: all of them failed, or were known
            for first in range(0, len(decoded), data.batch_size) or [0]:
                _embed_batch(run, decoded[first : first + data.batch_size])
                through = len(call.done) + rows.found + len(rows.failures)
                call.progress("encode", through, len(audios), "clips")
                yield


def _take(run: _Run, decoding: "Iterator[tuple[int, Future[Clip]]]", most: int) -> list[Decoded] | None:
    """The next clips that the model has to hear; None when there are no more of any kind."""
    decoded: list[Decoded] = []
    taken, size = 0, 0
    with run.call.memory.phase("decode"):
        while taken < most and size < BYTES_TOGETHER and (following := next(decoding, None)):
            run.call.check()
            taken += 1
            index, future = following
            try:
                clip = future.result()
            except OperationError as error:
                # An offset beyond the end of one clip is that clip's fault, too.
                if error.code not in CLIP_FAULTS | {"invalid_request"}:
                    raise
                run.rows.fail(index, error)
                continue
            if clip.known is None:
                decoded.append((index, clip))
                size += clip.nbytes
            else:
                known = clip.known
                row = Row(known.features, known.seconds_heard, known.seconds_given, 0.0, cached=True)
                run.rows.add(index, row)
    return decoded if taken else None


def _embed_batch(run: _Run, batch: Sequence[Decoded]) -> None:
    """Embed a batch; when a clip of it is at fault, one by one, to find out which."""
    run.call.check()
    if not batch:
        return
    began = time.perf_counter()
    try:
        embeddings = _embed(run.model, [_heard(clip) for _, clip in batch], run.data, run.call)
    except OperationError as error:
        if error.code not in CLIP_FAULTS:
            raise
        if len(batch) == 1:
            run.rows.fail(batch[0][0], error)
            return
        for item in batch:
            _embed_batch(run, [item])
        return
    seconds = (time.perf_counter() - began) / len(batch)
    for (index, clip), embedding in zip(batch, embeddings, strict=True):
        if fault := _fault(embedding, run.model):
            run.rows.fail(index, fault)
            continue
        given = _heard(clip).seconds
        run.rows.add(index, Row(embedding.features, embedding.seconds_heard, given, seconds))
        run.source.keep(clip, Entry(embedding.features, embedding.seconds_heard, given, []))


def _bytes_of(clip: Clip) -> int:
    return clip.nbytes


def _heard(clip: Clip) -> Heard:
    assert clip.heard is not None, "a clip from the cache is not heard"  # noqa: S101 # ours to keep
    return clip.heard


def _embed(
    model: "AudioModel", clips: Sequence[Heard], data: ExtractFeaturesData, call: Call
) -> "list[Embedding]":
    # Models mark their own phases (frontend, encode).
    embeddings = embed_by_rule(model, [clip.waveform for clip in clips], data, call.context)
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
