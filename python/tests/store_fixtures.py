"""A store of a test's own, and folders that can become models of it.

Every test file loads this one: nothing heavy is imported before it is used.
"""

import json
from pathlib import Path

import pytest

from gama_operations.models.store.watch import Watch

UNWATCHED = Watch()


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def encoder(tmp_path):
    from wav2vec2_models import save

    return save(tmp_path / "encoder")


@pytest.fixture
def release(tmp_path):
    """Base and stage checkpoint of a tiny GAMA, and a config.json that names them."""
    from gama_parts import write_parts
    from gama_reference import GAMA

    write_parts(tmp_path / "release")
    said = {"model_type": "gama", "base": "base", "checkpoint": "stage.safetensors", "gama": GAMA.to_dict()}
    (tmp_path / "release" / "config.json").write_text(json.dumps(said))
    return tmp_path / "release"


def say(folder, **values):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def as_shards(folder, stem, ending, write):
    """The folder's weights once more, in two shards and an index."""
    from safetensors.torch import load_file

    tensors = sorted(load_file(folder / "model.safetensors").items())
    shards = {f"{stem}-0000{i}-of-00002.{ending}": dict(tensors[i - 1 :: 2]) for i in (1, 2)}
    for shard, content in shards.items():
        write(content, folder / shard)
    weights = {name: shard for shard, content in shards.items() for name in content}
    (folder / f"{stem}.{ending}.index.json").write_text(json.dumps({"weight_map": weights}))


def pickled(folder):
    """The same folder with its weights as a pickle."""
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


def look(folder):
    """Names and contents of a folder."""
    return {file.name: file.read_bytes() for file in Path(folder).iterdir() if file.is_file()}
