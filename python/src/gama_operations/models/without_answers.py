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
        reason: Who cannot, and why, as in `fbank cannot describe audio: …`.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def kept_bytes(self) -> int:
        """Nothing."""
        return 0

    def forget(self) -> None:
        """There is nothing to give back."""

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
        raise self._refusal()

    def _refusal(self) -> CapabilityError:
        return CapabilityError(f"{self._reason}. Use extract_features, or a model of the family gama")
