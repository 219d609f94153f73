"""A model for users out of a base and a stage checkpoint, without copying either.

    folder/config.json = {"model_type": "gama", "base": FOLDER, "checkpoint": FILE, ...}

is all that a model needs: `load_model` takes the folder. `compose` writes it, for `grym-synth model add`, and
adds what the base was, so that another one in its place is named. Moving base or checkpoint means composing
again, unless both lie in the folder: paths inside it are written relative to it.
"""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import cast

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.assembly import assemble
from gama_operations.models.gama.base import BaseFacts, read_base_config
from gama_operations.models.gama.checkpoint import LoadReport
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.faults import is_ltu
from gama_operations.models.gama.folder import DEFAULT_PROMPT, GamaFolder
from gama_operations.models.gama.tensor_names import canonical
from gama_operations.models.gama.weight_files import read_source


def compose(
    folder: Path,
    *,
    base: Path,
    checkpoint: Path,
    gama: GamaConfig | None = None,
    name: str | None = None,
    default_prompt: str = DEFAULT_PROMPT,
    said: GamaFolder | None = None,
) -> tuple[GamaFolder, LoadReport]:
    """Loads base and checkpoint once, strictly, and writes the folder's config.json.

    Args:
        folder: Made where it does not exist; a config.json in it is replaced.
        base: Hugging Face folder of the language model: config.json, weights, tokenizer.json.
        checkpoint: Stage checkpoint with the audio stack; with LoRA, unless `gama` says that there is none.
        gama: Sizes; default those of the released GAMA, or of LTU where the checkpoint is one.
        name: What the model calls itself.
        default_prompt: What it is asked where no prompt is given.
        said: What a config.json says of the model already, in place of `gama` and `default_prompt`: the
            questions that it takes and its embedding stay with it.

    Raises:
        ModelInvalidError: they do not make a model; every fault is named, and nothing is written.
    """
    if (folder / "config.json").resolve() == (base / "config.json").resolve():
        raise ModelInvalidError(f"{folder} is the base itself: put the model together in another folder")
    language_model = read_base_config(base)
    if said is None:
        sizes = released_config(checkpoint) if gama is None else gama
        said = GamaFolder(sizes, language_model, default_prompt=default_prompt)
    description = replace(said, language_model=language_model, name=name, base=base, checkpoint=checkpoint)
    assembled = assemble(description, *description.sources(folder))
    expects = cast("BaseFacts", assembled.base)
    folder.mkdir(parents=True, exist_ok=True)
    written = replace(
        description,
        revision=composed_revision(expects, checkpoint),
        base=_seen_from(folder, base),
        checkpoint=_seen_from(folder, checkpoint),
        expects=expects,
    )
    written.write(folder)
    return written, assembled.report


def released_config(checkpoint: Path) -> GamaConfig:
    """Sizes of the released model that a checkpoint is of: GAMA, or LTU."""
    names = {canonical(name) for name in read_source(checkpoint).tensors}
    return GamaConfig.ltu() if is_ltu(names) else GamaConfig.official()


def composed_revision(base: BaseFacts, checkpoint: Path) -> str:
    """12 hex digits that change when the base or the checkpoint is another one."""
    with checkpoint.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(f"{base.fingerprint} {base.prompt_ids} {base.config}".encode())
    return digest.hexdigest()[:12]


def _seen_from(folder: Path, path: Path) -> Path:
    """Relative where the path lies in the folder, else absolute; links are not followed."""
    there, here = path.absolute(), folder.absolute()
    return there.relative_to(here) if there.is_relative_to(here) else there
