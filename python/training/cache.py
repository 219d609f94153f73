"""Where rendered shards and features live: the cache folder that the README names."""

import os
from pathlib import Path


def training_folder() -> Path:
    """`$GRYM_CACHE/training`, by default `~/.cache/grym-synth/training`; made when missing."""
    root = os.environ.get("GRYM_CACHE")
    folder = (Path(root) if root else Path.home() / ".cache" / "grym-synth") / "training"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
