"""Which weights these are: a name that changes when they do."""

import hashlib
from pathlib import Path
from typing import Any, Literal

from gama_operations.models.store.manifest import MANIFEST, Manifest


def revision(folder: Path, config: dict[str, Any], weights: Literal["trained", "random"] = "trained") -> str:
    """What config.json says, else 12 hex digits of the weights' SHA-256 (the config's for random weights).

    Of a model of the store what it or its manifest says, while its files are those of the manifest; their
    content is read only where size or time of writing has changed: 13 GB take long. A model whose weights
    lie in other folders is named by what loads them (`composed_revision`).
    """
    stated = config.get("revision")
    kept = weights == "trained" and "checkpoint" not in config and (folder / MANIFEST).is_file()
    manifest = Manifest.read(folder) if kept else None
    if manifest is not None and (manifest.is_untouched(folder) or manifest.is_same(folder)):
        return str(stated or manifest.revision)
    if stated and manifest is None:
        return str(stated)
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
