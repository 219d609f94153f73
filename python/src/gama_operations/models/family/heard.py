"""Whether an audio language model hears: what it is asked about must be in its prompt and move its answer.

Processors and templates fail silently: one that is called by an older name drops the audio, a template
without the audio's token asks about nothing. An answer would come all the same.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from gama_operations.errors import ModelInvalidError


def one_placeholder(rendered: str, token: str, model: str) -> tuple[str, str]:
    """The prompt in front of the audio and behind it.

    Raises:
        ModelInvalidError: there is not one placeholder for the one clip.
    """
    found = rendered.count(token)
    if found != 1:
        raise ModelInvalidError(
            f"{model} would not hear the audio: its chat template makes {found} placeholders ({token}) for 1 "
            "clip. Put the chat_template of the published model there",
            placeholders=found,
            audios=1,
        )
    before, _, after = rendered.partition(token)
    return before, after


def features_there(inputs: Mapping[str, Tensor], places: Tensor, model: str) -> None:
    """Whether the processor gave features of the audio, and places for them.

    Args:
        inputs: What the processor made.
        places: [T], where the token ids are those of audio.
        model: Its name.

    Raises:
        ModelInvalidError: one of both is missing.
    """
    if inputs.get("input_features") is None or not places.any():
        raise ModelInvalidError(
            f"{model} would not hear the audio: its processor gave "
            f"{'features' if 'input_features' in inputs else 'no features'} and {int(places.sum())} places "
            "for them. The processor's files belong to another model, or to a version of transformers that "
            "calls the audio by another name"
        )


def features_in_place(embeds: Tensor, empty: Tensor, model: str) -> None:
    """Whether the embeddings [L, H] at the audio's places are those of audio.

    Args:
        embeds: What the language model was given there.
        empty: [H], the embedding of the placeholder itself.
        model: Its name.

    Raises:
        ModelInvalidError: the placeholder stands where audio should.
    """
    if (embeds == empty).all(-1).any():
        raise ModelInvalidError(f"{model} did not hear the audio: its placeholders were not replaced")


def answers_differ(one: Tensor, other: Tensor, model: str) -> None:
    """Whether the logits [V] after two clips and one question differ.

    Raises:
        ModelInvalidError: they are the same, or no numbers.
    """
    if torch.equal(one, other) or not torch.isfinite(one).all():
        raise ModelInvalidError(
            f"{model} does not hear: its answer to a question is the same, to the last bit, whether it is "
            "given noise or silence. Its weights are damaged, or belong to another model"
        )
