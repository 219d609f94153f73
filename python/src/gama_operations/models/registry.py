"""Models by name: shipped ones, baselines, and folders.

No model code is imported before a model is loaded: torch takes seconds.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast, get_args

from gama_operations.errors import InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models.surface import AudioModel

Builtin = Literal["fbank", "mfcc-20"]
DType = Literal["float32", "bfloat16", "float16"]
Progress = Callable[[str, float, float], None]
"""Called with stage (`import`, `read`, `build`), done, total."""

WEIGHTS = Path(__file__).parents[3] / "weights"
"""Where the shipped models lie in the repository."""


def resolve(model: str) -> Path | Builtin:
    """The folder of a model, or the name of a baseline.

    Raises:
        ModelNotFoundError: neither a baseline, nor a shipped model, nor a folder with a config.json.
    """
    if model in get_args(Builtin):
        return cast("Builtin", model)
    for folder in (WEIGHTS / model, Path(model).expanduser()):
        if (folder / "config.json").is_file():
            return folder.resolve()
    shipped = sorted(file.parent.name for file in WEIGHTS.glob("*/config.json"))
    raise ModelNotFoundError(
        f"no model {model!r}: not one of {', '.join([*shipped, *get_args(Builtin)])}, "
        "and not a folder with a config.json",
        shipped=shipped,
    )


def default_device() -> str:
    """GRYM_DEVICE, else GAMA_DEVICE, else CUDA where there is one, else the CPU."""
    chosen = os.environ.get("GRYM_DEVICE") or os.environ.get("GAMA_DEVICE")
    if chosen:
        return chosen
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def checked_device(device: str) -> str:
    """The device, when this machine has it.

    Raises:
        InvalidRequestError: the name is none of torch's, or the device is not there.
    """
    import torch

    try:
        kind = torch.device(device)
    except RuntimeError as error:
        raise InvalidRequestError(f"no device {device!r}: {error}") from error
    if kind.type == "cuda" and (kind.index or 0) >= torch.cuda.device_count():
        raise InvalidRequestError(
            f"no device {device!r}: torch sees {torch.cuda.device_count()} CUDA devices"
        )
    return device


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


def read_config(folder: Path) -> dict[str, Any]:
    """A folder's config.json.

    Raises:
        ModelInvalidError: it is not a JSON object with a `model_type`.
    """
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ModelInvalidError(f"{file} cannot be read: {error}") from error
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise ModelInvalidError(f"{file} states no model_type")
    return cast("dict[str, Any]", config)


def load(
    model: str,
    *,
    device: str | None = None,
    dtype: DType = "float32",
    weights: Literal["trained", "random"] = "trained",
    seed: int = 0,
    progress: Progress | None = None,
) -> AudioModel:
    """Loads a model.

    Args:
        model: `gama-tiny`, `wav2vec2-tiny`, `fbank`, `mfcc-20`, or a folder with a config.json.
        device: As torch names it; default `default_device()`.
        dtype: Of the weights; GAMA's audio stack stays float32.
        weights: `random` for the same architecture, freshly initialised from `seed`.
        seed: Of the random weights.
        progress: Told of the stages import, read, build.

    Raises:
        ModelNotFoundError: no such model.
        ModelInvalidError: its files do not make a model; missing tensors are named.
        InvalidRequestError: no such device.
    """
    report = progress or _unreported
    found = resolve(model)
    if isinstance(found, str):
        from gama_operations.models.mel_statistics import MelStatistics

        return MelStatistics(found)
    config = read_config(found)
    report("import", 0, 3)
    where = checked_device(device or default_device())
    if config["model_type"] != "gama":
        from gama_operations.models.wav2vec2 import load_wav2vec2

        report("read", 1, 3)
        loaded = load_wav2vec2(found, device=where, dtype=dtype, weights=weights, seed=seed)
        report("build", 3, 3)
        return loaded
    from gama_operations.models.gama.adapter import Identity
    from gama_operations.models.gama.loading import load_gama_model

    report("read", 1, 3)
    name = found.name if weights == "trained" else f"{found.name}@random-{seed}"
    identity = Identity(name, revision(found, config, weights), weights, where, dtype)
    report("build", 2, 3)
    gama = load_gama_model(found, identity=identity, seed=seed)
    report("build", 3, 3)
    return gama


def _unreported(_stage: str, _done: float, _total: float) -> None:
    """Progress that nobody asked for."""
