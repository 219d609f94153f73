"""Which questions are packed behind a clip, and in which words."""

from typing import Any

import numpy as np

from gama_operations.models.gama.prompt import instruction_prompt
from training.questions import questions

WEIGHTS = {
    "caption": 3.0, "class": 3.0, "count": 3.0, "words": 3.0, "direction": 2.5, "register": 2.0,
    "language": 2.0, "order1": 2.0, "order2": 2.0, "has": 1.5,
}  # fmt: skip
"""How readily a kind is drawn; 1 for the others."""


CAPITALISED_SHARE = 0.4
"""Share of questions that begin with a capital letter, as people type them."""


def asked_as_typed(question: str, generator: np.random.Generator) -> str:
    """The question, sometimes with a capital letter in front."""
    if generator.random() < CAPITALISED_SHARE:
        return question[:1].upper() + question[1:]
    return question


def choose_pairs(meta: dict[str, Any], number: int, generator: np.random.Generator) -> list[tuple[str, str]]:
    """`number` different (prompt, answer) pairs of a clip, fewer where fewer can be asked."""
    asked = questions(meta, generator, wording="varied")
    weights = np.array([WEIGHTS.get(item.kind, 1.0) for item in asked])
    size = min(number, len(asked))
    chosen = generator.choice(len(asked), size, replace=False, p=weights / weights.sum())
    return [
        (instruction_prompt(asked_as_typed(asked[index].question, generator)), asked[index].answer)
        for index in chosen
    ]
