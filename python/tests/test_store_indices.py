"""What a folder says of its files leads nowhere outside it, and to no pickle."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from family_models import load as load_family, save as save_family
from gama_operations.errors import ModelInvalidError
from gama_operations.models import registry
from gama_operations.models.store.add import add
from gama_operations.models.store.verify import verify
from store_fixtures import UNWATCHED, as_shards, say

pytestmark = pytest.mark.usefixtures("store")


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
