"""Base and stage checkpoint of a GAMA, tiny or official, as files that a test may spoil."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from gama_operations.models.gama.checkpoint import official_state
from gama_operations.models.gama.config import GamaConfig, LoraConfig
from gama_operations.models.gama.reference import ReferenceFolder
from gama_operations.models.gama.tensor_names import PREFIX, of_audio
from gama_reference import GAMA
from gama_tiny import LANGUAGE_MODEL, tiny, tokenizer

BASE_CONFIG = {**LANGUAGE_MODEL, "rms_norm_eps": 1e-5}


@dataclass
class Parts:
    """Where they lie, and the sizes of what they make."""

    base: Path
    checkpoint: Path
    gama: GamaConfig

    def change_base(self, **values) -> None:
        file = self.base / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))

    def tensors(self) -> dict[str, torch.Tensor]:
        if self.checkpoint.suffix == ".safetensors":
            return load_file(self.checkpoint)
        return torch.load(self.checkpoint, weights_only=True)

    def write(self, tensors: dict[str, torch.Tensor]) -> None:
        if self.checkpoint.suffix == ".safetensors":
            save_file(tensors, self.checkpoint)
        else:
            torch.save(tensors, self.checkpoint)


def in_checkpoint(name: str) -> bool:
    return of_audio(name) or ".lora_" in name


def write_parts(folder: Path, config: GamaConfig = GAMA, language_model=BASE_CONFIG, seed: int = 0) -> Parts:
    """A base as transformers writes one, and the stage checkpoint of a model with trained adapters."""
    base, checkpoint = folder / "base", folder / "stage.safetensors"
    base.mkdir(parents=True)
    model = tiny(config, seed, **language_model)
    for name, parameter in model.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(parameter, std=0.1)
    state = official_state(model)
    save_file({n: t for n, t in state.items() if in_checkpoint(n)}, checkpoint)
    language = {n.removeprefix(PREFIX): t for n, t in state.items() if not in_checkpoint(n)}
    save_file(language, base / "model.safetensors")
    (base / "config.json").write_text(json.dumps(language_model))
    tokenizer().save(str(base / "tokenizer.json"))
    return Parts(base, checkpoint, config)


def write_ltu(folder: Path) -> Parts:
    return write_parts(folder, replace(GAMA, architecture="ltu", lora=LoraConfig(4, 8)))


def copy_official(official: Path, folder: Path) -> Parts:
    for part in ("base", "checkpoint"):
        (folder / part).mkdir(parents=True)
        for file in (official / part).iterdir():
            shutil.copyfile(file, folder / part / file.name)
    gama = ReferenceFolder.read(official).description.gama
    return Parts(folder / "base", folder / "checkpoint/pytorch_model.bin", gama)
