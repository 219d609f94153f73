"""A model of the store reads its own files only: its config.json may have come with a download."""

from pathlib import Path

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.store.manifest import MANIFEST


def refuse_outside(folder: Path, description: GamaFolder) -> None:
    """Do base and checkpoint of a model of the store lie in its folder? Links in it are its own.

    Raises:
        ModelInvalidError: one of them does not, or the checkpoint is a pickle.
    """
    if not (folder / MANIFEST).is_file():
        return
    for key, part in (("base", description.base), ("checkpoint", description.checkpoint)):
        if part is None:
            continue
        below = part.relative_to(folder).parts if part.is_relative_to(folder) else ("..",)
        if ".." in below:
            raise ModelInvalidError(f"{folder / 'config.json'}: its {key} {part} is no file of the model")
    if description.checkpoint is not None and description.checkpoint.suffix != ".safetensors":
        raise ModelInvalidError(
            f"{folder / 'config.json'}: its checkpoint {description.checkpoint} is no safetensors: "
            f"`grym-synth model add` converts pickles"
        )
