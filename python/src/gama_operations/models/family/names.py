"""Names and shapes of a folder's tensors against its config.json, on the meta device: no number is read."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightRenaming, rename_source_key

from gama_operations.models.family.folder import FamilyFolder, refuse_weights

ReadFile = Callable[[Path], dict[str, Tensor]]
"""Gives the tensors of a file, which may be on the meta device."""


def check_names(
    folder: FamilyFolder,
    kind: type[PreTrainedModel],
    read: ReadFile,
    unused: str | None = None,
    config: PreTrainedConfig | None = None,
) -> int:
    """Whether the files make the model, by the rules of `FamilyFolder.model`.

    Args:
        folder: The folder.
        kind: The model's class.
        read: How a file's tensors are had.
        unused: Regular expression of names of heads that the class does not have.
        config: Where it is a part of the folder's.

    Returns:
        The number of parameters.

    Raises:
        ModelInvalidError: tensors are missing, have other shapes, or belong to another architecture.
    """
    files = folder.weight_files()
    with torch.device("meta"):
        model = folder.build(kind, config or folder.config(cast("Any", kind).config_class))
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    tied: dict[str, str] = getattr(model, "all_tied_weights_keys", {})
    found = dict(_renamed(model, (pair for file in files for pair in read(file).items())))
    surplus = {name for name in found.keys() - wanted.keys() if not (unused and re.match(unused, name))}
    misshapen = [
        (name, tuple(found[name].shape), shape)
        for name, shape in wanted.items()
        if name in found and tuple(found[name].shape) != shape
    ]
    refuse_weights(folder.path, wanted.keys() - found.keys() - tied.keys(), surplus, misshapen)
    return sum(parameter.numel() for parameter in model.parameters())


def _renamed(model: PreTrainedModel, tensors: Iterator[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    """By the names that this version of transformers has for them."""
    transforms = get_model_conversion_mapping(model)
    renamings = [one for one in transforms if isinstance(one, WeightRenaming)]
    state = model.state_dict()
    for name, tensor in tensors:
        known, _ = rename_source_key(name, renamings, [], model.base_model_prefix, state)
        yield known, tensor
