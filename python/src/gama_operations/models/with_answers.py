"""The half of an AudioModel that a language model gives: answers to questions about what was heard.

A model says how it puts a question, and how it hears a clip; writing, batching and scoring are the same for
all. A batch is padded on the left before the audio, so that every row equals a run of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import torch

from gama_operations.errors import InvalidRequestError
from gama_operations.models.gama.generate import Decoding, Speaker, end_tokens, finish
from gama_operations.models.gama.kept_audio import HeardAudio, continued
from gama_operations.models.gama.pieces import TextPieces
from gama_operations.models.gama.prompt import TextCodec
from gama_operations.models.gama.score import likelihoods
from gama_operations.models.surface import (
    Description,
    Generation,
    ModelInfo,
    RunContext,
    Scores,
    Waveform,
)

CLIPS_AT_ONCE = 16
GREEDY = Generation()
UNWATCHED = RunContext()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how it stands around the audio."""

    text: str
    before: str
    """In front of the audio."""
    after: str
    """Behind it, up to the answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A clip, and whether it was kept from an earlier call."""

    audio: HeardAudio
    cached: bool


class WithAnswers(ABC):
    """Answers questions; the model it belongs to says how it hears."""

    info: ModelInfo
    _answer_form: str | None = None

    @property
    def answer_form(self) -> str:
        """A digest of tokenizer, prompts and ends, and of the class that writes.

        Raises:
            CapabilityError: there is no tokenizer.
        """
        if self._answer_form is None:  # found once: a tokenizer of 150,000 words has 11 MB
            codec, speaker = self._codec(), self._speaker
            writer = (type(speaker.language_model).__qualname__, sorted(end_tokens(speaker)), codec.bos)
            said = (codec.tokenizer.to_str(), writer, self._description)
            self._answer_form = blake2b(repr(said).encode(), digest_size=20).hexdigest()
        return self._answer_form

    @torch.inference_mode()
    def describe(
        self,
        waveforms: Sequence[Waveform],
        prompts: Sequence[str | None],
        *,
        generation: Generation = GREEDY,
        cache: bool = True,
        context: RunContext = UNWATCHED,
    ) -> list[Description]:
        """One answer per waveform [C, T]; a prompt of None asks what the model's config asks.

        With `cache` a clip of the same samples as one heard before is not encoded again.

        Raises:
            CapabilityError: the folder has no tokenizer, or the question is of a kind not offered.
            InvalidRequestError: waveforms and prompts differ in number, or a prompt is too long.
            ModelInvalidError: the model does not hear the audio.
        """
        codec = self._codec()
        if len(prompts) != len(waveforms):
            raise InvalidRequestError(f"{len(waveforms)} waveforms, but {len(prompts)} prompts")
        questions = [self._ask(prompt) for prompt in prompts]
        results: list[Description] = []
        for clips in chunks(waveforms):
            context.check()
            asked = questions[len(results) : len(results) + len(clips)]
            heard = self._hear(clips, asked, cache=cache, context=context)
            with context.phase("generate"):
                answers = finish(self._begin(heard, asked, generation), context.check)
            results.extend(
                Description(
                    codec.decode(answer.ids),
                    question.text,
                    len(answer.ids),
                    answer.stop_reason,
                    self._seconds_heard(clip),
                    one.cached,
                )
                for answer, question, clip, one in zip(answers, asked, clips, heard, strict=True)
            )
        return results

    def describe_in_pieces(
        self,
        waveform: Waveform,
        prompt: str | None,
        *,
        generation: Generation = GREEDY,
        cache: bool = True,
        context: RunContext = UNWATCHED,
    ) -> Generator[str, None, Description]:
        """The answer about one waveform [C, T], in pieces that are its text when they are joined.

        Raises:
            CapabilityError: as `describe`, or the tokenizer changes what it said before.
            InvalidRequestError: the prompt is too long.
            ModelInvalidError: the model does not hear the audio.
        """
        codec = self._codec()
        question = self._ask(prompt)
        with torch.inference_mode():  # not around a yield: others run in this thread meanwhile
            (heard,) = self._hear([waveform], [question], cache=cache, context=context)
            with context.phase("generate"):
                decoding = self._begin([heard], [question], generation)
        pieces = TextPieces(codec)
        while not decoding.over:
            context.check()
            with context.phase("generate"):
                decoding.step()
                piece = pieces.add(decoding.results()[0].ids)
            if piece:
                yield piece
        (answer,) = decoding.results()
        said = codec.decode(answer.ids)
        if rest := pieces.end(said):
            yield rest
        seconds = self._seconds_heard(waveform)
        return Description(said, question.text, len(answer.ids), answer.stop_reason, seconds, heard.cached)

    @torch.inference_mode()
    def score(
        self,
        waveforms: Sequence[Waveform],
        prompt: str | None,
        candidates: Sequence[str],
        *,
        end: bool = True,
        cache: bool = True,
        context: RunContext = UNWATCHED,
    ) -> list[Scores]:
        """How likely each candidate is as the answer about each waveform [C, T].

        Raises:
            CapabilityError: no tokenizer, a question of a kind not offered, or attention that we cannot mask.
            InvalidRequestError: no candidates, one that is empty, or one that is too long.
            ModelInvalidError: the model does not hear the audio.
        """
        codec = self._codec()
        if not candidates:
            raise InvalidRequestError("there are no candidates to score")
        asked = self._ask(prompt)
        ids = codec.encode(asked.after)
        answers = [codec.encode_answer(asked.after, answer) for answer in candidates]
        results: list[Scores] = []
        for clips in chunks(waveforms):
            context.check()
            heard = self._hear(clips, [asked] * len(clips), cache=cache, context=context)
            for clip, one in zip(clips, heard, strict=True):
                with context.phase("score"):
                    found = likelihoods(self._speaker, one.audio, ids, answers, end=end, check=context.check)
                sums, tokens = [each.log_probability for each in found], [each.tokens for each in found]
                seconds = self._seconds_heard(clip)
                results.append(Scores(tuple(sums), tuple(tokens), asked.text, seconds, one.cached))
        return results

    def _begin(self, heard: Sequence[Heard], asked: Sequence[Question], generation: Generation) -> Decoding:
        """The answers of a batch, before their first token."""
        codec, speaker = self._codec(), self._speaker
        ids = [codec.encode(question.after) for question in asked]
        seen = [codec.encode(question.before) + after for question, after in zip(asked, ids, strict=True)]
        begin = continued(speaker, [one.audio for one in heard], ids)
        return Decoding(speaker, begin, seen, generation)

    @property
    @abstractmethod
    def _description(self) -> str:
        """What its files say beside weights and tokenizer: sizes, prompts, template."""

    @property
    @abstractmethod
    def _speaker(self) -> Speaker:
        """Who writes."""

    @abstractmethod
    def _codec(self) -> TextCodec:
        """Text to token ids and back; raises CapabilityError where there is none."""

    @abstractmethod
    def _ask(self, prompt: str | None) -> Question:
        """The question, where the model takes it."""

    @abstractmethod
    def _hear(
        self, clips: Sequence[Waveform], asked: Sequence[Question], *, cache: bool, context: RunContext
    ) -> list[Heard]:
        """Each clip as the language model sees it, up to where `after` of its question begins."""

    @abstractmethod
    def _seconds_heard(self, waveform: Waveform) -> float:
        """How much of a clip the model hears."""


def chunks(waveforms: Sequence[Waveform]) -> Iterator[Sequence[Waveform]]:
    """Some at a time; bounds the memory."""
    for start in range(0, len(waveforms), CLIPS_AT_ONCE):
        yield waveforms[start : start + CLIPS_AT_ONCE]
