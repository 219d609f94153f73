"""One clip through the real forward pass of an audio language model, watched from inside.

The pass takes what the real processor made of the prompt and the clip, up to the audio's last place. Clips
go through one at a time: no row of a batch can leak into another (transformers #44155).
Shapes: W windows of the tower, L frames, P positions, H and D widths.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel

SAMPLES_PER_FRAME = 2
"""Frames of log-mel that the tower's second convolution makes one of; its pooling halves them again."""


class _EnoughError(Exception):
    """The pass has computed what was wanted."""


@dataclass(slots=True)
class Watched:
    """What a pass showed."""

    embeds: Tensor | None = None
    """[P, H]: what the language model was given."""
    states: Tensor | None = None
    """Output of the module that was watched, [W or 1, L, D]."""


def listen(
    model: PreTrainedModel,
    inputs: Mapping[str, Tensor],
    *,
    cache: DynamicCache | None = None,
    watch: nn.Module | None = None,
    speak: bool = True,
) -> Watched:
    """Runs the model's own forward pass.

    Args:
        model: The whole model.
        inputs: Of its forward pass.
        cache: Filled with the keys of the language model.
        watch: A module whose output is wanted.
        speak: Go on into the language model; else the pass ends before it.
    """
    seen = Watched()

    def take_embeds(_module: nn.Module, _args: object, named: dict[str, Any]) -> None:
        seen.embeds = named["inputs_embeds"][0]
        if not speak:
            raise _EnoughError

    def take_states(_module: nn.Module, _args: object, output: Any) -> None:
        seen.states = output[0] if isinstance(output, tuple) else output

    inner: nn.Module = cast("Any", model).model.language_model
    with _hooked(inner.register_forward_pre_hook(take_embeds, with_kwargs=True)):
        taken = None if watch is None else watch.register_forward_hook(take_states)
        with _hooked(taken), suppress(_EnoughError):
            model(**inputs, past_key_values=cache, use_cache=cache is not None)
    return seen


@contextmanager
def _hooked(hook: Any) -> Generator[None]:
    try:
        yield
    finally:
        if hook is not None:
            hook.remove()


def layer_modules(model: PreTrainedModel) -> dict[str, nn.Module | None]:
    """Layers from the sound to the words; `projector` is what enters the language model, no module's own."""
    parts: Any = cast("Any", model).model
    tower, inner = parts.audio_tower, parts.language_model
    return {
        **{f"encoder.{index}": block for index, block in enumerate(tower.layers)},
        "encoder": tower.layer_norm,
        "projector": None,
        **{f"lm.{index}": block for index, block in enumerate(inner.layers[:-1])},
        "lm": inner.norm,
    }
