"""Questions in the evaluation's wording, and the four ways to answer them: model, shuffled, random, blind."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gama_operations.models.gama.adapter import GamaModel
from gama_operations.models.gama.generate import generate
from gama_operations.models.gama.prompt import instruction_prompt
from gama_operations.models.surface import Generation
from training.evaluate.clips import Clip
from training.questions import questions

ROWS = 64
"""Questions answered at once."""
LONGEST = {"caption": 40, "words": 12}
"""Most tokens of an answer per kind; 10 for the others."""
RANDOM_LONGEST = 6
"""Most tokens of the random twin's answers: it seldom ends one."""
SEED = 3


@dataclass(frozen=True)
class Asked:
    """A question about a clip, by the clip's position in the evaluation; the rest as in `Question`."""

    clip: int
    kind: str
    question: str
    answer: str
    subject: str


def all_questions(clips: list[Clip]) -> list[Asked]:
    """Every question that the clips' metadata can answer, grouped by kind; the draw is fixed."""
    generator = np.random.default_rng(SEED)
    asked = [
        Asked(number, item.kind, item.question, item.answer, item.subject)
        for number, clip in enumerate(clips)
        for item in questions(clip.meta, generator)
    ]
    return sorted(asked, key=lambda item: item.kind)


@torch.inference_mode()
def audio_prefixes(model: GamaModel, clips: list[Clip]) -> Tensor:
    """What the language model sees of every clip, [N, P, H]."""
    parts = [
        model.model.audio_prefix(model.frontend([clip.waveform for clip in clips[start : start + 16]]))
        for start in range(0, len(clips), 16)
    ]
    return torch.cat(parts)


def shuffled_order(number: int) -> list[int]:
    """For every clip another one: a random cycle through all of them."""
    order = np.random.default_rng(SEED).permutation(number)
    other = np.empty(number, int)
    other[order] = np.roll(order, 1)
    return other.tolist()


@torch.inference_mode()
def answers(
    model: GamaModel, prefixes: Tensor, asked: list[Asked], audio: list[int] | None = None
) -> list[str]:
    """Greedy answers; `audio` maps a clip to the clip that is heard in its place.

    The words are the model's, offered or not: the evaluation is what decides on the offers.
    """
    trained = model.info.weights == "trained"
    codec = model.codec
    if codec is None:
        raise ValueError(f"{model.info.model_id} has no tokenizer")
    given: list[str] = []
    for kind in dict.fromkeys(item.kind for item in asked):
        part = [item for item in asked if item.kind == kind]
        options = Generation(max_new_tokens=LONGEST.get(kind, 10) if trained else RANDOM_LONGEST)
        for start in range(0, len(part), ROWS):
            rows = part[start : start + ROWS]
            heard = [item.clip if audio is None else audio[item.clip] for item in rows]
            prompts = [codec.encode(instruction_prompt(item.question)) for item in rows]
            found = generate(model.model, prefixes[heard], prompts, options)
            given += [codec.decode(answer.ids) for answer in found]
    return given


def blind_table(metas: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The most frequent answer to each question text in training: what one knows without listening."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    generator = np.random.default_rng(SEED)
    for meta in metas:
        for item in questions(meta, generator):
            counts[item.question][item.answer] += 1
    return {question: counter.most_common(1)[0][0] for question, counter in sorted(counts.items())}
