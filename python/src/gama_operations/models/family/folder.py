"""A folder of transformers, read strictly: config.json, safetensors, and the files of its processor.

transformers itself renames the tensors of older files. What it would fill with noise and a warning, a
missing or misshapen tensor, is an error here. No code of the folder is run, and nothing is downloaded.
"""

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.utils import logging

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.weight_files import read_weight_map
from gama_operations.models.revision import revision
from gama_operations.models.surface import ModelInfo

UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, StrictDataclassError)
"""What transformers raises over files that it cannot use."""
_Processor = TypeVar("_Processor")
_Config = TypeVar("_Config", bound=PreTrainedConfig)


@dataclass(frozen=True, slots=True)
class FamilyFolder:
    """A folder, and how its model is wanted."""

    path: Path
    values: dict[str, Any]
    """config.json as it stands."""
    device: str = "cpu"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    weights: Literal["trained", "random"] = "trained"
    seed: int = 0

    def model(
        self,
        kind: type[PreTrainedModel],
        unused: str | None = None,
        config: PreTrainedConfig | None = None,
    ) -> tuple[PreTrainedModel, tuple[str, ...]]:
        """The model on its device, in evaluation mode, and the names that none of it uses.

        Args:
            kind: Its class.
            unused: Regular expression of names of heads that the class does not have.
            config: Where it is a part of the folder's.

        Raises:
            ModelInvalidError: tensors are missing, have other shapes, or belong to another architecture.
        """
        config = config or self.config(cast("type[PreTrainedConfig]", kind.config_class))
        if self.weights == "random":
            model, extras = self.build(kind, config), ()
        else:
            model, extras = self._read(kind, config, unused)
        placed = cast("PreTrainedModel", cast("Any", model).to(self.device))
        return placed.eval().requires_grad_(requires_grad=False), extras

    def processor(self, kind: type[_Processor]) -> _Processor:
        """The processor or feature extractor of the folder.

        Raises:
            ModelInvalidError: its files are missing or make none.
        """
        try:
            return cast("Any", kind).from_pretrained(
                self.path, local_files_only=True, trust_remote_code=False
            )
        except UNREADABLE as error:
            raise ModelInvalidError(
                f"{self.path} makes no {kind.__name__}: {error}. Put the processor's files there: "
                "preprocessor_config.json or processor_config.json, and those of the tokenizer"
            ) from error

    def info(self, model: PreTrainedModel, extras: tuple[str, ...], **facts: Any) -> ModelInfo:
        """Facts about the model; `facts` are those that its module knows.

        Raises:
            ModelInvalidError: config.json asks for a default layer that is not there.
        """
        layers: tuple[str, ...] = facts["layers"]
        ours = self.values.get("grym", {})
        stated = ours.get("embedding_layer", facts["default_layer"])
        default = f"hidden.{stated}" if isinstance(stated, int) else str(stated)
        if default not in layers:
            raise ModelInvalidError(
                f"{self.path / 'config.json'}: grym.embedding_layer {stated!r} is none of {', '.join(layers)}"
            )
        trained = self.weights == "trained"
        named: dict[str, Any] = facts | {
            "model_id": self.path.name if trained else f"{self.path.name}@random-{self.seed}",
            "revision": revision(self.path, self.values, self.weights),
            "default_layer": default,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "extras": extras,
        }
        return ModelInfo(weights=self.weights, device=self.device, dtype=self.dtype, **named)

    def config(self, kind: type[_Config]) -> _Config:
        """What config.json says.

        Raises:
            ModelInvalidError: it does not fit.
        """
        try:
            return cast("Any", kind).from_pretrained(self.path, local_files_only=True)
        except UNREADABLE as error:
            raise ModelInvalidError(f"{self.path / 'config.json'} is no {kind.__name__}: {error}") from error

    def weight_files(self) -> list[Path]:
        """Its safetensors.

        Raises:
            ModelInvalidError: there are none, or its index names files that lie elsewhere.
        """
        index = self.path / "model.safetensors.index.json"
        if index.is_file():
            read_weight_map(index)  # transformers would follow it anywhere
        if files := sorted(self.path.glob("*.safetensors")):
            return files
        pickles = ", ".join(file.name for file in sorted(self.path.glob("*.bin")))
        found = f" (only {pickles}: `grym-synth model add {self.path}` converts it)" if pickles else ""
        raise ModelInvalidError(f"{self.path} holds no .safetensors file{found}")

    def build(self, kind: type[PreTrainedModel], config: PreTrainedConfig) -> PreTrainedModel:
        """The model, freshly initialised from the seed.

        Raises:
            ModelInvalidError: the config makes none.
        """
        before = torch.get_default_dtype()
        torch.set_default_dtype(getattr(torch, self.dtype))  # as from_pretrained does it
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)
                return kind(config)
        except (*UNREADABLE, ZeroDivisionError) as error:
            raise ModelInvalidError(f"{self.path / 'config.json'} makes no model: {error}") from error
        finally:
            torch.set_default_dtype(before)

    def _read(
        self, kind: type[PreTrainedModel], config: PreTrainedConfig, unused: str | None
    ) -> tuple[PreTrainedModel, tuple[str, ...]]:
        self.weight_files()
        try:
            with _silent():  # what it would warn of, `report` has, and it is told below
                model, report = cast("Any", kind).from_pretrained(
                    self.path,
                    config=config,
                    dtype=getattr(torch, self.dtype),
                    local_files_only=True,
                    use_safetensors=True,
                    ignore_mismatched_sizes=True,  # they are errors below, by name
                    output_loading_info=True,
                )
        except (*UNREADABLE, SafetensorError, RuntimeError, ZeroDivisionError) as error:
            raise ModelInvalidError(f"The weights in {self.path} cannot be read: {error}") from error
        extras = sorted(report["unexpected_keys"])
        heads = [name for name in extras if unused and re.match(unused, name)]
        surplus = set(extras) - set(heads)
        refuse_weights(self.path, report["missing_keys"], surplus, report["mismatched_keys"])
        if errors := report["error_msgs"]:
            said = "; ".join(map(str, errors))
            raise ModelInvalidError(f"The weights in {self.path} cannot be read: {said}")
        return model, tuple(heads)


def refuse_weights(
    path: Path,
    missing: Iterable[str],
    surplus: Iterable[str],
    misshapen: Iterable[tuple[str, Iterable[int], Iterable[int]]],
) -> None:
    """Names what keeps tensors from making a model; `misshapen` with the shape there and the one wanted.

    Raises:
        ModelInvalidError: anything does.
    """
    shapes = [f"{name} {list(there)} instead of {list(wanted)}" for name, there, wanted in misshapen]
    for what, names in (("lacks", missing), ("also holds", surplus), ("holds misshapen", shapes)):
        if named := sorted(names):
            more = f" and {len(named) - 5} more" if len(named) > 5 else ""
            raise ModelInvalidError(
                f"The weights in {path} do not fit its config.json: it {what} {', '.join(named[:5])}{more}",
                tensors=named,
            )


@contextmanager
def _silent() -> Generator[None]:
    logging.disable_progress_bar()
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)
