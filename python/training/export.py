"""Writes the shipped folders in python/weights from trained models."""

import hashlib
import json
from pathlib import Path
from typing import Any

from gama_operations.models.gama.folder import GamaFolder, save_gama
from gama_operations.models.gama.model import Gama
from training.patterns import PATTERNS
from training.runs import Run
from training.wav2vec2.model import MaskedClusterModel
from training.wordings import KINDS, WORDINGS

WEIGHTS = Path(__file__).parents[1] / "weights"
SHIPPED = ("gama-tiny", "wav2vec2-tiny")
DEFAULT_PROMPT = "Describe the sound."


def _readable(folder: Path) -> None:
    """Weights are public; safetensors writes them for the owner only."""
    (folder / "model.safetensors").chmod(0o644)


def revision_of(folder: Path) -> str:
    """First 12 hex digits of the SHA-256 of model.safetensors."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:12]


def change_config(folder: Path, **values: Any) -> None:
    """Sets fields of a folder's config.json."""
    file = folder / "config.json"
    config = json.loads(file.read_text()) | values
    file.write_text(json.dumps(config, indent=2) + "\n")


def _note_training(folder: Path, runs: list[Run], **facts: Any) -> None:
    """What made the weights, in training.json: run and data ids, arithmetic, steps, clips, CPU seconds."""
    stages = [
        {
            "run": run.id,
            "data": run.data,
            "dtypes": run.dtypes,
            "step": run.step,
            "steps": run.settings.steps,
            "clips_seen": run.clips,
            "cpu_seconds": round(run.cpu_seconds),
        }
        for run in runs
    ]
    (folder / "training.json").write_text(json.dumps({"stages": stages, **facts}, indent=2) + "\n")


def export_wav2vec2(
    model: MaskedClusterModel, runs: list[Run], folder: Path = WEIGHTS / "wav2vec2-tiny"
) -> Path:
    """A Hugging Face Wav2Vec2Model folder: config.json and model.safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    model.wav2vec2.eval().save_pretrained(folder)
    _readable(folder)
    change_config(folder, revision=revision_of(folder))
    _note_training(folder, runs)
    return folder


def export_gama(
    model: Gama,
    tokenizer: Path,
    language_model: dict[str, Any],
    *,
    runs: list[Run],
    blind: dict[str, str],
    folder: Path = WEIGHTS / "gama-tiny",
) -> Path:
    """A GAMA folder with official tensor names; offers and embedding layer follow from the evaluation."""
    description = GamaFolder(
        gama=model.config,
        language_model=language_model,
        name="gama-tiny",
        default_prompt=DEFAULT_PROMPT,
        offers=KINDS,
        embedding={"layer": "encoder"},
        questions=PATTERNS,
    )
    save_gama(folder, model.eval(), description, tokenizer)
    _readable(folder)
    change_config(folder, revision=revision_of(folder))
    _note_training(folder, runs, wordings=WORDINGS)
    (folder / "blind.json").write_text(json.dumps(blind, indent=1, ensure_ascii=False) + "\n")
    return folder
