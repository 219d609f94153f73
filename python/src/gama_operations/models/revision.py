"""Which weights these are: a name that changes when they do."""

import hashlib
from pathlib import Path
from typing import Any, Literal

from gama_operations.models.store.manifest import MANIFEST, Manifest


def revision(folder: Path, config: dict[str, Any], weights: Literal["trained", "random"] = "trained") -> str:
    """What config.json says, else 12 hex digits of the weights' SHA-256 (the config's for random weights).

    Of a model of the store what its manifest says, while its files are untouched: reading 13 GB takes long.
    """
    stated = config.get("revision")
    if stated:
        return str(stated)
    if weights == "trained" and (folder / MANIFEST).is_file():
        manifest = Manifest.read(folder)
        if manifest.is_untouched(folder):
            return manifest.revision
    digest = hashlib.sha256()
    for file in _weight_files(folder, weights) or [folder / "config.json"]:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]


def _weight_files(folder: Path, weights: str) -> list[Path]:
    """The files that are read: pickles only where there is no safetensors file."""
    if weights != "trained":
        return []
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
