"""Names and shapes against config.json, through the loaders themselves, on the meta device."""

from pathlib import Path
from typing import Any

from gama_operations.models.ctc_folder import check_head, read_tokenizer
from gama_operations.models.ctc_kind import is_ctc, unused_head
from gama_operations.models.family.catalogue import check_family
from gama_operations.models.gama.assembly import build_on_meta
from gama_operations.models.gama.checkpoint import load_weights
from gama_operations.models.gama.faults import listed
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.stored import refuse_outside
from gama_operations.models.gama.weight_files import WeightSource
from gama_operations.models.store.headers import read_header, weight_files
from gama_operations.models.wav2vec2_folder import Wav2Vec2Folder


def check_gama(folder: Path) -> str:
    """Loads the headers as the weights would be loaded, of base and checkpoint where the folder names them.

    Returns:
        What it is; surplus tensors are named, and what else is out of the ordinary.

    Raises:
        ModelInvalidError: what the strict loader says.
    """
    description = GamaFolder.read(folder)
    refuse_outside(folder, description)
    model = build_on_meta(description.gama, description.language_model)
    report = load_weights(model, *map(_headers, description.sources(folder)))
    extras = (
        [f"{len(report.extras)} tensors belong to no part of it: {listed(report.extras)}"]
        if report.extras
        else []
    )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return "; ".join([f"GAMA of {parameters:,} parameters", *extras, *report.notes()])


def check_encoder(folder: Path) -> str:
    """The same for an encoder of transformers.

    Raises:
        ModelInvalidError: what its strict loader says.
    """
    read = Wav2Vec2Folder.read(folder)
    encoder = f"{read.values['model_type']} of {read.check(read_header):,} parameters"
    if not is_ctc(read.values) or unused_head(folder, read.values):
        return encoder
    symbols = check_head(read, _headers(folder).tensors)
    read_tokenizer(read)
    return f"{encoder}, with a CTC head of {symbols} symbols"


def check_member(folder: Path, config: dict[str, Any]) -> str:
    """The same for the other models of transformers.

    Raises:
        ModelInvalidError: what their strict loader says.
    """
    return f"{config['model_type']} of {check_family(folder, config, read_header):,} parameters"


def _headers(source: Path) -> WeightSource:
    files = weight_files(source) if source.is_dir() else [source]
    tensors = {name: tensor for file in files for name, tensor in read_header(file).items()}
    return WeightSource(str(source), tensors)
