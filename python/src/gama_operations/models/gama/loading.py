"""From a folder to a GamaModel: trained, or its twin with random weights."""

from pathlib import Path

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.adapter import GamaModel, Identity
from gama_operations.models.gama.folder import GamaFolder, load_official, random_gama
from gama_operations.models.gama.prompt import TextCodec


def load_gama_model(
    folder: Path,
    *,
    identity: Identity,
    seed: int = 0,
) -> GamaModel:
    """The model of a GAMA folder; a folder without tokenizer.json embeds, but does not describe.

    Raises:
        ModelInvalidError: config, weights or tokenizer do not make the model.
    """
    description = GamaFolder.read(folder)
    trained = identity.weights == "trained"
    model = load_official(description, folder) if trained else random_gama(description, seed)
    bos = description.language_model.get("bos_token_id")
    codec = TextCodec.read(folder, bos) if (folder / "tokenizer.json").is_file() else None
    if codec is not None and codec.tokenizer.get_vocab_size() > model.vocabulary:
        raise ModelInvalidError(
            f"{folder}: tokenizer.json has {codec.tokenizer.get_vocab_size()} tokens, "
            f"the language model {model.vocabulary}"
        )
    return GamaModel(model, description, codec, identity)
