"""What `add` makes of folders as they come from hubs, caches and drives, and of names as they are given."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from family_models import load as load_family, save as save_family
from gama_operations.errors import DiskFullError, InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models import registry
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.store.add import add
from gama_operations.models.store.choose import choose_files
from gama_operations.models.store.convert import convert
from gama_operations.models.store.entries import list_entries, remove
from gama_operations.models.store.place import locked
from gama_operations.models.store.room import running_out_is_told
from gama_operations.models.store.verify import verify
from gama_operations.models.store.watch import Watch
from gama_operations.protocol import AddModelData
from gama_operations.store_operations import STORE
from gama_parts import write_parts
from gama_reference import GAMA
from wav2vec2_models import save

UNWATCHED = Watch()
QUESTIONS = {"pitch": "how high"}


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def encoder(tmp_path):
    return save(tmp_path / "encoder")


@pytest.fixture
def release(tmp_path):
    """Base and stage checkpoint of a tiny GAMA, and a config.json that names them."""
    write_parts(tmp_path / "release")
    said = {"model_type": "gama", "base": "base", "checkpoint": "stage.safetensors", "gama": GAMA.to_dict()}
    (tmp_path / "release" / "config.json").write_text(json.dumps(said))
    return tmp_path / "release"


def say(folder, **values):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def as_shards(folder, stem, ending, write):
    """The folder's weights once more, in two shards and an index."""
    tensors = sorted(load_file(folder / "model.safetensors").items())
    shards = {f"{stem}-0000{i}-of-00002.{ending}": dict(tensors[i - 1 :: 2]) for i in (1, 2)}
    for shard, content in shards.items():
        write(content, folder / shard)
    weights = {name: shard for shard, content in shards.items() for name in content}
    (folder / f"{stem}.{ending}.index.json").write_text(json.dumps({"weight_map": weights}))


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


def test_a_shipped_model_is_said_to_ship():
    for work in (remove, lambda name: verify(name, watch=UNWATCHED)):
        with pytest.raises(ModelNotFoundError, match="'gama-tiny' ships with grym-synth"):
            work("gama-tiny")


def test_a_name_that_ends_as_a_lock_does_is_a_name_like_others(encoder):
    add(encoder, "x", watch=UNWATCHED)
    with pytest.raises(ModelNotFoundError, match=r"no model 'x\.lock'"):
        remove("x.lock")
    add(encoder, "x.lock", watch=UNWATCHED)
    assert [entry.name for entry in list_entries()] == ["x", "x.lock"]
    with locked("x"), pytest.raises(InvalidRequestError, match="another process works on the model 'x'"):
        remove("x")
    remove("x.lock")
    remove("x")


def test_removing_a_link_leaves_what_it_leads_to_and_a_dangling_one_keeps_its_name(store, encoder):
    store.mkdir(parents=True)
    for name, place in (("linked", encoder), ("dangling", encoder / "nowhere")):
        (store / name).symlink_to(place)
        with pytest.raises(InvalidRequestError, match=f"'{name}' is here already: remove it first"):
            add(encoder, name, watch=UNWATCHED)
        assert remove(name) == 0
        assert not (store / name).is_symlink()
    assert (encoder / "model.safetensors").is_file()


@pytest.mark.parametrize("folder", ["~nobody-of-that-name/x", "a\0b", "x" * 5_000])
def test_a_path_that_is_none_is_no_folder(folder):
    with pytest.raises(ModelNotFoundError, match="no folder"):
        add(Path(folder), "mine", watch=UNWATCHED)


@pytest.mark.parametrize("field", ["folder", "base", "checkpoint"])
def test_an_empty_path_over_the_wire_is_not_the_folder_that_the_process_runs_in(encoder, field):
    data = AddModelData(**({"folder": str(encoder), "name": "mine"} | {field: ""}))
    with pytest.raises(InvalidRequestError, match=f"`{field}` is empty"):
        STORE["add_model"](None, data, None)


def test_a_part_whose_path_is_none_is_not_there(encoder):
    for part in ("~nobody-of-that-name/x", "a\0b", "x" * 5_000):
        with pytest.raises(ModelNotFoundError, match="no base at"):
            add(encoder, "mine", base=Path(part), checkpoint=Path("model.safetensors"), watch=UNWATCHED)


def test_an_empty_name_is_none(encoder):
    with pytest.raises(InvalidRequestError, match="'' is no name for a model"):
        add(encoder, "", watch=UNWATCHED)


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


def point(index, shard):
    weights = dict.fromkeys(json.loads(index.read_text())["weight_map"], shard)
    index.write_text(json.dumps({"weight_map": weights}))


@pytest.mark.parametrize("shard", ["../other.safetensors", "{folder}/other.safetensors", "evil.bin", 5])
def test_an_index_names_files_beside_it_and_no_pickles(tmp_path, encoder, shard):
    as_shards(encoder, "model", "safetensors", save_file)
    weights = load_file(encoder / "model.safetensors")
    save_file(weights, tmp_path / "other.safetensors")
    torch.save(weights, encoder / "evil.bin")
    (encoder / "model.safetensors").unlink()
    add(encoder, watch=UNWATCHED)
    index = encoder / "model.safetensors.index.json"
    point(index, shard.format(folder=tmp_path) if isinstance(shard, str) else shard)
    add(encoder, "spoilt", watch=UNWATCHED)
    [problem] = verify("spoilt", watch=UNWATCHED).problems
    assert "which is no .safetensors file beside it" in problem


def test_an_index_does_not_lead_transformers_out_of_the_folder(tmp_path):
    folder = save_family(tmp_path / "ast", "ast")
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    save_file(weights, tmp_path / "other.safetensors", metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": dict.fromkeys(weights, "../other.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelInvalidError, match=r"which is no \.safetensors file beside it"):
        load_family(folder)


def test_a_shard_has_to_belong_to_the_model(store, encoder):
    as_shards(encoder, "model", "safetensors", save_file)
    whole = load_file(encoder / "model.safetensors")
    (encoder / "model.safetensors").unlink()
    point(encoder / "model.safetensors.index.json", "put-there-later.safetensors")
    add(encoder, watch=UNWATCHED)
    save_file(whole, store / "encoder" / "put-there-later.safetensors")
    [problem] = verify("encoder", watch=UNWATCHED).problems
    assert "names shards that are no files of the model: put-there-later.safetensors" in problem


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"base": "{release}/base"}, r"its base .* is no file of the model"),
        ({"checkpoint": "../stage.safetensors"}, r"its checkpoint .* is no file of the model"),
        ({"checkpoint": "checkpoint/stage.bin"}, "is no safetensors"),
    ],
)
def test_a_model_of_the_store_reads_nothing_outside_its_folder_and_no_pickle(store, release, part, told):
    add(release, "gama", watch=UNWATCHED)
    [(key, stated)] = part.items()
    config = store / "gama" / "config.json"
    before = config.stat()
    say(store / "gama", **{key: stated.format(release=release)})
    (store / "stage.safetensors").symlink_to(release / "stage.safetensors")
    torch.save(load_file(release / "stage.safetensors"), store / "gama" / "checkpoint" / "stage.bin")
    with pytest.raises(ModelInvalidError, match=told):
        registry.load("gama", device="cpu")
    values = json.loads((store / "gama" / "grym-manifest.json").read_text())
    for file in values["files"]:
        if file["path"] == "config.json":
            file["size"] = config.stat().st_size
    (store / "gama" / "grym-manifest.json").write_text(json.dumps(values))
    assert before.st_size != config.stat().st_size
    [problem] = verify("gama", hashes=False, watch=UNWATCHED).problems
    assert told.split(" .* ")[-1] in problem


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
