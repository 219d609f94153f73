"""The name of a folder's weights changes when they do, whatever the files are."""

from pathlib import Path

import pytest

from gama_operations.models.revision import revision


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
