"""From a description and files to a model: strictly, or with random weights."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.base import BaseFacts, refuse_other_config
from gama_operations.models.gama.checkpoint import LoadReport, load_weights
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.faults import listed
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.plain_llama import PlainConfig, PlainLlama
from gama_operations.models.gama.weight_files import WeightSource, read_source

if TYPE_CHECKING:
    from transformers import PreTrainedModel

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A model on the CPU, in evaluation mode, and what loading it found."""

    model: Gama
    report: LoadReport
    base: BaseFacts | None
    """What the base is, where the description names one."""


def build_on_meta(config: GamaConfig, language_model: dict[str, Any], *, plain: bool = False) -> Gama:
    """The model without memory: names, shapes and counts only.

    With `plain` its language model is our own, where the config allows it.
    """
    allowed = PlainConfig.of(language_model) if plain else None
    with torch.device("meta"):
        if allowed is None:
            return Gama.from_config(config, language_model)
        return Gama(config, cast("PreTrainedModel", PlainLlama(allowed)))


def load_gama(folder: Path) -> Assembled:
    """The trained model of a folder.

    Raises:
        ModelInvalidError: config or weights do not make the model; every fault is named.
    """
    description = GamaFolder.read(folder)
    return assemble(description, *description.sources(folder))


def assemble(description: GamaFolder, *paths: Path, plain: bool = False) -> Assembled:
    """The model of the union of weights, for example a base folder and a stage checkpoint.

    What is out of the ordinary goes to the log as well as into the report. `plain` as in `build_on_meta`.

    Raises:
        ModelInvalidError: files do not make the model, or are another base's; every fault is named.
    """
    for path in paths:
        if path.is_dir():
            refuse_other_config(description.language_model, path)
    sources = [read_source(path) for path in paths]
    base = None
    if description.base is not None:
        base = BaseFacts.of(description.base, sources[0].tensors, description.default_prompt)
        if description.expects is not None:
            description.expects.refuse_other(base, description.base)
    model = build_on_meta(description.gama, description.language_model, plain=plain)
    report = load_weights(model, *sources)
    _fill_buffers(model)
    _tell(report, sources)
    return Assembled(model.eval().requires_grad_(requires_grad=False), report, base)


def random_gama(description: GamaFolder, seed: int) -> Gama:
    """The same architecture, freshly initialised: config.json alone is enough."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Gama.from_config(description.gama, description.language_model)
    return model.eval().requires_grad_(requires_grad=False)


def _tell(report: LoadReport, sources: list[WeightSource]) -> None:
    where = " and ".join(source.where for source in sources)
    if report.extras:
        log.warning(
            "%d tensors of %s belong to no part of the model and were left out: %s",
            len(report.extras),
            where,
            listed(report.extras),
        )
    for note in report.notes():
        log.warning("%s: %s", where, note)


def _fill_buffers(model: Gama) -> None:
    """Computes the buffers that no checkpoint holds (rotary frequencies), left on the meta device so far.

    Transformers fills them where it initialises a module; what is loaded is marked, and left alone.

    Raises:
        ModelInvalidError: transformers leaves one empty.
    """
    language_model = model.language_model
    for parameter in model.parameters():
        cast("Any", parameter)._is_hf_initialized = True  # noqa: SLF001 # transformers' mark
    for name, module in language_model.named_modules():
        absent = [key for key, buffer in module.named_buffers(recurse=False) if buffer.is_meta]
        for key in absent:
            empty = torch.full_like(cast("torch.Tensor", getattr(module, key)), torch.nan, device="cpu")
            module.register_buffer(key, empty, persistent=False)
        if absent:
            _initialise(language_model, module)
        left = [key for key in absent if bool(module.get_buffer(key).isnan().any())]
        if left:
            raise ModelInvalidError(
                f"the buffers {', '.join(left)} of {name} ({type(module).__name__}) are in no checkpoint, "
                "and transformers does not compute them from the config"
            )


def _initialise(language_model: nn.Module, module: nn.Module) -> None:
    initialise = language_model._init_weights  # noqa: SLF001 # the one place where transformers computes them
    cast("Any", initialise)(module)
