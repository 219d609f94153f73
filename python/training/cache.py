"""Where rendered shards and features live: the cache folder that the README names."""

import os
from pathlib import Path

from training.fingerprint import render_id


def training_folder() -> Path:
    """`$GRYM_CACHE/training`, by default `~/.cache/grym-synth/training`; made when missing."""
    root = os.environ.get("GRYM_CACHE")
    folder = (Path(root) if root else Path.home() / ".cache" / "grym-synth") / "training"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clips_folder(split: str) -> Path:
    """Where the clips of a split lie that the present renderer makes; others keep folders of their own.

    Raises:
        RuntimeError: a synthesizer is missing, so that nobody can say what the renderer would make.
    """
    return training_folder() / f"{split}-{render_id()}"


def outdated_folders() -> list[Path]:
    """Clips that another renderer made: nothing reads them, and they are large."""
    made = (folder for split in ("train", "test") for folder in training_folder().glob(f"{split}*"))
    return sorted(folder for folder in made if not folder.name.endswith(f"-{render_id()}"))
