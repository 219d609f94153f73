"""A folder of reference numbers: inputs, weights, every intermediate and tolerances of the official code.

Its form is described in the README of such a folder; dimensions come from its config.json. What this
implementation holds as constants must be the same there.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from safetensors.torch import load_file
from torch import Tensor

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.bert import BERT_EPS
from gama_operations.models.gama.config import GamaConfig, LoraConfig
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.frontend import LOW_HZ, N_FFT, PREEMPHASIS

FILES = (
    "config.json",
    "expected.json",
    "tolerances.json",
    "inputs.safetensors",
    "outputs.safetensors",
    "full_state.safetensors",
    "base/config.json",
)
CONSTANTS: tuple[tuple[str, str, float], ...] = (
    ("audio", "frame_length_ms", 25),
    ("audio", "frame_shift_ms", 10),
    ("audio", "preemphasis", PREEMPHASIS),
    ("audio", "n_fft", N_FFT),
    ("audio", "low_freq", LOW_HZ),
    ("encoder", "layer_norm_eps", 1e-5),
    ("bert_common", "layer_norm_eps", BERT_EPS),
    ("aggregator", "layers", 2),
)


def _config(values: dict[str, Any]) -> GamaConfig:
    for section, name, ours in CONSTANTS:
        stated = values[section][name]
        if stated != ours:
            raise ModelInvalidError(f"config.json states {section}.{name} {stated}; here it is {ours}")
    audio, encoder, bert = values["audio"], values["encoder"], values["bert_common"]
    lora = values.get("lora")
    return GamaConfig(
        sample_rate=audio["sample_rate"],
        mel_bins=audio["mel_bins"],
        target_frames=audio["target_frames"],
        norm_mean=audio["norm_mean"],
        norm_std=audio["norm_std"],
        patch=encoder["patch"],
        embed_dim=encoder["embed_dim"],
        encoder_heads=encoder["num_heads"],
        mlp_ratio=encoder["mlp_ratio"],
        blocks_a=encoder["blocks_a"],
        blocks_u=encoder["blocks_u"],
        block_j=encoder["intermediate_j_block_index"],
        block_k=encoder["intermediate_k_block_index"],
        pool_divisor=values["pool"]["divide_by"],
        bert_heads=bert["num_heads"],
        bert_intermediate=bert["intermediate_size"],
        qformer_layers=values["qformer"]["layers"],
        cross_attention_freq=values["qformer"]["cross_attention_freq"],
        query_tokens=values["qformer"]["query_tokens"],
        projection_dim=values["projections"]["shape"][-1],
        lora=LoraConfig(lora["r"], lora["alpha"], tuple(lora["target_modules"])) if lora else None,
    )


@dataclass(frozen=True, slots=True)
class ReferenceFolder:
    """The folder, read."""

    path: Path
    description: GamaFolder
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    expected: dict[str, Any]
    tolerances: dict[str, float]
    """Largest allowed absolute difference by name of the quantity."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads everything but the weights.

        Raises:
            ModelInvalidError: files are missing, or a constant differs from this implementation's.
        """
        absent = [name for name in FILES if not (path / name).is_file()]
        if absent:
            raise ModelInvalidError(f"{path} is no folder of reference numbers: it lacks {', '.join(absent)}")
        try:
            config = _config(json.loads((path / "config.json").read_text()))
        except KeyError as error:
            raise ModelInvalidError(f"{path / 'config.json'} lacks {error}") from error
        tolerances = json.loads((path / "tolerances.json").read_text())
        return cls(
            path=path,
            description=GamaFolder(config, json.loads((path / "base/config.json").read_text())),
            inputs=load_file(path / "inputs.safetensors"),
            outputs=load_file(path / "outputs.safetensors"),
            expected=json.loads((path / "expected.json").read_text()),
            tolerances={name: entry["recommended_atol"] for name, entry in tolerances.items()},
        )
