"""Pickles become safetensors once, and what is wrong with one is told before it does harm."""

import json
import os
import subprocess

import pytest
import torch
from safetensors.torch import load_file

from gama_operations.errors import DiskFullError, ModelInvalidError, ModelNotFoundError
from gama_operations.models import registry
from gama_operations.models.store.add import add
from gama_operations.models.store.choose import safe_path
from gama_operations.models.store.convert import convert
from gama_operations.models.store.entries import list_entries
from gama_operations.models.store.manifest import Manifest
from gama_operations.models.store.room import running_out_is_told
from gama_operations.models.store.verify import verify
from store_fixtures import UNWATCHED, look, pickled

pytestmark = pytest.mark.usefixtures("store")


def test_a_pickle_is_converted_once_into_the_store_and_the_same_model_comes_out(store, encoder):
    tensors = load_file(encoder / "model.safetensors")
    before = look(pickled(encoder))
    with pytest.raises(ModelInvalidError, match=r"`grym-synth model add .*` converts it"):
        registry.load(str(encoder), device="cpu")
    add(encoder, watch=UNWATCHED)
    assert look(encoder) == before
    converted = load_file(store / "encoder" / "model.safetensors")
    assert converted.keys() == tensors.keys()
    assert all(torch.equal(converted[name], tensors[name]) for name in tensors)
    assert not (store / "encoder" / "pytorch_model.bin").exists()
    [file] = [file for file in Manifest.read(store / "encoder").files if file.made_from]
    assert (file.path, file.made_from.path) == ("model.safetensors", "pytorch_model.bin")
    assert verify("encoder", watch=UNWATCHED).problems == ()


def test_shards_and_tensors_that_share_memory_are_converted(store, encoder):
    tensors = load_file(encoder / "model.safetensors")
    names = sorted(tensors)
    tied = {**{name: tensors[name] for name in names[:9]}, "tied": tensors[names[0]]}
    shards = {"pytorch_model-00001-of-00002.bin": tied}
    shards["pytorch_model-00002-of-00002.bin"] = {name: tensors[name] for name in names[9:]}
    for shard, content in shards.items():
        torch.save(content, encoder / shard)
    weights = {name: shard for shard, content in shards.items() for name in content}
    (encoder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": weights}))
    (encoder / "model.safetensors").unlink()
    add(encoder, watch=UNWATCHED)
    index = json.loads((store / "encoder" / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"].values()) == {
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    }
    read = load_file(store / "encoder" / "model-00001-of-00002.safetensors")
    assert torch.equal(read["tied"], read[names[0]])
    problems = verify("encoder", watch=UNWATCHED).problems
    assert len(problems) == 1
    assert "also holds tied" in problems[0]


def test_a_pickle_that_runs_code_is_refused_not_run_and_nothing_stays(encoder, tmp_path):
    proof = tmp_path / "code-ran"

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(proof),))

    torch.save({"weight": Evil()}, encoder / "pytorch_model.bin")
    (encoder / "model.safetensors").unlink()
    with pytest.raises(ModelInvalidError, match=r"pytorch_model\.bin cannot be read as a checkpoint"):
        add(encoder, watch=UNWATCHED)
    assert not proof.exists()
    assert list_entries() == []
    with pytest.raises(ModelNotFoundError):
        registry.resolve("encoder")


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("pytorch_model.bin", "model.safetensors"),
        ("stage5/pytorch_model.bin", "stage5/model.safetensors"),
        ("pytorch_model-00001-of-00002.bin", "model-00001-of-00002.safetensors"),
        ("pytorch_model.bin.index.json", "model.safetensors.index.json"),
        ("ltu_ori_paper.bin", "ltu_ori_paper.safetensors"),
        ("as_46.6.pth", "as_46.6.safetensors"),
    ],
)
def test_what_is_made_from_a_pickle_is_called_as_transformers_calls_it(path, safe):
    assert safe_path(path) == safe


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, of 64 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_gets_full_while_a_pickle_is_converted_is_told(tmp_path, small_disk):
    torch.save({"weight": torch.zeros(100_000)}, tmp_path / "large.bin")
    with pytest.raises(DiskFullError, match="no room is left"), running_out_is_told(small_disk):
        convert(tmp_path / "large.bin", small_disk / "large.safetensors")


def damage(content, seed):
    """A pickle with some bytes changed, but for its first 2."""
    generator = torch.Generator().manual_seed(seed)
    spoilt = bytearray(content)
    for place in torch.randint(2, len(content), (6,), generator=generator).tolist():
        spoilt[place] = int(torch.randint(256, (1,), generator=generator))
    return bytes(spoilt)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_damaged_pickle_is_an_invalid_model_whatever_it_ends_in(tmp_path):
    torch.save({"weight": torch.arange(9.0)}, tmp_path / "whole.bin", _use_new_zipfile_serialization=False)
    content = (tmp_path / "whole.bin").read_bytes()
    refused = 0
    for seed in range(300):
        (tmp_path / "spoilt.bin").write_bytes(damage(content, seed))
        try:
            convert(tmp_path / "spoilt.bin", tmp_path / "spoilt.safetensors")
        except ModelInvalidError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("tensor", "told"),
    [
        (torch.eye(3).to_sparse(), "holds weight sparse"),
        (torch.zeros(3, device="meta"), "without its numbers"),
        (torch.zeros(3, dtype=torch.complex128), r"holds numbers of torch\.complex128"),
    ],
)
def test_a_tensor_that_safetensors_cannot_hold_is_named(tmp_path, tensor, told):
    torch.save({"weight": tensor}, tmp_path / "a.bin")
    with pytest.raises(ModelInvalidError, match=told):
        convert(tmp_path / "a.bin", tmp_path / "a.safetensors")
