"""Operations that ask a model: about one clip, and how likely candidates are as answers about many."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from gama_operations.call import Call
from gama_operations.errors import NonFiniteResultError, OperationError
from gama_operations.extraction import CLIP_FAULTS, all_failed
from gama_operations.hearing import Heard, hear
from gama_operations.protocol import (
    Audio,
    ClipFailure,
    ClipScores,
    GenerationOptions,
    LongAudio,
    ProcessAudioData,
    ProcessAudioResult,
    ScoreData,
    ScoreResult,
    WindowAnswer,
)
from gama_operations.session import Session
from gama_operations.windows import cut

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel, Description, Generation, Scores

CLIPS_AT_ONCE = 16
"""Decoded and heard together; bounds the memory."""


def process_audio(session: Session, data: ProcessAudioData, call: Call) -> ProcessAudioResult:
    """Ask a model about one clip.

    Raises:
        CapabilityError: the model cannot describe.
        AudioTooLongError: by `long_audio: error`.
    """
    model = session.find(data.model, call)
    with call.memory.phase("decode"):
        heard = hear(data.audio, model.info.sample_rate, call.tensors)
        windows = cut(heard, model.info, data.long_audio)
    generation = _generation(data.options)
    answers: list[Description] = []
    for first in range(0, len(windows), CLIPS_AT_ONCE):
        some = windows[first : first + CLIPS_AT_ONCE]
        answers += model.describe(
            [window.waveform for window in some],
            [data.prompt] * len(some),
            generation=generation,
            cache=data.cache,
            context=call.context,
        )
        if len(windows) > 1:
            call.progress("generate", len(answers), len(windows), "windows")
    usage = call.memory.usage()
    return ProcessAudioResult(
        result="\n".join(answer.text for answer in answers),
        prompt=answers[0].prompt,
        tokens=sum(answer.tokens for answer in answers),
        stop_reason="length" if any(answer.stop_reason == "length" for answer in answers) else "end",
        processing_time=call.memory.seconds,
        memory_usage=usage,
        model_id=model.info.model_id,
        revision=model.info.revision,
        device=model.info.device,
        dtype=model.info.dtype,
        seconds_heard=min(sum(answer.seconds_heard for answer in answers), heard.seconds),
        seconds_given=heard.seconds,
        cached=all(answer.cached for answer in answers),
        windows=[
            WindowAnswer(window.start, window.end, answer.text, answer.tokens, answer.stop_reason)
            for window, answer in zip(windows, answers, strict=True)
        ],
    )


def _generation(options: GenerationOptions) -> "Generation":
    from gama_operations.models.surface import Generation

    return Generation(**msgspec.structs.asdict(options))


def score(session: Session, data: ScoreData, call: Call) -> ScoreResult:
    """How likely candidates are as answers about clips; a broken clip costs its own scores only.

    Raises:
        CapabilityError: the model cannot score.
        OperationError: the first clip's error, when not a single clip could be used.
    """
    model = session.find(data.model, call)
    clips: list[ClipScores | None] = [None] * len(data.audios)
    failures: list[ClipFailure] = []
    known: Scores | None = None
    for batch in _decode_clips(model, data.audios, data.long_audio, failures, call):
        waveforms = [heard.waveform for _, heard in batch]
        scored = model.score(
            waveforms, data.prompt, data.candidates, end=data.end, cache=data.cache, context=call.context
        )
        for (index, heard), one in zip(batch, scored, strict=True):
            clips[index], known = _clip_scores(one, heard, model), one
        call.progress("score", batch[-1][0] + 1, len(clips), "clips")
    if known is None:
        raise all_failed(failures, len(clips))
    usage = call.memory.usage()
    return ScoreResult(
        clips=clips,
        candidates=data.candidates,
        tokens=list(known.tokens),
        prompt=known.prompt,
        processing_time=call.memory.seconds,
        memory_usage=usage,
        model_id=model.info.model_id,
        revision=model.info.revision,
        device=model.info.device,
        dtype=model.info.dtype,
        failures=failures,
    )


def _clip_scores(scores: "Scores", heard: Heard, model: "AudioModel") -> ClipScores:
    sums = scores.log_probabilities
    if not all(map(math.isfinite, sums)):
        raise NonFiniteResultError(
            f"{model.info.model_id} gave a likelihood that is NaN or infinite: its numbers in "
            f"{model.info.dtype} overflowed, or its weights are damaged. Load it as float32, or from a sound "
            "copy"
        )
    return ClipScores(
        log_probabilities=list(sums),
        mean_log_probabilities=[total / count for total, count in zip(sums, scores.tokens, strict=True)],
        seconds_heard=min(scores.seconds_heard, heard.seconds),
        seconds_given=heard.seconds,
        cached=scores.cached,
    )


def _decode_clips(
    model: "AudioModel",
    audios: Sequence[Audio],
    long_audio: LongAudio,
    failures: list[ClipFailure],
    call: Call,
) -> Iterator[list[tuple[int, Heard]]]:
    """Clips and their places, some at a time; those that cannot be used go into `failures`."""
    for start in range(0, len(audios), CLIPS_AT_ONCE):
        batch: list[tuple[int, Heard]] = []
        with call.memory.phase("decode"):
            for index, audio in enumerate(audios[start : start + CLIPS_AT_ONCE], start):
                call.check()
                try:
                    heard = hear(audio, model.info.sample_rate, call.tensors)
                    if long_audio == "error":
                        cut(heard, model.info, long_audio)  # which refuses what is too long
                except OperationError as error:
                    # An offset beyond the end of one clip is that clip's fault, too.
                    if error.code not in CLIP_FAULTS | {"invalid_request"}:
                        raise
                    failures.append(ClipFailure(index, error.code, str(error)))
                else:
                    batch.append((index, heard))
        if batch:
            yield batch
