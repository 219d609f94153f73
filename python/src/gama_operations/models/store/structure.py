"""Names and shapes against config.json, through the loaders themselves, on the meta device."""

from pathlib import Path

from torch import Tensor

from gama_operations.models.gama.checkpoint import load_weights
from gama_operations.models.gama.folder import GamaFolder, build_on_meta
from gama_operations.models.store.headers import read_header
from gama_operations.models.wav2vec2_folder import Wav2Vec2Folder


def check_gama(folder: Path) -> str:
    """Loads the headers as the weights would be loaded.

    Raises:
        ModelInvalidError: what the strict loader says.
    """
    description = GamaFolder.read(folder)
    model = build_on_meta(description.gama, description.language_model)
    report = load_weights(model, _tensors(folder))
    extras = f", {len(report.extras)} extra tensors" if report.extras else ""
    return f"GAMA of {sum(parameter.numel() for parameter in model.parameters()):,} parameters{extras}"


def check_encoder(folder: Path) -> str:
    """The same for an encoder of transformers.

    Raises:
        ModelInvalidError: what its strict loader says.
    """
    read = Wav2Vec2Folder.read(folder)
    return f"{read.config.model_type} of {read.check(read_header):,} parameters"


def _tensors(folder: Path) -> dict[str, Tensor]:
    return {
        name: tensor
        for file in sorted(folder.glob("*.safetensors"))
        for name, tensor in read_header(file).items()
    }
