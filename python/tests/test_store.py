"""The store of models: folders added, verified, listed and removed, with real files."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gama_operations.errors import DiskFullError, InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models import registry
from gama_operations.models.store.add import add
from gama_operations.models.store.choose import choose_files, safe_path
from gama_operations.models.store.entries import find_entry, list_entries, remove
from gama_operations.models.store.manifest import Manifest
from gama_operations.models.store.room import check_room
from gama_operations.models.store.verify import verify
from gama_operations.models.store.watch import Watch
from gama_parts import write_parts
from gama_reference import GAMA
from gama_tiny import noise, write_folder
from wav2vec2_models import edit, save

UNWATCHED = Watch()


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def encoder(tmp_path):
    return save(tmp_path / "encoder")


def pickled(folder):
    """The same folder with its weights as a pickle."""
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


def look(folder):
    """Names and contents of a folder."""
    return {file.name: file.read_bytes() for file in Path(folder).iterdir() if file.is_file()}


def test_a_folder_becomes_a_model_by_name_whose_files_are_linked_and_not_copied(store, encoder):
    before = look(encoder)
    assert add(encoder, watch=UNWATCHED) == "encoder"
    entry = find_entry("encoder")
    assert (entry.state, entry.family, entry.source) == ("whole", "wav2vec2", str(encoder))
    assert (entry.size, entry.linked_size) == (0, sum(map(len, before.values())))
    assert (store / "encoder" / "model.safetensors").is_symlink()
    assert look(encoder) == before
    by_name, by_path = (registry.load(name, device="cpu") for name in ("encoder", str(encoder)))
    assert by_name.info.model_id == "encoder"
    one, other = (model.embed([noise(16_000)])[0].features for model in (by_name, by_path))
    assert (one == other).all()


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


def test_a_base_and_a_stage_checkpoint_become_one_model(tmp_path):
    parts = write_parts(tmp_path / "release")
    stage = tmp_path / "release" / "stage5" / "pytorch_model.bin"
    stage.parent.mkdir()
    torch.save(parts.tensors(), stage)
    parts.checkpoint.unlink()
    said = {"model_type": "gama", "base": "base", "checkpoint": "stage5/pytorch_model.bin"}
    (tmp_path / "release" / "config.json").write_text(json.dumps(said | {"gama": GAMA.to_dict()}))
    add(tmp_path / "release", "gama-5", watch=UNWATCHED)
    verdict = verify("gama-5", watch=UNWATCHED)
    assert verdict.problems == ()
    assert verdict.structure.startswith("GAMA of ")
    gama = registry.load("gama-5", device="cpu")
    assert gama.info.model_id == "gama-5"
    assert gama.describe([noise(16_000)], [None])[0].tokens > 0
    # the two parts are found without that config, too; of other sizes than the released ones they are refused
    (tmp_path / "release" / "config.json").unlink()
    with pytest.raises(ModelInvalidError, match="GamaConfig"):
        add(tmp_path / "release", "found", watch=UNWATCHED)
    assert [entry.name for entry in list_entries()] == ["gama-5"]


def test_a_folder_with_more_or_fewer_parts_than_a_model_says_which(tmp_path):
    write_parts(tmp_path / "release")
    (tmp_path / "release" / "stage4.safetensors").write_bytes(b"x")
    with pytest.raises(
        InvalidRequestError, match=r"may be the checkpoint: name one of stage\.saf.*, stage4\.saf"
    ):
        add(tmp_path / "release", watch=UNWATCHED)
    with pytest.raises(ModelNotFoundError, match=r"no checkpoint at .*stage9"):
        add(tmp_path / "release", checkpoint=Path("stage9.bin"), watch=UNWATCHED)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelNotFoundError, match="of the two parts of a GAMA no base"):
        add(tmp_path / "empty", watch=UNWATCHED)
    with pytest.raises(ModelNotFoundError, match="no folder"):
        add(tmp_path / "nowhere", watch=UNWATCHED)


@pytest.mark.parametrize("name", ["gama-tiny", "fbank", "../up", "", "a/b", ".unfinished"])
def test_a_name_that_is_taken_or_none_is_refused(encoder, name):
    with pytest.raises(InvalidRequestError, match=r"ships with grym-synth|is no name for a model"):
        add(encoder, name or "/", watch=UNWATCHED)
    with pytest.raises(InvalidRequestError, match="is no name for a model"):
        remove("../up")


def test_a_name_of_the_store_is_refused_until_its_model_is_removed_and_removing_leaves_the_folder(encoder):
    before = look(encoder)
    add(encoder, "mine", watch=UNWATCHED)
    with pytest.raises(InvalidRequestError, match="'mine' is here already"):
        add(encoder, "mine", watch=UNWATCHED)
    assert remove("mine") == 0
    assert look(encoder) == before
    with pytest.raises(ModelNotFoundError, match="no model 'mine'"):
        remove("mine")
    add(pickled(encoder), "mine", watch=UNWATCHED)
    size = find_entry("mine").size
    assert remove("mine") == size > 10_000


def test_a_home_folder_given_by_mistake_is_refused(tmp_path):
    for number in range(1_001):
        (tmp_path / f"{number}.txt").touch()
    (tmp_path / "config.json").write_text('{"model_type": "wav2vec2"}')
    with pytest.raises(InvalidRequestError, match="more than 1,000 files"):
        add(tmp_path, "home", watch=UNWATCHED)


def change_byte(file):
    """Other content of the same length."""
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (change_byte, "model.safetensors has changed: SHA-256"),
        (lambda file: file.write_bytes(file.read_bytes()[:-7]), "bytes, expected"),
        (Path.unlink, "model.safetensors is missing: .*, which it links to, was moved or deleted"),
    ],
)
def test_verifying_names_what_changed_and_what_to_do(encoder, fault, told):
    add(encoder, watch=UNWATCHED)
    assert verify("encoder", watch=UNWATCHED).problems == ()
    fault(encoder / "model.safetensors")
    [problem] = verify("encoder", watch=UNWATCHED).problems
    assert re.search(told, problem)
    assert f"`grym-synth model add {encoder} --name encoder`" in problem


def test_verifying_without_hashes_reads_sizes_headers_and_shapes_only(encoder):
    add(encoder, watch=UNWATCHED)
    change_byte(encoder / "model.safetensors")
    quick = verify("encoder", hashes=False, watch=UNWATCHED)
    assert (quick.problems, quick.bytes_read) == ((), 0)
    assert quick.structure.startswith("wav2vec2 of ")
    assert quick.tensors == len(load_file(encoder / "model.safetensors"))


def spoil_header(file):
    content = file.read_bytes()
    file.write_bytes((1 << 60).to_bytes(8, "little") + content[8:])


def test_a_header_that_is_none_is_told_before_anything_believes_it(encoder):
    spoil_header(encoder / "model.safetensors")
    add(encoder, watch=UNWATCHED)
    [problem] = verify("encoder", watch=UNWATCHED).problems
    assert "is no whole safetensors file" in problem


def test_config_and_tensors_that_do_not_fit_are_named_without_loading_a_number(encoder, tmp_path):
    tensors = load_file(encoder / "model.safetensors")
    gone = sorted(tensors)[3]
    save_file(
        {name: tensor for name, tensor in tensors.items() if name != gone}, encoder / "model.safetensors"
    )
    add(encoder, "lacking", watch=UNWATCHED)
    assert gone in verify("lacking", watch=UNWATCHED).problems[0]
    gama = write_folder(tmp_path / "gama")
    edit(
        gama / "config.json",
        gama=json.loads((gama / "config.json").read_text())["gama"] | {"query_tokens": 5},
    )
    add(gama, watch=UNWATCHED)
    assert "query_tokens" in verify("gama", watch=UNWATCHED).problems[0]


def test_the_revision_is_the_manifests_while_the_files_are_untouched_and_follows_them_when_not(encoder):
    add(encoder, watch=UNWATCHED)
    stated = find_entry("encoder").revision
    assert registry.load("encoder", device="cpu").info.revision == stated
    tensors = load_file(encoder / "model.safetensors")
    save_file({name: tensor + 1 for name, tensor in tensors.items()}, encoder / "model.safetensors")
    assert registry.load("encoder", device="cpu").info.revision != stated


def test_what_the_store_holds_is_listed_also_what_is_damaged_and_a_loader_that_misses_a_name_tells(
    store, encoder
):
    assert list_entries() == []
    add(encoder, "b-model", watch=UNWATCHED)
    shutil.copytree(store / "b-model", store / "a-model")
    (store / "a-model" / "grym-manifest.json").write_text("{")
    assert [(entry.name, entry.state) for entry in list_entries()] == [
        ("a-model", "damaged"),
        ("b-model", "whole"),
    ]
    with pytest.raises(ModelNotFoundError, match=r"mfcc-20, a-model, b-model, and not a folder"):
        registry.resolve("c-model")


def test_what_does_not_fit_is_told_with_both_numbers(tmp_path):
    with pytest.raises(
        DiskFullError, match=r"It needs 1,000,000,000,000,000,000 bytes, and [\d,]+ are free"
    ) as told:
        check_room(tmp_path / "not" / "there", 10**18, "It")
    assert told.value.details["needed"] == 10**18 > told.value.details["free"]


def test_of_a_repository_a_model_needs_neither_code_nor_training_nor_pickles_twice():
    kept = [
        "config.json",
        "model-00001-of-00002.safetensors",
        "tokenizer.json",
        "LICENSE",
        "stage/pytorch_model.bin",
    ]
    left = [
        "app.py",
        "pytorch_model.bin",
        "stage/optimizer.pt",
        "stage/rng_state_0.pth",
        "flax_model.msgpack",
        ".x/a.json",
    ]
    assert choose_files([*kept, *left]) == sorted(kept)
    assert choose_files([*kept, *left], ["stage/*"]) == [
        "stage/optimizer.pt",
        "stage/pytorch_model.bin",
        "stage/rng_state_0.pth",
    ]


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
