"""The half of an AudioModel that an encoder without a language model does not have."""

from collections.abc import Sequence
from typing import Never

from gama_operations.errors import CapabilityError
from gama_operations.models.surface import Generation, RunContext, Waveform

GREEDY = Generation()
UNWATCHED = RunContext()


class WithoutAnswers:
    """Refuses questions, and keeps nothing of what it hears.

    Args:
        model_id: Who refuses.
        what: What it is instead, as in `an encoder`.
    """

    def __init__(self, model_id: str, what: str) -> None:
        self._model_id = model_id
        self._what = what

    @property
    def kept_bytes(self) -> int:
        """Nothing."""
        return 0

    def forget(self) -> None:
        """There is nothing to give back."""

    @property
    def answer_form(self) -> str:
        """None: each verb refuses by its own name."""
        return ""

    def describe(
        self,
        waveforms: Sequence[Waveform],
        prompts: Sequence[str | None],
        *,
        generation: Generation = GREEDY,
        cache: bool = True,
        context: RunContext = UNWATCHED,
    ) -> Never:
        """Refuses.

        Raises:
            CapabilityError: always.
        """
        del waveforms, prompts, generation, cache, context
        raise self._refusal("describe")

    def describe_in_pieces(
        self,
        waveform: Waveform,
        prompt: str | None,
        *,
        generation: Generation = GREEDY,
        cache: bool = True,
        context: RunContext = UNWATCHED,
    ) -> Never:
        """Refuses.

        Raises:
            CapabilityError: always.
        """
        del waveform, prompt, generation, cache, context
        raise self._refusal("describe")

    def score(
        self,
        waveforms: Sequence[Waveform],
        prompt: str | None,
        candidates: Sequence[str],
        *,
        end: bool = True,
        cache: bool = True,
        context: RunContext = UNWATCHED,
    ) -> Never:
        """Refuses.

        Raises:
            CapabilityError: always.
        """
        del waveforms, prompt, candidates, end, cache, context
        raise self._refusal("score")

    def _refusal(self, verb: str) -> CapabilityError:
        return CapabilityError(
            f"{self._model_id} cannot {verb} audio: it is {self._what} without a language model. "
            "Use extract_features, or a model with the capability `describe`"
        )
