"""What `add` makes of folders as they come from hubs, caches and drives."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gama_operations.errors import InvalidRequestError, ModelInvalidError
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.store.add import add
from gama_operations.models.store.choose import choose_files
from gama_operations.models.store.entries import list_entries, remove
from gama_operations.models.store.verify import verify
from gama_reference import GAMA
from store_fixtures import UNWATCHED, as_shards, say

pytestmark = pytest.mark.usefixtures("store")

QUESTIONS = {"pitch": "how high"}


def test_shards_as_safetensors_and_as_pickles_with_both_indices_are_one_model(encoder):
    as_shards(encoder, "pytorch_model", "bin", torch.save)
    as_shards(encoder, "model", "safetensors", save_file)
    (encoder / "model.safetensors").unlink()
    assert not any(".bin" in path for path in choose_files(file.name for file in encoder.iterdir()))
    add(encoder, watch=UNWATCHED)
    assert verify("encoder", watch=UNWATCHED).problems == ()


def test_a_stage_checkpoint_that_is_safetensors_already_is_linked_under_its_name(store, release):
    add(release, "gama", watch=UNWATCHED)
    assert (store / "gama" / "checkpoint" / "stage.safetensors").is_symlink()
    assert verify("gama", watch=UNWATCHED).problems == ()


@pytest.mark.parametrize("ending", ["safetensors", "bin"])
def test_parts_that_are_links_to_blobs_keep_their_own_names(store, tmp_path, release, ending):
    stage = release / "stage.safetensors"
    blob = tmp_path / "blobs" / "0123abcd"  # as the hub's own cache keeps them
    blob.parent.mkdir()
    if ending == "bin":
        torch.save(load_file(stage), blob)
        stage.unlink()
    else:
        stage.rename(blob)
    (release / f"stage.{ending}").symlink_to(blob)
    say(release, checkpoint=f"stage.{ending}")
    add(release, "gama", watch=UNWATCHED)
    assert (store / "gama" / "checkpoint" / "stage.safetensors").is_file()
    assert verify("gama", watch=UNWATCHED).problems == ()


def test_what_the_config_says_of_questions_and_embedding_stays_with_the_model(store, release):
    said = {"offers": ["kind"], "questions": QUESTIONS, "embedding": {"layer": "audio"}}
    say(release, default_prompt="What is it?", **said)
    add(release, "gama", watch=UNWATCHED)
    kept = GamaFolder.read(store / "gama")
    assert (kept.offers, kept.questions, kept.embedding) == (("kind",), QUESTIONS, {"layer": "audio"})
    assert (kept.name, kept.default_prompt) == ("gama", "What is it?")


def test_parts_are_named_in_the_config_or_in_the_call_and_both_of_them(release):
    with pytest.raises(InvalidRequestError, match=r"config\.json describes a GAMA: state base"):
        add(release, "gama", checkpoint=Path("stage.safetensors"), watch=UNWATCHED)
    for absent in ("base", "checkpoint"):
        say(release, base="base", checkpoint="stage.safetensors")
        values = json.loads((release / "config.json").read_text())
        del values[absent]
        (release / "config.json").write_text(json.dumps(values))
        with pytest.raises(ModelInvalidError, match=f"and no {absent}"):
            add(release, "gama", watch=UNWATCHED)


def test_surplus_tensors_are_named(release):
    stage = release / "stage.safetensors"
    save_file(load_file(stage) | {"nobody.asked": torch.zeros(1)}, stage)
    add(release, "gama", watch=UNWATCHED)
    verdict = verify("gama", watch=UNWATCHED)
    assert verdict.problems == ()
    assert verdict.structure.endswith("1 tensors belong to no part of it: nobody.asked")


def test_two_files_that_would_become_one_are_refused(encoder):
    tensors = load_file(encoder / "model.safetensors")
    (encoder / "model.safetensors").unlink()
    for name in ("pytorch_model.bin", "model.pth"):
        torch.save(tensors, encoder / name)
    with pytest.raises(InvalidRequestError, match=r"model\.pth and pytorch_model\.bin would both be model"):
        add(encoder, watch=UNWATCHED)
    assert list_entries() == []


def test_a_folder_without_weights_is_no_model(store, encoder):
    add(encoder, watch=UNWATCHED)
    (encoder / "model.safetensors").unlink()
    with pytest.raises(ModelInvalidError, match=r"a config\.json and no weights"):
        add(encoder, "bare", watch=UNWATCHED)
    manifest = store / "encoder" / "grym-manifest.json"
    values = json.loads(manifest.read_text())
    values["files"] = [file for file in values["files"] if file["path"] == "config.json"]
    manifest.write_text(json.dumps(values))
    assert verify("encoder", watch=UNWATCHED).problems == ("encoder has a config.json and no weights",)


def test_the_command_that_mends_an_added_model_names_its_parts(monkeypatch, tmp_path, release):
    monkeypatch.setattr(GamaConfig, "official", lambda: GAMA)  # as if tiny ones had been released
    (release / "config.json").unlink()
    release = release.rename(tmp_path / "two words")
    parts = {"base": Path("base"), "checkpoint": Path("stage.safetensors")}
    add(release, "named", **parts, watch=UNWATCHED)
    (release / "stage.safetensors").write_bytes(b"another")
    [problem] = verify("named", hashes=False, watch=UNWATCHED).problems
    command = f"model add '{release}' --name named --base base --checkpoint stage.safetensors"
    assert problem.endswith(f"put the file back, or remove the model and `grym-synth {command}`")


def test_a_model_that_others_link_to_is_not_removed_before_them(store, release):
    add(release / "base", "language", watch=UNWATCHED)
    fetched = store / "language" / "model.safetensors"
    fetched.unlink()
    shutil.copyfile(release / "base" / "model.safetensors", fetched)
    say(release, base=str(store / "language"))
    add(release, "gama", watch=UNWATCHED)
    with pytest.raises(InvalidRequestError, match="gama would lose files that lie in 'language'"):
        remove("language")
    remove("gama")
    remove("language")
    assert list_entries() == []
