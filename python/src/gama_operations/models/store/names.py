"""Names that are taken."""

import os
from typing import get_args

from gama_operations.errors import InvalidRequestError
from gama_operations.models.registry import WEIGHTS, Builtin
from gama_operations.models.store.place import model_folder


def is_shipped(name: str) -> bool:
    """Whether that is a model which ships with us, or a baseline."""
    return name in get_args(Builtin) or (WEIGHTS / name).exists()


def check_free(name: str) -> None:
    """Is the name free for a new model?

    Raises:
        InvalidRequestError: it is no name, or another model's: a shipped one's, a baseline's, a stored one's.
    """
    folder = model_folder(name)
    if is_shipped(name):
        raise InvalidRequestError(
            f"{name!r} is a model that ships with grym-synth: give this one another name"
        )
    if os.path.lexists(folder):
        raise InvalidRequestError(
            f"the model {name!r} is here already: remove it first, or give this one another name"
        )
