"""Reading the files of weights, strictly: `.safetensors`, or `.bin`, `.pth`, `.pt` by `weights_only`.

A source is a file (a stage checkpoint, or a state_dict of everything) or a Hugging Face folder (the language
model, or everything), whole or in shards.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from gama_operations.errors import ModelInvalidError

POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class WeightSource:
    """Tensors by the names that a file or a folder gives them."""

    where: str
    """The file or the folder, for messages."""
    tensors: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Found:
    """A tensor of a source."""

    name: str
    """As the file has it."""
    tensor: Tensor
    source: WeightSource


def read_source(path: Path) -> WeightSource:
    """The tensors of a file, or of a folder's `model.safetensors` or `pytorch_model.bin` or its shards.

    They are mapped, not read: values come from the disk when something looks at them.

    Raises:
        ModelInvalidError: nothing is there, a shard is missing, a file is damaged or holds more than tensors,
            or two shards hold a tensor of one name.
    """
    return WeightSource(str(path), _read_folder(path) if path.is_dir() else read_tensors(path))


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Tensors of one checkpoint file, by the names it uses.

    Raises:
        ModelInvalidError: the file is missing, damaged, or holds more than tensors.
    """
    if not file.is_file():
        raise ModelInvalidError(f"no such checkpoint file: {file}")
    _refuse_pointer(file)
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
    except (SafetensorError, OSError) as error:
        raise _unreadable(file, error) from error
    try:
        state = torch.load(file, map_location="cpu", weights_only=True, mmap=_zipped(file))
    except MemoryError:
        raise
    except Exception as error:  # a damaged pickle ends in whatever its opcodes run into
        raise _unreadable(file, error) from error
    return _tensors_only(file, state)


def _unreadable(file: Path, error: Exception) -> ModelInvalidError:
    return ModelInvalidError(
        f"{file} cannot be read as a checkpoint: {type(error).__name__}: {error}{_cut_off(file)}"
    )


def _refuse_pointer(file: Path) -> None:
    with file.open("rb") as stream:
        if stream.read(len(POINTER)) == POINTER:
            raise ModelInvalidError(
                f"{file} is a Git LFS pointer of {file.stat().st_size} bytes, and not the weights: fetch "
                "them with `git lfs pull`, or download the file itself"
            )


def _zipped(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(2) == b"PK"


def _cut_off(file: Path) -> str:
    """What the size tells: a safetensors header states it, and a zip archive ends in a table."""
    size = file.stat().st_size
    advice = "copy or download it again"
    if file.suffix != ".safetensors":
        cut = _zipped(file)
        return f"; its end is missing ({size} bytes are there): {advice}" if cut else ""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > size:
            return ""
        try:
            entries = json.loads(stream.read(length))
            whole = (
                8 + length + max(entry["data_offsets"][1] for entry in entries.values() if "dtype" in entry)
            )
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return ""
    return f"; it is cut off, {size} of {whole} bytes are there: {advice}" if size < whole else ""


def _tensors_only(file: Path, state: object) -> dict[str, Tensor]:
    if isinstance(state, dict):
        tensors = {str(name): value for name, value in state.items() if isinstance(value, Tensor)}
        if len(tensors) == len(state):
            for name, tensor in tensors.items():
                if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
                    raise ModelInvalidError(f"{file} holds {name} sparse, quantized or without its numbers")
            return tensors
    raise ModelInvalidError(f"{file} is not a flat dictionary of tensors")


def read_weight_map(index: Path) -> dict[str, str]:
    """Name of each tensor → the shard that holds it, a file beside the index.

    Raises:
        ModelInvalidError: the index is damaged, or names a shard that lies elsewhere or is of another format.
    """
    try:
        weights: object = json.loads(index.read_text())["weight_map"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelInvalidError(f"{index} names no shards: {type(error).__name__}: {error}") from error
    if not isinstance(weights, dict):
        raise ModelInvalidError(f"{index} names no shards: its weight_map is no object")
    suffix = Path(index.name.removesuffix(".index.json")).suffix
    for shard in cast("dict[str, object]", weights).values():
        # a file that came with a model may say what it likes: it must not make us read another's
        if not isinstance(shard, str) or Path(shard).name != shard or not shard.endswith(suffix):
            raise ModelInvalidError(f"{index} names the shard {shard!r}, which is no {suffix} file beside it")
    return cast("dict[str, str]", weights)


def _read_folder(folder: Path) -> dict[str, Tensor]:
    for stem in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{stem}.index.json"
        if index.is_file():
            return _joined([folder / shard for shard in sorted(set(read_weight_map(index).values()))])
        if (folder / stem).is_file():
            return read_tensors(folder / stem)
    raise ModelInvalidError(f"{folder} holds neither model.safetensors nor pytorch_model.bin")


def _joined(shards: list[Path]) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for shard in shards:
        more = read_tensors(shard)
        twice = sorted(tensors.keys() & more.keys())
        if twice:
            raise ModelInvalidError(
                f"{shard} holds {len(twice)} tensors that an earlier shard holds too, such as {twice[0]}: "
                "one of the two files does not belong into this folder"
            )
        tensors |= more
    return tensors
