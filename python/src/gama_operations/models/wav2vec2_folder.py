"""A folder of transformers: config.json, safetensors, perhaps preprocessor_config.json.

Loading is strict: transformers fills a missing tensor with noise and a warning, here it is an error.
Only safetensors are read, and no code of the folder is run. Transformers is imported for what we do not
compute ourselves (`wav2vec2_sizes.py`), and for random weights, which it draws: it takes 3 s and 145 MB.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from gama_operations.errors import ModelInvalidError
from gama_operations.models.wav2vec2_packed import PackedEncoder
from gama_operations.models.wav2vec2_sizes import EncoderSizes

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

ReadFile = Callable[[Path], dict[str, Tensor]]
MODEL_TYPES = ("wav2vec2", "hubert", "wavlm")

# only training masks frames, so a file may lack the mask's vector
_TRAINING_ONLY = frozenset({"masked_spec_embed"})
# weight_norm wrote these names until PyTorch 2.0
_OLD_NAMES = {
    ".conv.weight_g": ".conv.parametrizations.weight.original0",
    ".conv.weight_v": ".conv.parametrizations.weight.original1",
}


@dataclass(frozen=True, slots=True)
class Wav2Vec2Folder:
    """What the folder's JSON files say."""

    path: Path
    values: dict[str, Any]
    """config.json as it stands."""
    sizes: EncoderSizes | None
    """None for what only transformers computes."""
    layers: int
    width: int
    convolutions: tuple[tuple[int, int], ...]
    """Kernel and stride of each, from the samples on."""
    sample_rate: int
    normalise: bool
    default_layer: str

    @classmethod
    def read(cls, path: Path) -> "Wav2Vec2Folder":
        """Reads config.json and preprocessor_config.json.

        Raises:
            ModelInvalidError: they do not describe one of MODEL_TYPES.
        """
        values = _json(path / "config.json")
        kind = values.get("model_type")
        if kind not in MODEL_TYPES:
            raise ModelInvalidError(f"{path}: model_type {kind!r} is none of {', '.join(MODEL_TYPES)}")
        preprocessor = path / "preprocessor_config.json"
        says = _json(preprocessor) if preprocessor.is_file() else {}
        sizes = EncoderSizes.of(values)
        facts: Any = sizes or _config(path, values)
        return cls(
            path=path,
            values=values,
            sizes=sizes,
            layers=int(facts.num_hidden_layers),
            width=int(facts.hidden_size),
            convolutions=tuple(zip(facts.conv_kernel, facts.conv_stride, strict=True)),
            sample_rate=int(says.get("sampling_rate", 16_000)),
            normalise=bool(says.get("do_normalize", True)),
            default_layer=_default_layer(path, values, int(facts.num_hidden_layers)),
        )

    def build(self, weights: Literal["trained", "random"], seed: int) -> "PreTrainedModel":
        """The encoder of transformers, on the CPU, in evaluation mode.

        Raises:
            ModelInvalidError: tensors are missing, have other shapes, or belong to another architecture.
        """
        if weights == "random":
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                model = self._architecture()
        else:
            with torch.device("meta"):
                model = self._architecture()
            _fill(model, self._tensors(model.base_model_prefix, _read), self.path)
        return cast("PreTrainedModel", model.eval().requires_grad_(requires_grad=False))

    def build_packed(self, weights: Literal["trained", "random"], seed: int) -> PackedEncoder:
        """The same encoder as we compute it, to be frozen; where there are `sizes`.

        Raises:
            ModelInvalidError: what `build` would say.
        """
        model = self._packed()
        if weights == "random":
            tensors = self.build(weights, seed).state_dict()
        else:
            tensors = self._tensors(model.base_model_prefix, _read)
        _fill(model, tensors, self.path)
        return model

    def check(self, read: ReadFile) -> int:
        """Whether names and shapes make the encoder, by the rules of `build`; no number is needed.

        Args:
            read: Gives the tensors of a file, which may be on the meta device.

        Returns:
            The number of parameters.

        Raises:
            ModelInvalidError: what `build` would say.
        """
        if self.sizes is None:
            with torch.device("meta"):
                model = self._architecture()
        else:
            model = self._packed()
        with torch.device("meta"):
            _fill(model, self._tensors(model.base_model_prefix, read), self.path)
        return sum(parameter.numel() for parameter in model.parameters())

    def _packed(self) -> PackedEncoder:
        with torch.device("meta"):
            return PackedEncoder(cast("EncoderSizes", self.sizes), str(self.values["model_type"]))

    def _architecture(self) -> Any:
        from transformers import AutoModel

        config = _config(self.path, self.values)
        try:
            return AutoModel.from_config(config, trust_remote_code=False)
        except (TypeError, ValueError, ZeroDivisionError) as error:
            raise ModelInvalidError(f"{self.path / 'config.json'} makes no model: {error}") from error

    def _tensors(self, prefix: str, read: ReadFile) -> dict[str, Tensor]:
        """The tensors by the names that the bare encoder has; heads (`lm_head`, `quantizer`) left out."""
        files = sorted(self.path.glob("*.safetensors"))
        if not files:
            pickles = ", ".join(file.name for file in sorted(self.path.glob("*.bin")))
            found = f" (only {pickles}: `grym-synth model add {self.path}` converts it)" if pickles else ""
            raise ModelInvalidError(f"{self.path} holds no .safetensors file{found}")
        tensors: dict[str, Tensor] = {}
        for file in files:
            tensors |= read(file)
        start = f"{prefix}."
        if any(name.startswith(start) for name in tensors):
            tensors = {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}
        return {_modern(name): tensor for name, tensor in tensors.items() if not name.startswith("adapter.")}


def _config(path: Path, values: dict[str, Any]) -> "PreTrainedConfig":
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig

    kind = values["model_type"]
    try:
        # for_model fills in the type's defaults; an adapter only shortens the output for sequence tasks
        others = {key: value for key, value in values.items() if key != "model_type"}
        return AutoConfig.for_model(kind, **others | {"add_adapter": False})
    except (TypeError, ValueError, KeyError, StrictDataclassError) as error:
        raise ModelInvalidError(f"{path / 'config.json'} is no {kind} config: {error}") from error


def _read(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise ModelInvalidError(f"{file} cannot be read: {error}") from error


def _fill(model: Any, tensors: dict[str, Tensor], path: Path) -> None:
    """Puts the tensors in place; every one of them must fit, and none may be missing."""
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    missing = sorted(wanted.keys() - tensors.keys() - _TRAINING_ONLY)
    surplus = sorted(tensors.keys() - wanted.keys() - _TRAINING_ONLY)
    misshapen = [
        f"{name} {list(tensors[name].shape)} instead of {list(shape)}"
        for name, shape in wanted.items()
        if name in tensors and tuple(tensors[name].shape) != shape
    ]
    for what, names in (("lacks", missing), ("also holds", surplus), ("holds misshapen", misshapen)):
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            raise ModelInvalidError(
                f"The weights in {path} do not fit its config.json: it {what} {', '.join(names[:5])}{more}",
                tensors=names,
            )
    unused = {
        name: torch.zeros(shape) for name, shape in wanted.items() if name in _TRAINING_ONLY - tensors.keys()
    }
    kept = {name: tensor for name, tensor in tensors.items() if name in wanted}
    model.load_state_dict(kept | unused, assign=True)


def _modern(name: str) -> str:
    for old, new in _OLD_NAMES.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _default_layer(path: Path, values: dict[str, Any], layers: int) -> str:
    """What `"grym": {"embedding_layer": ...}` in config.json says, a name or a number; else the middle."""
    ours = values.get("grym", {})
    stated = ours.get("embedding_layer", layers // 2) if isinstance(ours, dict) else ours
    name = f"hidden.{stated}" if isinstance(stated, int) else str(stated)
    if name not in {f"hidden.{index}" for index in range(layers + 1)}:
        raise ModelInvalidError(
            f"{path / 'config.json'}: grym.embedding_layer {stated!r} is no layer of {layers}"
        )
    return name


def _json(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ModelInvalidError(f"{file} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise ModelInvalidError(f"{file} is no JSON object")
    return cast("dict[str, Any]", values)
