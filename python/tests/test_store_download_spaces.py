"""Models out of a Space: files that patterns choose, under names of the store."""

import json
from pathlib import Path

import pytest

from hub_fixtures import CONFIG, names
from hub_server import Hub
from wav2vec2_models import save


def test_a_space_is_named_as_its_address_names_it_and_patterns_choose_its_files(at, tmp_path):
    space = tmp_path / "space"
    (space / "stage").mkdir(parents=True)
    (space / "app.py").write_text("1")
    (space / "config.json").write_text(json.dumps(CONFIG))
    (space / "stage" / "notes.txt").write_text("about the stage")
    with Hub({"spaces/o/demo": space}) as hub:
        request = {"repo": "spaces/o/demo", "files": ["stage/*", "config.json"], "name": "stage-5"}
        model = at(hub).result("download_model", request)["model"]
    assert names(model["folder"]) == ["config.json", "grym-manifest.json", "stage/notes.txt"]
    assert model["name"] == "stage-5"


@pytest.fixture
def space(tmp_path):
    """A Space as GAMA's: files of a model, and none that it is one; and names that are ours."""
    folder = tmp_path / "space"
    (folder / "stage").mkdir(parents=True)
    (folder / "stage" / "notes.txt").write_text("about the stage")
    save(folder / "base")
    (folder / "base" / "pytorch_model.bin").write_bytes(b"the same again, as a pickle")
    for name in ("grym-manifest.json", "stage/grym-download.json"):
        (folder / name).write_text("{}")
    return folder


def test_a_space_without_a_config_is_files_and_what_mends_it_is_a_command_that_works(at, space):
    asked = {"repo": "spaces/o/demo", "files": ["stage/*", "*.json"], "name": "part"}
    with Hub({"spaces/o/demo": space}) as hub:
        commit = hub.commit("spaces/o/demo")
        process = at(hub)
        both = process.error("download_model", asked | {"files": ["*"]})
        assert both["code"] == "invalid_request"
        assert "would both be base/model.safetensors in the store" in both["message"]
        model = process.result("download_model", asked)["model"]
        assert model["source"] == "hub:spaces/o/demo"
        assert names(model["folder"]) == ["base/config.json", "grym-manifest.json", "stage/notes.txt"]
        verdict = process.result("verify_model", {"name": "part"})
        assert (verdict["problems"], verdict["structure"]) == ([], None)
        (Path(model["folder"]) / "stage" / "notes.txt").unlink()
        [problem] = process.result("verify_model", {"name": "part"})["problems"]
    command = f"grym-synth model download spaces/o/demo@{commit} --name part --include 'stage/*'"
    assert problem.endswith(f"`{command} --include '*.json'`")
