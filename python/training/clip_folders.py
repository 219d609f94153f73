"""Folders of rendered clips: one for each set and renderer."""

from pathlib import Path
from typing import Literal

from training.cache import training_folder
from training.fingerprint import render_id

ClipSet = Literal["train", "words", "test"]
CLIP_SETS: tuple[ClipSet, ...] = ("train", "words", "test")


def clips_folder(clips: ClipSet) -> Path:
    """Where the clips of a set lie that the present renderer makes; others keep folders of their own.

    Raises:
        RuntimeError: a synthesizer is missing, so that nobody can say what the renderer would make.
    """
    return training_folder() / f"{clips}-{render_id()}"


def outdated_folders() -> list[Path]:
    """Clips that another renderer made: nothing reads them, and they are large."""
    made = (folder for clips in CLIP_SETS for folder in training_folder().glob(f"{clips}*"))
    return sorted(folder for folder in made if not folder.name.endswith(f"-{render_id()}"))
