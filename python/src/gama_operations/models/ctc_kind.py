"""Which folders have a CTC head, and which of these heads can be used; from their JSON files alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from gama_operations.errors import ModelInvalidError

TOKENIZERS = ("Wav2Vec2CTCTokenizer", "Wav2Vec2Tokenizer")  # the second is the first's old name


def is_ctc(config: Mapping[str, Any]) -> bool:
    """Whether config.json names a class that ends in ForCTC."""
    named = config.get("architectures") or []
    return isinstance(named, list) and any(str(name).endswith("ForCTC") for name in named)


def unused_head(path: Path, config: Mapping[str, Any]) -> str | None:
    """Why the CTC head of a folder cannot be used; None where it can, or where there is none."""
    if not is_ctc(config):
        return None
    if config.get("add_adapter"):
        return "it does not transcribe: its CTC head stands behind an adapter, which is left out here"
    if not (path / "vocab.json").is_file():
        return "it does not transcribe: its CTC head came without vocab.json"
    settings = path / "tokenizer_config.json"
    named = _json(settings).get("tokenizer_class") if settings.is_file() else None
    if named not in (None, *TOKENIZERS):
        return f"it does not transcribe: its tokenizer is {named}, and {TOKENIZERS[0]} is read here"
    if any(isinstance(entry, dict) for entry in _json(path / "vocab.json").values()):
        return "it does not transcribe: its vocab.json has one vocabulary per language, with adapters"
    return None


def _json(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ModelInvalidError(f"{file} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise ModelInvalidError(f"{file} is no JSON object")
    return cast("dict[str, Any]", values)
