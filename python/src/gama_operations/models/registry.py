"""Models by name: shipped ones, baselines, those of the store, and folders.

No model code is imported before a model is loaded: torch takes seconds.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from gama_operations.errors import InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models.family.catalogue import MODULES, check_model_type, load_family
from gama_operations.models.load_options import (
    Attention,
    Quantization,
    attention_of,
    check_quantization,
    choose_attention,
)
from gama_operations.models.revision import revision
from gama_operations.models.store.place import is_name, models_folder
from gama_operations.models.surface import AudioModel

Builtin = Literal["fbank", "mfcc-20"]
DType = Literal["float32", "bfloat16", "float16"]
Progress = Callable[[str, float, float], None]
"""Called with stage (`import`, `read`, `build`), done, total."""

QUANTIZATIONS: dict[str, DType] = {
    "8bit": "float16",  # what bitsandbytes multiplies in
    "4bit": "bfloat16",
    "": "float32",
    "none": "float32",
    "float32": "float32",
    "bfloat16": "bfloat16",
    "bf16": "bfloat16",
    "float16": "float16",
    "fp16": "float16",
}
"""What GAMA_QUANTIZATION may name, and the type that the rest of the weights then has."""

WEIGHTS = Path(__file__).parents[3] / "weights"
"""Where the shipped models lie in the repository."""


def resolve(model: str) -> Path | Builtin:
    """The folder of a model, or the name of a baseline.

    Raises:
        ModelNotFoundError: neither a baseline, nor a model that ships or lies in the store, nor a folder with
            a config.json.
    """
    if model in get_args(Builtin):
        return cast("Builtin", model)
    stored = [models_folder() / model] if is_name(model) else []
    try:
        for folder in (WEIGHTS / model, *stored, Path(model).expanduser()):
            if (folder / "config.json").is_file():
                return folder.resolve()
    except (OSError, RuntimeError) as error:  # too long, not to be entered, or the `~` of nobody
        raise ModelNotFoundError(f"no model {model!r}: {error}") from error
    shipped = sorted(file.parent.name for file in WEIGHTS.glob("*/config.json"))
    there = sorted(file.parent.name for file in models_folder().glob("*/config.json"))
    raise ModelNotFoundError(
        f"no model {model!r}: not one of {', '.join([*shipped, *get_args(Builtin), *there])}, "
        "and not a folder with a config.json; `grym-synth model download` and `model add` bring others",
        shipped=shipped,
        stored=there,
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

    Returns:
        One name for one device: `cuda` becomes `cuda:0`.
    """
    import torch

    try:
        kind = torch.device(device)
    except RuntimeError as error:
        raise InvalidRequestError(f"no device {device!r}: {error}") from error
    if kind.type == "cuda" and (kind.index or 0) >= torch.cuda.device_count():
        raise InvalidRequestError(
            f"no device {device!r}: torch sees {torch.cuda.device_count()} CUDA devices; ask for `cpu`, or "
            "see `nvidia-smi` and whether torch was installed with CUDA"
        )
    if kind.type == "cuda":
        # convolutions would round to 10 bits otherwise, and differ from the CPU in the third digit
        torch.backends.cudnn.allow_tf32 = False
        return f"cuda:{kind.index or 0}"
    if kind.type == "mps" and torch.backends.mps.is_available():
        return "mps"
    if kind.type != "cpu":
        raise InvalidRequestError(f"no device {device!r} here: ask for `cpu`, `cuda` or `cuda:1`")
    return "cpu"


def default_dtype(folder: Path, quantization: Quantization | None = None) -> DType:
    """float32; for a GAMA what its quantization computes in, else what GAMA_QUANTIZATION names.

    Args:
        folder: Of the model.
        quantization: As it was asked for; None leaves it to GAMA_QUANTIZATION.

    Raises:
        InvalidRequestError: it names something that we cannot do.
        ModelInvalidError: config.json cannot be read.
    """
    named = os.environ.get("GAMA_QUANTIZATION", "")
    if read_config(folder)["model_type"] != "gama":
        return "float32"
    if named.lower() not in QUANTIZATIONS:
        raise InvalidRequestError(
            f"GAMA_QUANTIZATION={named} is none of {', '.join(filter(None, QUANTIZATIONS))}: set it to one "
            "of them, or unset it"
        )
    if quantization is None:
        return QUANTIZATIONS[named.lower()]
    if quantization == "none" and named.lower() in ("8bit", "4bit"):
        return "float32"  # what goes with weights of few bits, which are not wanted, says nothing of others
    return QUANTIZATIONS[named.lower() if quantization == "none" else quantization]


def default_quantization(folder: Path) -> Quantization:
    """`none`; for a GAMA what GAMA_QUANTIZATION names.

    Raises:
        ModelInvalidError: config.json cannot be read.
    """
    named = os.environ.get("GAMA_QUANTIZATION", "").lower()
    if named not in ("8bit", "4bit") or read_config(folder)["model_type"] != "gama":
        return "none"
    return named


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


def model_id(model: str, weights: Literal["trained", "random"], seed: int) -> str:
    """The id that a model gets when it is loaded: its folder's name, and the seed of random weights."""
    found = resolve(model)
    if isinstance(found, str):
        return found
    return found.name if weights == "trained" else f"{found.name}@random-{seed}"


def load(
    model: str,
    *,
    device: str | None = None,
    dtype: DType | None = None,
    weights: Literal["trained", "random"] = "trained",
    seed: int = 0,
    attention: Attention | None = None,
    quantization: Quantization | None = None,
    progress: Progress | None = None,
) -> AudioModel:
    """Loads a model.

    Args:
        model: `gama-tiny`, `wav2vec2-tiny`, `fbank`, `mfcc-20`, or a folder with a config.json.
        device: As torch names it; default `default_device()`.
        dtype: Of the weights, default that of `default_dtype`; GAMA's audio stack stays float32.
        weights: `random` for the same architecture, freshly initialised from `seed`.
        seed: Of the random weights.
        attention: As transformers names it; default what transformers chooses.
        quantization: Of GAMA's language model, on CUDA; default `default_quantization`.
        progress: Told of the stages import, read, build.

    Raises:
        ModelNotFoundError: no such model.
        ModelInvalidError: its files do not make a model; missing tensors are named.
        InvalidRequestError: no such device, or GAMA_QUANTIZATION names nothing that we know.
        CapabilityError: that quantization or attention cannot be had here, or not for this model.
    """
    report = progress or _unreported
    found = resolve(model)
    if isinstance(found, str):
        from gama_operations.models.mel_statistics import MelStatistics

        return MelStatistics(found)
    config = read_config(found)
    report("import", 0, 3)
    narrowed = default_dtype(
        found, quantization
    )  # also where a dtype is given: a wish that cannot be met is told
    dtype = dtype or narrowed
    where = checked_device(device or default_device())
    quantized = quantization or default_quantization(found)
    check_quantization(quantized, where, config["model_type"])
    check_model_type(config["model_type"])
    if config["model_type"] in MODULES:
        report("read", 1, 3)
        member = load_family(found, config, device=where, dtype=dtype, weights=weights, seed=seed)
        choose_attention(member.transformer, attention)
        member.info = replace(member.info, attention=attention_of(member.transformer))
        report("build", 3, 3)
        return member
    if config["model_type"] != "gama":
        from gama_operations.models.wav2vec2 import load_wav2vec2
        from gama_operations.models.wav2vec2_ctc import with_ctc_head

        report("read", 1, 3)
        encoder = load_wav2vec2(
            found, device=where, dtype=dtype, weights=weights, seed=seed, attention=attention
        )
        loaded = with_ctc_head(encoder, found, config, weights=weights, seed=seed)
        report("build", 3, 3)
        return loaded
    from gama_operations.models.gama.adapter import Identity
    from gama_operations.models.gama.loading import load_gama_model

    report("read", 1, 3)
    identity = Identity(
        model_id(model, weights, seed), revision(found, config, weights), weights, where, dtype
    )
    report("build", 2, 3)
    gama = load_gama_model(found, identity=identity, seed=seed, attention=attention, quantization=quantized)
    report("build", 3, 3)
    return gama


def _unreported(_stage: str, _done: float, _total: float) -> None:
    """Progress that nobody asked for."""
