"""`transcribe`: what was said, word by word, by the models that have a CTC head."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gama_operations.call import Call
from gama_operations.clip_batches import decode_clips
from gama_operations.errors import AudioTooLongError, CapabilityError
from gama_operations.extraction_rows import all_failed
from gama_operations.hearing import Heard
from gama_operations.protocol import (
    ClipFailure,
    ClipTranscript,
    GenerationOptions,
    ProcessAudioData,
    ProcessAudioResult,
    TimeSpan,
    TranscribeData,
    TranscribeResult,
    WindowAnswer,
    WordSpan,
)
from gama_operations.result_facts import result_facts
from gama_operations.session import Session

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel, Transcriber, Transcript, Waveform

WINDOW = TranscribeData(audios=[""])
"""The defaults of the wire."""


def transcribe(session: Session, data: TranscribeData, call: Call) -> TranscribeResult:
    """Write what was said in clips; a broken clip costs its own transcript only.

    Raises:
        CapabilityError: the model does not transcribe.
        InvalidRequestError: a window that is all context.
        OperationError: the first clip's error, when not a single clip could be used.
    """
    model = transcriber(session.find(data.model, call))
    clips: list[ClipTranscript | None] = [None] * len(data.audios)
    failures: list[ClipFailure] = []

    def refuse_long(heard: Heard) -> None:
        if data.long_audio == "error" and heard.seconds > data.window_seconds:
            raise AudioTooLongError(
                f"The clip has {heard.seconds:.2f} s, and a window {data.window_seconds:.2f} s: give a part "
                "of it, longer windows, or long_audio `windows` or `truncate`",
                seconds=heard.seconds,
                window_seconds=data.window_seconds,
            )

    used = False
    for batch in decode_clips(model, list(enumerate(data.audios)), refuse_long, failures, call):
        waveforms = [_cut(heard.waveform, model, data) for _, heard in batch]
        for (index, heard), found in zip(batch, _run(model, waveforms, data, call), strict=True):
            clips[index], used = _clip(found, heard), True
        call.progress("transcribe", batch[-1][0] + 1, len(clips), "clips")
    if not used:
        raise all_failed(failures, len(clips))
    return TranscribeResult(
        clips=clips,
        frame_seconds=model.frame_seconds,
        long_audio=data.long_audio,
        window_seconds=data.window_seconds,
        context_seconds=data.context_seconds,
        failures=failures,
        **result_facts(model, call),
    )


def transcriber(model: "AudioModel") -> "Transcriber":
    """The model as one that transcribes.

    Raises:
        CapabilityError: it does not; the message says why, and which can.
    """
    from gama_operations.models.surface import can_transcribe

    if can_transcribe(model):
        return model
    notes = [note for note in model.info.notes if "transcribe" in note]
    why = notes[0] if notes else "it has no CTC head, trained on speech and its text"
    raise CapabilityError(
        f"{model.info.model_id} cannot transcribe: {why}. Models that can are folders of Wav2Vec2ForCTC, "
        "HubertForCTC or WavLMForCTC with their vocab.json: see `grym-synth model download`"
    )


def transcript_as_answer(
    model: "Transcriber", heard: Heard, data: ProcessAudioData, call: Call
) -> ProcessAudioResult:
    """The seed's `process_audio`, of a model that writes what was said and answers nothing else.

    Raises:
        CapabilityError: it was asked something, or to sample.
    """
    if data.prompt is not None or data.options != GenerationOptions():
        raise CapabilityError(
            f"{model.info.model_id} writes what was said, and answers no questions: leave `prompt` and "
            "`options` out, or ask a model of the family gama"
        )
    clip = _clip(_run(model, [heard.waveform], WINDOW, call)[0], heard)
    return ProcessAudioResult(
        result=clip.text,
        prompt="",
        tokens=len(clip.text),
        stop_reason="end",
        seconds_heard=clip.seconds_heard,
        seconds_given=clip.seconds_given,
        cached=False,
        windows=[WindowAnswer(0.0, clip.seconds_heard, clip.text, len(clip.text), "end")],
        **result_facts(model, call),
    )


def _run(
    model: "Transcriber", waveforms: "Sequence[Waveform]", data: TranscribeData, call: Call
) -> "list[Transcript]":
    return model.transcribe(
        waveforms,
        window_seconds=data.window_seconds,
        context_seconds=data.context_seconds,
        context=call.context,
    )


def _cut(waveform: "Waveform", model: "Transcriber", data: TranscribeData) -> "Waveform":
    if data.long_audio != "truncate":
        return waveform
    return waveform[:, : int(data.window_seconds * model.info.sample_rate)]


def _clip(found: "Transcript", heard: Heard) -> ClipTranscript:
    # Resampling may round up by a sample, and nobody hears more than was given.
    return ClipTranscript(
        text=" ".join(word.text for word in found.words),
        words=[WordSpan(word.text, word.start, word.end, word.confidence) for word in found.words],
        seconds_heard=min(found.seconds_heard, heard.seconds),
        seconds_given=heard.seconds,
        windows=[TimeSpan(start, min(end, heard.seconds)) for start, end in found.windows],
    )
