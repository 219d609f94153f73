"""Operations that ask a model: one question, or several."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from gama_operations.answers_kept import AskedCall, KnownAnswers, uses_memory
from gama_operations.call import Call
from gama_operations.clip_batches import CLIPS_AT_ONCE, decode_clips, refuse_long
from gama_operations.errors import InvalidRequestError
from gama_operations.extraction_rows import all_failed
from gama_operations.hearing import Heard, hear
from gama_operations.protocol import (
    Answer,
    ClipFailure,
    DescribeData,
    DescribeResult,
    GenerationOptions,
    ProcessAudioData,
    ProcessAudioResult,
    TextPart,
    WindowAnswer,
)
from gama_operations.result_facts import result_facts
from gama_operations.session import Session
from gama_operations.transcribing import transcript_as_answer
from gama_operations.windows import Window, cut

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel, Description, Generation


@dataclass(frozen=True, slots=True)
class _Asked:
    """One clip and a question about it."""

    heard: Heard
    prompt: str | None
    windows: list[Window]


def process_audio(session: Session, data: ProcessAudioData, call: Call) -> ProcessAudioResult:
    """Ask a model about one clip; one that only transcribes writes what was said.

    Raises:
        CapabilityError: the model can do neither.
        AudioTooLongError: by `long_audio: error`.
    """
    from gama_operations.models.surface import can_transcribe

    model = session.find(data.model, call)
    asked = _decode_question(model, data, call)
    if can_transcribe(model) and "describe" not in model.info.capabilities:
        return transcript_as_answer(model, asked.heard, data, call)

    def tell(done: int) -> None:
        if len(asked.windows) > 1:
            call.progress("generate", done, len(asked.windows), "windows")

    (answer,) = _ask(model, [asked], data, call, tell)
    return _result(answer, model, call)


def stream_answer(
    session: Session, data: ProcessAudioData, call: Call
) -> Generator[TextPart, None, ProcessAudioResult]:
    """The same, while it is written.

    Raises:
        CapabilityError: the model cannot describe, or not in pieces.
        AudioTooLongError: by `long_audio: error`.
    """
    model = session.find(data.model, call)
    asked = _decode_question(model, data, call)
    described: list[Description] = []
    index = 0
    for number, window in enumerate(asked.windows):
        pieces = model.describe_in_pieces(
            window.waveform,
            data.prompt,
            generation=_generation(data.options),
            cache=data.cache,
            context=call.context,
        )
        while (piece := _next(pieces, described)) is not None:
            if index not in call.done:
                yield TextPart([index], number, piece)
            index += 1
    return _result(_answer(asked, described), model, call)


def _next(pieces: "Generator[str, None, Description]", described: "list[Description]") -> str | None:
    """The next piece; None when there are no more, and the whole is in `described`."""
    try:
        return next(pieces)
    except StopIteration as end:
        described.append(end.value)
        return None


def _decode_question(model: "AudioModel", data: ProcessAudioData, call: Call) -> _Asked:
    with call.memory.phase("decode"):
        heard = hear(data.audio, model.info.sample_rate, call.tensors)
        return _Asked(heard, data.prompt, cut(heard, model.info, data.long_audio))


def _result(answer: Answer, model: "AudioModel", call: Call) -> ProcessAudioResult:
    return ProcessAudioResult(
        result=answer.text,
        prompt=answer.prompt,
        tokens=answer.tokens,
        stop_reason=answer.stop_reason,
        seconds_heard=answer.seconds_heard,
        seconds_given=answer.seconds_given,
        cached=answer.cached,
        windows=answer.windows,
        **result_facts(model, call),
    )


def describe(session: Session, data: DescribeData, call: Call) -> DescribeResult:
    """Ask a model several questions about clips; a broken clip costs its own answers only.

    Raises:
        CapabilityError: the model cannot describe, or has not learnt one of the questions.
        InvalidRequestError: a question about a clip that is not there.
        OperationError: the first clip's error, when not a single clip could be used.
    """
    beyond = max(question.audio for question in data.questions)
    if beyond >= len(data.audios):
        raise InvalidRequestError(f"A question is about clip {beyond}; there are {len(data.audios)} clips.")
    model = session.find(data.model, call)
    asked = AskedCall.of(model, data, call)
    failures: list[ClipFailure] = []
    known = None if asked is None else asked.recall(KnownAnswers)
    from_disk = known is not None
    if known is None:
        known = KnownAnswers(_answer_all(model, data, failures, call))
        if asked is not None:
            asked.keep(known, failures)
    else:
        call.progress("generate", len(data.questions), len(data.questions), "questions")
    return DescribeResult(
        answers=known.answers, from_disk=from_disk, failures=failures, **result_facts(model, call)
    )


def _answer_all(
    model: "AudioModel", data: DescribeData, failures: list[ClipFailure], call: Call
) -> list[Answer | None]:
    """The answers in the order of the questions; clips that could not be used go into `failures`."""
    places: dict[int, list[int]] = {}
    for place, question in enumerate(data.questions):
        places.setdefault(question.audio, []).append(place)
    answers: list[Answer | None] = [None] * len(data.questions)
    done = 0
    wanted = [(index, data.audios[index]) for index in sorted(places)]
    for batch in decode_clips(model, wanted, refuse_long(model, data.long_audio), failures, call):
        of_batch = [(heard, place) for index, heard in batch for place in places[index]]
        asked = [
            _Asked(heard, data.questions[place].prompt, cut(heard, model.info, data.long_audio))
            for heard, place in of_batch
        ]
        for (_, place), answer in zip(of_batch, _ask(model, asked, data, call), strict=True):
            answers[place] = answer
        done += len(of_batch)
        call.progress("generate", done, len(answers), "questions")
    if done == 0:
        raise all_failed(failures, len(wanted))
    return answers


def _ask(
    model: "AudioModel",
    asked: Sequence[_Asked],
    data: ProcessAudioData | DescribeData,
    call: Call,
    tell: Callable[[int], None] = lambda _done: None,
) -> list[Answer]:
    """The answer to each, whose windows are rows of the model's batches like any clip.

    Args:
        model: Who is asked.
        asked: Clips and questions.
        data: How they are answered.
        call: The running request.
        tell: Called with the number of windows that are done.
    """
    rows = [(window.waveform, one.prompt) for one in asked for window in one.windows]
    generation = _generation(data.options)
    described: list[Description] = []
    for first in range(0, len(rows), CLIPS_AT_ONCE):
        some = rows[first : first + CLIPS_AT_ONCE]
        described += model.describe(
            [waveform for waveform, _ in some],
            [prompt for _, prompt in some],
            generation=generation,
            cache=uses_memory(data),
            context=call.context,
        )
        tell(len(described))
    answers: list[Answer] = []
    for one in asked:
        answers.append(_answer(one, described[: len(one.windows)]))
        del described[: len(one.windows)]
    return answers


def _answer(asked: _Asked, described: Sequence["Description"]) -> Answer:
    return Answer(
        text="\n".join(one.text for one in described),
        prompt=described[0].prompt,
        tokens=sum(one.tokens for one in described),
        stop_reason="length" if any(one.stop_reason == "length" for one in described) else "end",
        seconds_heard=min(sum(one.seconds_heard for one in described), asked.heard.seconds),
        seconds_given=asked.heard.seconds,
        cached=all(one.cached for one in described),
        windows=[
            WindowAnswer(window.start, window.end, one.text, one.tokens, one.stop_reason)
            for window, one in zip(asked.windows, described, strict=True)
        ],
    )


def _generation(options: GenerationOptions) -> "Generation":
    from gama_operations.models.gama.sampling import PRESETS
    from gama_operations.models.surface import Generation

    base = Generation() if options.preset is None else PRESETS[options.preset]
    given = msgspec.structs.asdict(options)
    del given["preset"]
    return replace(base, **{name: value for name, value in given.items() if value is not None})
