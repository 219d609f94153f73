"""From a folder to a GamaModel: trained, or its twin with random weights."""

from dataclasses import replace
from pathlib import Path

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.adapter import GamaModel, Identity
from gama_operations.models.gama.assembly import assemble, random_gama
from gama_operations.models.gama.composed import composed_revision
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.ltu import UNTESTED as LTU_UNTESTED
from gama_operations.models.gama.prompt import TextCodec
from gama_operations.models.gama.stored import refuse_outside
from gama_operations.models.load_options import Attention, Quantization, choose_attention


def load_gama_model(
    folder: Path,
    *,
    identity: Identity,
    seed: int = 0,
    attention: Attention | None = None,
    quantization: Quantization = "none",
) -> GamaModel:
    """The model of a GAMA folder; a folder without tokenizer.json embeds, but does not describe.

    Where nobody asks how it computes, a trained language model is our own, if its config allows it: the same
    numbers, without transformers.

    Raises:
        CapabilityError: that attention cannot be had.
        ModelInvalidError: config, weights or tokenizer do not make the model.
    """
    description = GamaFolder.read(folder)
    refuse_outside(folder, description)
    report = None
    if identity.weights == "trained":
        plain = attention is None and quantization == "none"
        assembled = assemble(description, *description.sources(folder), plain=plain)
        model, report = assembled.model, assembled.report
        if assembled.base is not None and description.checkpoint is not None:
            # also where config.json states one: a checkpoint may have been replaced since
            identity = replace(identity, revision=composed_revision(assembled.base, description.checkpoint))
    else:
        model = random_gama(description, seed)
    parts = description.tokenizer(folder)
    bos = description.language_model.get("bos_token_id")
    codec = TextCodec.read(parts, bos) if (parts / "tokenizer.json").is_file() else None
    if codec is not None and codec.tokenizer.get_vocab_size() > model.vocabulary:
        raise ModelInvalidError(
            f"{parts}: tokenizer.json has {codec.tokenizer.get_vocab_size()} tokens, "
            f"the language model {model.vocabulary}"
        )
    choose_attention(model.language_model, attention)
    loaded = GamaModel(model, description, codec, identity, quantization)
    info = loaded.info
    if report is not None:
        info = replace(info, extras=report.extras, notes=report.notes())
    if description.gama.architecture == "ltu":
        info = replace(info, notes=(*info.notes, LTU_UNTESTED))
    loaded.info = info
    return loaded
