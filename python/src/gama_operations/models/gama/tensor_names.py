"""Official tensor names and ours: a bijection.

Official (PEFT around Llama): `base_model.model.model.audio_encoder...`, `base_model.model.model.layers...`,
`base_model.model.lm_head.weight`. Ours: `audio.audio_encoder...`, `language_model.model.layers...`.
"""

from collections.abc import Set as AbstractSet

PREFIX = "base_model.model."
AUDIO_ROOTS = (
    "audio_encoder.",
    "Qformer.",
    "query_tokens",
    "qformer_proj_norm.",
    "audio_aggregator_layer_1.",
    "audio_aggregator_layer_2.",
    "audio_proj_qformer.",
    "audio_proj_audioenc.",
    "audio_proj.",  # LTU's
)
LANGUAGE_ROOTS = ("layers.", "embed_tokens.", "norm.")
SAVED_BUFFERS = (".rotary_emb.inv_freq", ".embeddings.position_ids")
"""Buffers that old checkpoints hold and that are computed anew: no tensor of the model."""


def canonical(name: str) -> str:
    """The official name of a tensor found in any of the forms that checkpoints use.

    Accepts names with or without `module.`, `base_model.model.`, `model.`, LoRA's `.default.`, and the
    `.base_layer.` that newer versions of PEFT put beside an adapter.
    """
    name = name.removeprefix("module.").removeprefix(PREFIX).replace(".base_layer.", ".")
    for half in (".lora_A.", ".lora_B."):
        name = name.replace(f"{half}weight", f"{half}default.weight")
    if name.startswith((*AUDIO_ROOTS, *LANGUAGE_ROOTS)):
        name = f"model.{name}"
    return PREFIX + name


def official(name: str) -> str:
    """The official name of one of our parameters."""
    if name.startswith("audio."):
        return f"{PREFIX}model.{name.removeprefix('audio.')}"
    return PREFIX + name.removeprefix("language_model.")


def of_audio(name: str) -> bool:
    """Whether an official name is one of the audio stack's."""
    return name.removeprefix(PREFIX).removeprefix("model.").startswith(AUDIO_ROOTS)


def ours(name: str) -> str:
    """Our name of an official one."""
    bare = name.removeprefix(PREFIX)
    return f"audio.{bare.removeprefix('model.')}" if of_audio(name) else f"language_model.{bare}"


def unknown_prefix(names: list[str], wanted: AbstractSet[str]) -> str | None:
    """What stands before names of tensors that are `wanted` (official names); None unless there is one."""
    prefixes: set[str] = set()
    for name in names:
        parts = name.split(".")
        cuts = range(1, len(parts))
        cut = next((at for at in cuts if canonical(".".join(parts[at:])) in wanted), None)
        if cut is not None:
            prefixes.add(".".join(parts[:cut]) + ".")
    return prefixes.pop() if len(prefixes) == 1 else None
