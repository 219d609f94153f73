"""The operation `score`: how likely candidates are as answers."""

import math
from typing import TYPE_CHECKING

from gama_operations.answers_kept import AskedCall, KnownScores, uses_memory
from gama_operations.call import Call
from gama_operations.clip_batches import decode_clips, refuse_long
from gama_operations.errors import NonFiniteResultError
from gama_operations.extraction_rows import all_failed
from gama_operations.hearing import Heard
from gama_operations.protocol import ClipFailure, ClipScores, ScoreData, ScoreResult
from gama_operations.result_facts import result_facts
from gama_operations.session import Session

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel, Scores


def score(session: Session, data: ScoreData, call: Call) -> ScoreResult:
    """How likely candidates are as answers about clips; a broken clip costs its own scores only.

    Raises:
        CapabilityError: the model cannot score.
        OperationError: the first clip's error, when not a single clip could be used.
    """
    model = session.find(data.model, call)
    asked = AskedCall.of(model, data, call)
    failures: list[ClipFailure] = []
    known = None if asked is None else asked.recall(KnownScores)
    from_disk = known is not None
    if known is None:
        known = _score_all(model, data, failures, call)
        if asked is not None:
            asked.keep(known, failures)
    else:
        call.progress("score", len(data.audios), len(data.audios), "clips")
    return ScoreResult(
        clips=known.clips,
        candidates=data.candidates,
        tokens=known.tokens,
        prompt=known.prompt,
        failures=failures,
        from_disk=from_disk,
        **result_facts(model, call),
    )


def _score_all(model: "AudioModel", data: ScoreData, failures: list[ClipFailure], call: Call) -> KnownScores:
    """Scores of all clips; those that could not be used go into `failures`."""
    clips: list[ClipScores | None] = [None] * len(data.audios)
    last: Scores | None = None
    refuse = refuse_long(model, data.long_audio)
    for batch in decode_clips(model, list(enumerate(data.audios)), refuse, failures, call):
        waveforms = [heard.waveform for _, heard in batch]
        scored = model.score(
            waveforms,
            data.prompt,
            data.candidates,
            end=data.end,
            cache=uses_memory(data),
            context=call.context,
        )
        for (index, heard), one in zip(batch, scored, strict=True):
            clips[index], last = _clip_scores(one, heard, model), one
        call.progress("score", batch[-1][0] + 1, len(clips), "clips")
    if last is None:
        raise all_failed(failures, len(clips))
    return KnownScores(clips, list(last.tokens), last.prompt)


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
