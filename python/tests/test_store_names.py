"""Names and paths that are given to the store, and those that are none."""

from pathlib import Path

import pytest

from gama_operations.errors import InvalidRequestError, ModelNotFoundError
from gama_operations.models.store.add import add
from gama_operations.models.store.entries import list_entries, remove
from gama_operations.models.store.place import locked
from gama_operations.models.store.verify import verify
from gama_operations.protocol import AddModelData
from gama_operations.store_operations import STORE
from store_fixtures import UNWATCHED

pytestmark = pytest.mark.usefixtures("store")


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
