"""Which weights these are: a name that changes when they do."""

import hashlib
from pathlib import Path
from typing import Any, Literal


def revision(folder: Path, config: dict[str, Any], weights: Literal["trained", "random"] = "trained") -> str:
    """What config.json says, else 12 hex digits of the weights' SHA-256 (the config's for random weights)."""
    stated = config.get("revision")
    if stated:
        return str(stated)
    files = sorted(folder.glob("*.safetensors")) if weights == "trained" else []
    digest = hashlib.sha256()
    for file in files or [folder / "config.json"]:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]
