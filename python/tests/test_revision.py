"""The name of a folder's weights changes when they do, whatever the files are."""

import json
import os
from pathlib import Path

import pytest

from gama_operations.models.gama.composed import compose
from gama_operations.models.registry import load
from gama_operations.models.revision import revision
from gama_operations.models.store.manifest import FolderSource, Manifest, describe_file, digest
from gama_parts import write_parts


def folder_with(folder: Path, **files: bytes) -> Path:
    folder.mkdir()
    (folder / "config.json").write_bytes(b"{}")
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


@pytest.mark.parametrize("file", ["model__safetensors", "pytorch_model__bin"])
def test_other_weights_have_another_revision(file: str, tmp_path: Path) -> None:
    one = folder_with(tmp_path / "one", **{file: b"one"})
    other = folder_with(tmp_path / "other", **{file: b"other"})
    assert revision(one, {}) != revision(other, {})
    assert revision(one, {}, "random") == revision(other, {}, "random")


def test_a_pickle_beside_safetensors_is_not_read_and_does_not_count(tmp_path: Path) -> None:
    plain = folder_with(tmp_path / "plain", model__safetensors=b"one")
    both = folder_with(tmp_path / "both", model__safetensors=b"one", pytorch_model__bin=b"old")
    assert revision(plain, {}) == revision(both, {})


def test_what_the_config_states_counts(tmp_path: Path) -> None:
    assert revision(folder_with(tmp_path / "one", model__safetensors=b"one"), {"revision": "abc"}) == "abc"


def stored(folder: Path) -> Path:
    folder_with(folder, model__safetensors=b"one")
    names = ("config.json", "model.safetensors")
    files = [describe_file(folder, name, digest(folder / name, lambda _: None)) for name in names]
    Manifest(1, FolderSource("/somewhere"), "of-the-store", files).write(folder)
    return folder


def test_what_a_stored_model_states_counts_as_long_as_its_files_are_those_of_the_manifest(
    tmp_path: Path,
) -> None:
    folder = stored(tmp_path / "one")
    weights = folder / "model.safetensors"
    assert revision(folder, {}) == "of-the-store"
    assert revision(folder, {"revision": "abc"}) == "abc"
    os.utime(weights, ns=(1, 1))  # copied, say: only the time is another one
    assert (revision(folder, {}), revision(folder, {"revision": "abc"})) == ("of-the-store", "abc")
    weights.write_bytes(b"two")
    plain = revision(folder_with(tmp_path / "plain", model__safetensors=b"two"), {})
    assert (revision(folder, {}), revision(folder, {"revision": "abc"})) == (plain, plain)


def test_a_composed_model_has_another_revision_once_its_checkpoint_is_replaced(tmp_path: Path) -> None:
    parts = write_parts(tmp_path / "parts")
    compose(tmp_path / "model", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    stated = json.loads((tmp_path / "model/config.json").read_text())["revision"]
    assert load(str(tmp_path / "model"), device="cpu").info.revision == stated
    parts.write({name: tensor * 1.5 for name, tensor in parts.tensors().items()})
    assert load(str(tmp_path / "model"), device="cpu").info.revision != stated
