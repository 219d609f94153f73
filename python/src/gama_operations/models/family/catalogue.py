"""Which folders of transformers become which models; no model code is imported before one is loaded."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gama_operations.errors import CapabilityError, ModelInvalidError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gama_operations.models.family.folder import FamilyFolder
    from gama_operations.models.family.language_model import AudioLanguageModel
    from gama_operations.models.family.names import ReadFile
    from gama_operations.models.family.window_encoder import WindowEncoder
    from gama_operations.models.surface import Capability

ENCODERS = ("wav2vec2", "hubert", "wavlm")
"""`model_type`s that `models/wav2vec2.py` loads."""
MODULES = {
    "audio-spectrogram-transformer": "ast",
    "clap": "clap",
    "whisper": "whisper",
    "qwen2_audio": "qwen2_audio",
    "audioflamingo3": "audio_flamingo3",
}
"""`model_type` of config.json → module here that loads it."""
_EMBED: "tuple[Capability, ...]" = ("embed",)
_ALL: "tuple[Capability, ...]" = ("embed", "describe", "score")
CAPABILITIES: "dict[str, tuple[Capability, ...]]" = {
    "gama": _ALL,
    **dict.fromkeys(ENCODERS, _EMBED),
    **dict.fromkeys(("audio-spectrogram-transformer", "clap", "whisper"), _EMBED),
    **dict.fromkeys(("qwen2_audio", "audioflamingo3"), _ALL),
}
"""`model_type` → what such models can do, before one is loaded; a loaded one says it for itself."""
REFUSED = {
    "voxtral": "its processor needs the package mistral-common (`.venv/bin/pip install mistral-common`), "
    "which up to Python 3.12 wants an older numpy than the one locked here, so that nobody has tried it",
}
"""`model_type` → why it is known and yet not loaded."""


def load_family(path: Path, config: dict[str, Any], **options: Any) -> "WindowEncoder | AudioLanguageModel":
    """Loads a folder whose `model_type` is in MODULES.

    Args:
        path: The folder.
        config: Its config.json.
        options: Of `FamilyFolder`: device, dtype, weights, seed.

    Raises:
        ModelInvalidError: its files do not make the model; missing tensors are named.
    """
    from gama_operations.models.family.folder import FamilyFolder

    module = import_module(f"{__package__}.{MODULES[config['model_type']]}")
    load = cast("Callable[[FamilyFolder], WindowEncoder | AudioLanguageModel]", module.load)
    return load(FamilyFolder(path=path, values=config, **options))


def check_family(path: Path, config: dict[str, Any], read: "ReadFile") -> int:
    """Whether names and shapes of a folder's tensors make its model; no number is needed.

    Args:
        path: The folder, whose `model_type` is in MODULES.
        config: Its config.json.
        read: Gives the tensors of a file, which may be on the meta device.

    Returns:
        The number of parameters.

    Raises:
        ModelInvalidError: what `load_family` would say.
    """
    from gama_operations.models.family.folder import FamilyFolder

    module = import_module(f"{__package__}.{MODULES[config['model_type']]}")
    check = cast("Callable[[FamilyFolder, ReadFile], int]", module.check)
    return check(FamilyFolder(path=path, values=config), read)


def check_model_type(model_type: str) -> None:
    """Whether there is code here for such a model.

    Raises:
        CapabilityError: it is one of REFUSED.
        ModelInvalidError: nobody has tried it.
    """
    if why := REFUSED.get(model_type):
        raise CapabilityError(f"models of the type {model_type} cannot be loaded: {why}")
    if model_type not in CAPABILITIES:
        raise ModelInvalidError(
            f"model_type {model_type!r} of config.json is none of {', '.join(CAPABILITIES)}; docs/models.md "
            "says what is known of others"
        )
