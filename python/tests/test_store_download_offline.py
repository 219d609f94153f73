"""Without a network a download says how else the model comes, and takes it from there."""

from pathlib import Path

from hub_fixtures import CHUNK, names
from hub_server import Hub


def test_offline_and_never_asked_it_says_how_else_the_model_comes(at, tiny):
    with Hub({"owner/tiny": tiny}) as hub:
        process = at(hub, HF_HUB_OFFLINE="1")
        error = process.error("download_model", {"repo": "owner/tiny"})
        space = {"repo": "spaces/o/demo", "revision": "v1", "files": ["stage 5/*", "*.txt"], "name": "mine"}
        told = process.error("download_model", space)["message"]
        assert hub.seen == []
    command = "hf download o/demo --repo-type space --revision v1 --include 'stage 5/*' --include '*.txt'"
    assert f"`{command} --local-dir DIR`" in told
    assert "`grym-synth model add DIR --name mine`" in told
    assert error["code"] == "hub_unreachable"
    assert error["details"]["offline"] is True
    assert "HF_HUB_OFFLINE is set" in error["message"]
    assert "`grym-synth model add DIR --name tiny`" in error["message"]


def test_offline_in_the_middle_it_names_the_missing_files_and_takes_them_from_where_they_are_put(at, large):
    with Hub({"o/large": large}, stall={"model.safetensors": 2 * CHUNK}) as hub:
        begun = at(hub)
        begun.send("download_model", {"repo": "o/large"})
        while (begun.receive().get("data") or {}).get("done", 0) < CHUNK:
            pass
        begun.close()
        offline = at(hub, HF_HUB_OFFLINE="1")
        error = offline.error("download_model", {"repo": "o/large"})
        assert error["code"] == "hub_unreachable"
        assert error["details"]["missing"] == ["model.safetensors"]
        folder = Path(error["details"]["folder"])
        assert str(folder) in error["message"]
        (folder / "model.safetensors").write_bytes(b"another file")
        assert offline.error("download_model", {"repo": "o/large"})["code"] == "model_invalid"
        (folder / "model.safetensors").write_bytes((large / "model.safetensors").read_bytes())
        model = offline.result("download_model", {"repo": "o/large"})["model"]
    assert (model["state"], model["revision"]) == ("whole", hub.commit("o/large")[:12])
    assert names(model["folder"]) == ["config.json", "grym-manifest.json", "model.safetensors"]
