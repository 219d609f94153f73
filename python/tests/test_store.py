"""The store of models: folders added, listed, loaded and removed, with real files."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gama_operations.errors import DiskFullError, InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models import registry
from gama_operations.models.store.add import add
from gama_operations.models.store.choose import choose_files
from gama_operations.models.store.entries import find_entry, list_entries, remove
from gama_operations.models.store.room import check_room
from gama_operations.models.store.verify import verify
from gama_parts import write_parts
from gama_reference import GAMA
from gama_tiny import noise
from store_fixtures import UNWATCHED, look, pickled

pytestmark = pytest.mark.usefixtures("store")


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
