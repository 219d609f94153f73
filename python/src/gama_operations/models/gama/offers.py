"""Which questions a model takes: it answers no kind that it was measured not to have learnt."""

import re
from collections.abc import Mapping, Sequence

from gama_operations.errors import CapabilityError


def refuse_unlearnt(prompt: str, questions: Mapping[str, str], offers: Sequence[str], model: str) -> None:
    """Lets through a prompt of an offered kind, and one whose kind nobody recognises.

    Args:
        prompt: The question.
        questions: Kind → regular expression, searched without regard to case.
        offers: Kinds that the model was shown to have learnt.
        model: Its name, for the message.

    Raises:
        CapabilityError: the prompt is of one or more known kinds, and none of them is offered.
    """
    kinds = [kind for kind, pattern in questions.items() if re.search(pattern, prompt, re.IGNORECASE)]
    if kinds and not set(kinds) & set(offers):
        raise CapabilityError(
            f"{model} has not learnt questions of the kind {' or '.join(kinds)}; "
            f"it offers: {', '.join(offers) or 'none of the kinds that were measured'}",
            kinds=kinds,
            offers=list(offers),
        )
