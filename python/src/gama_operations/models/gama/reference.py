"""A folder of reference numbers: inputs, weights, every intermediate and tolerances of the official code.

Its form is described in the README of such a folder; dimensions come from its config.json. What this
implementation holds as constants must be the same there.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from torch import Tensor

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.bert import BERT_EPS
from gama_operations.models.gama.config import GamaConfig, LoraConfig
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.frontend import LOW_HZ, N_FFT, PREEMPHASIS
from gama_operations.models.gama.weight_files import read_tensors

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


def _json(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text())
    except ValueError as error:
        raise ModelInvalidError(f"{file} is no JSON: {error}") from error


def _tolerances(file: Path) -> dict[str, float]:
    try:
        return {name: float(entry["recommended_atol"]) for name, entry in _json(file).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelInvalidError(f"{file} holds no `recommended_atol` per quantity: {error}") from error


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
            ModelInvalidError: files are missing or damaged, or a constant differs from this implementation's.
        """
        absent = [name for name in FILES if not (path / name).is_file()]
        if absent:
            raise ModelInvalidError(f"{path} is no folder of reference numbers: it lacks {', '.join(absent)}")
        try:
            config = _config(_json(path / "config.json"))
        except (KeyError, TypeError) as error:
            raise ModelInvalidError(f"{path / 'config.json'} lacks {error}") from error
        return cls(
            path=path,
            description=GamaFolder(config, _json(path / "base/config.json")),
            inputs=read_tensors(path / "inputs.safetensors"),
            outputs=read_tensors(path / "outputs.safetensors"),
            expected=_json(path / "expected.json"),
            tolerances=_tolerances(path / "tolerances.json"),
        )
