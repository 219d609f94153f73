"""Reading and writing GAMA's weights: strictly, by official names.

Forms read: one state_dict of everything; a base folder (the language model) and a stage checkpoint (the
audio stack and LoRA); our own folder (config.json + model.safetensors). `.safetensors`, or `.bin`, `.pth`,
`.pt` opened with `weights_only`.
"""

import json
import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.tensor_names import SAVED_BUFFERS, canonical, official, ours

NAMES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading found beyond the tensors that it needed."""

    loaded: int
    buffers: tuple[str, ...]
    """Saved buffers of old checkpoints that are computed anew."""
    extras: tuple[str, ...]
    """Names that belong to no tensor of the model."""


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - NAMES_SHOWN} more" if len(ordered) > NAMES_SHOWN else ""
    return ", ".join(ordered[:NAMES_SHOWN]) + more


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Tensors of one checkpoint file, by the names it uses.

    Raises:
        ModelInvalidError: the file is missing, damaged, or holds more than tensors.
    """
    if not file.is_file():
        raise ModelInvalidError(f"no such checkpoint file: {file}")
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True, mmap=_zipped(file))
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise ModelInvalidError(f"{file} cannot be read as a checkpoint: {error}") from error
    return _tensors_only(file, state)


def _zipped(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(2) == b"PK"


def _tensors_only(file: Path, state: object) -> dict[str, Tensor]:
    if isinstance(state, dict):
        tensors = {str(name): value for name, value in state.items() if isinstance(value, Tensor)}
        if len(tensors) == len(state):
            return tensors
    raise ModelInvalidError(f"{file} is not a flat dictionary of tensors")


def _shards(index: Path) -> list[str]:
    try:
        return sorted(set(json.loads(index.read_text())["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelInvalidError(f"{index} names no shards: {type(error).__name__}: {error}") from error


def read_folder(folder: Path) -> dict[str, Tensor]:
    """Tensors of a Hugging Face folder: one file, or the shards that its index names.

    Raises:
        ModelInvalidError: no weights are there, or a shard is missing.
    """
    for stem in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{stem}.index.json"
        if index.is_file():
            shards = _shards(index)
            return {name: tensor for shard in shards for name, tensor in read_tensors(folder / shard).items()}
        if (folder / stem).is_file():
            return read_tensors(folder / stem)
    raise ModelInvalidError(f"{folder} holds neither model.safetensors nor pytorch_model.bin")


def read_weights(*sources: Path) -> dict[str, Tensor]:
    """Union of folders and files by official name; a later source replaces an earlier one's tensors."""
    return {
        canonical(name): tensor
        for source in sources
        for name, tensor in (read_folder(source) if source.is_dir() else read_tensors(source)).items()
    }


def load_weights(model: Gama, tensors: dict[str, Tensor]) -> LoadReport:
    """Loads tensors in any accepted naming; a model built on the meta device takes them as they are.

    Raises:
        ModelInvalidError: a tensor of the model is missing or has another shape (all are named), or the
            checkpoint holds LoRA adapters that the config does not have.
    """
    found = {canonical(name): tensor for name, tensor in tensors.items()}
    wanted = {official(name): tensor for name, tensor in model.state_dict().items()}
    missing = set(wanted) - set(found) - _tied(model)
    if missing:
        raise ModelInvalidError(
            f"{len(missing)} of {len(wanted)} tensors are missing: {_listed(missing)}",
            missing=sorted(missing),
        )
    wrong = [
        f"{name} is {list(found[name].shape)}, expected {list(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in found and found[name].shape != tensor.shape
    ]
    if wrong:
        raise ModelInvalidError(f"{len(wrong)} tensors have the wrong shape: {_listed(wrong)}")
    unknown = set(found) - set(wanted)
    buffers = {name for name in unknown if name.endswith(SAVED_BUFFERS)}
    adapters = {name for name in unknown if ".lora_" in name}
    if adapters:
        raise ModelInvalidError(f"LoRA adapters in the checkpoint, none in the config: {_listed(adapters)}")
    state = {ours(name): found[name] for name in wanted if name in found}
    model.load_state_dict(state, strict=False, assign=_on_meta(model))
    model.language_model.tie_weights()
    return LoadReport(len(state), tuple(sorted(buffers)), tuple(sorted(unknown - buffers)))


def _tied(model: Gama) -> set[str]:
    """Names that a checkpoint may leave out, because another tensor is the same one."""
    tied = getattr(model.language_model.config, "tie_word_embeddings", False)
    return {official("language_model.lm_head.weight")} if tied else set()


def _on_meta(model: Gama) -> bool:
    return next(model.parameters()).is_meta


def official_state(model: Gama) -> dict[str, Tensor]:
    """All tensors by official name; a tied output matrix is left out."""
    return {
        official(name): tensor.detach().contiguous()
        for name, tensor in model.state_dict().items()
        if official(name) not in _tied(model)
    }


def save_weights(model: Gama, file: Path) -> None:
    """Writes `official_state` as safetensors."""
    save_file(official_state(model), file, metadata={"format": "pt"})
