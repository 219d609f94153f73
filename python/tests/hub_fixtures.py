"""Repositories of a hub on loopback, and processes that load from it.

Every test file loads this one: nothing heavy is imported before it is used.
"""

import json
import os
from pathlib import Path

import pytest

CHUNK = 10 * 1024 * 1024  # what huggingface_hub writes at a time: a cut loses less than this
CONFIG = {"model_type": "wav2vec2", "hidden_size": 8}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A repository with a real encoder, and what real repositories have beside it."""
    from wav2vec2_models import save

    folder = tmp_path_factory.mktemp("tiny")
    save(folder)
    (folder / "README.md").write_text("# tiny")
    (folder / "LICENSE").write_text("Apache-2.0")
    (folder / "modeling_tiny.py").write_text("raise SystemExit('remote code ran')")
    (folder / "pytorch_model.bin").write_bytes(b"the same again, as a pickle")
    (folder / "training_args.bin").write_bytes(b"of training")
    (folder / ".gitattributes").write_text("*.bin filter=lfs")
    return folder


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """Weights of more than two chunks, so that a cut leaves something behind."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model.safetensors").write_bytes(os.urandom(2 * CHUNK + 5_000))
    return folder


@pytest.fixture
def at(tmp_path, start):
    """A process whose cache is this test's, and whose hub is the given one."""

    def begin(hub, **environment):
        variables = {
            "GRYM_CACHE": str(tmp_path / "cache"),
            "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": "",
            "HF_HUB_OFFLINE": "0",
        }
        return start(environment=variables | environment)

    return begin


def names(folder):
    return sorted(file.relative_to(folder).as_posix() for file in Path(folder).rglob("*") if file.is_file())
