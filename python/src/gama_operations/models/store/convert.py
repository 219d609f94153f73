"""Pickles become safetensors, once: no pickle is opened when a model is loaded.

A pickle can run code when it is read; these are read with `weights_only`, which makes nothing but tensors.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.weight_files import read_tensors, read_weight_map
from gama_operations.models.store.choose import is_pickle, safe_path
from gama_operations.models.store.watch import Watch


def convert(pickle: Path, target: Path) -> None:
    """Writes the tensors of a pickle as safetensors, under the same names.

    Raises:
        ModelInvalidError: it is damaged, or holds more than tensors that safetensors can hold.
        OSError: it could not be written.
    """
    tensors = read_tensors(pickle)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        save_file(_each_its_own(tensors), target, metadata={"format": "pt"})
    except KeyError as error:
        raise ModelInvalidError(f"{pickle} holds numbers of {error}, which safetensors has not") from error
    except SafetensorError as error:
        number = re.search(r"\(os error (\d+)\)", str(error))  # the library has no other place for it
        if number is None:
            raise
        raise OSError(int(number[1]), str(error)) from error


def _each_its_own(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that overlap in memory (tied matrices, views) are copied: safetensors has no sharing."""
    seen: set[int] = set()
    own: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        storage = tensor.untyped_storage().data_ptr()
        # transposed tensors are written as they read
        whole = tensor.contiguous()
        own[name] = whole.clone(memory_format=torch.contiguous_format) if storage in seen else whole
        seen.add(storage)
    return own


def convert_index(index: Path, target: Path) -> None:
    """Writes the index of pickled shards again, with the names that their safetensors have.

    Raises:
        ModelInvalidError: it is damaged.
    """
    weights = read_weight_map(index)
    values = json.loads(index.read_text())
    values["weight_map"] = {name: safe_path(shard) for name, shard in weights.items()}
    target.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")


def convert_all(sources: Sequence[tuple[Path, str]], folder: Path, watch: Watch) -> dict[str, str]:
    """Converts pickles and their indices into a folder.

    Args:
        sources: Where each lies, and its path in the model.
        folder: Of the model.
        watch: Told of each file.

    Returns:
        Path of each pickle → path of what was made from it.
    """
    made: dict[str, str] = {}
    for number, (file, path) in enumerate(sources):
        watch.check()
        watch.report("convert", number, len(sources), "files", path)
        made[path] = safe_path(path)
        (convert if is_pickle(path) else convert_index)(file, folder / made[path])
    watch.report("convert", len(sources), len(sources), "files", "")
    return made
