"""Names and shapes in safetensors files, as tensors without memory: no number is read."""

from collections.abc import Collection
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.weight_files import read_weight_map

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def read_header(file: Path) -> dict[str, Tensor]:
    """The tensors of a file on the meta device.

    The library bounds the header's length, and checks that the tensors fill the file without gaps.

    Raises:
        ModelInvalidError: the file is no safetensors, is cut off, or has a type that we do not know.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 # not a dictionary
            return {
                name: torch.empty(part.get_shape(), dtype=_DTYPES[part.get_dtype()], device="meta")
                for name, part in slices.items()
            }
    except (SafetensorError, OSError, KeyError) as error:
        raise ModelInvalidError(
            f"{file} is no whole safetensors file: {type(error).__name__}: {error}"
        ) from error


def weight_files(folder: Path) -> list[Path]:
    """The files of a model's weights: the shards that its index names, else the one.

    Raises:
        ModelInvalidError: the index is damaged.
    """
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return [folder / "model.safetensors"]
    return [folder / shard for shard in sorted(set(read_weight_map(index).values()))]


def check_index(index: Path, files: Collection[Path]) -> None:
    """Does every shard hold the tensors that the index says?

    Args:
        index: To be checked.
        files: All that belong to the model.

    Raises:
        ModelInvalidError: the index is damaged, a shard or a tensor is missing, or a shard does not belong to
            the model.
    """
    weights = read_weight_map(index)
    strange = sorted({shard for shard in weights.values() if index.parent / shard not in files})
    if strange:
        raise ModelInvalidError(f"{index} names shards that are no files of the model: {', '.join(strange)}")
    shards = {shard: read_header(index.parent / shard).keys() for shard in sorted(set(weights.values()))}
    absent = [f"{name} in {shard}" for name, shard in weights.items() if name not in shards[shard]]
    if absent:
        raise ModelInvalidError(
            f"{index} names {len(absent)} tensors that are not there: {', '.join(absent[:5])}"
        )
