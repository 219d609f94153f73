"""Downloads that break off, are cancelled or whose process is killed go on where they were."""

from pathlib import Path

import pytest

from hub_fixtures import CHUNK
from hub_server import Hub


# a reset loses what the receiving machine had not handed on yet
@pytest.mark.parametrize(
    ("reset", "cuts"),
    [(False, [CHUNK + 999, 2 * CHUNK + 9]), (True, [2 * CHUNK + 4_000])],
    ids=["ends", "is reset"],
)
def test_a_connection_that_breaks_off_goes_on_where_it_was(at, large, reset, cuts):
    with Hub({"o/large": large}, cut={"model.safetensors": [*cuts]}, reset=reset) as hub:
        model = at(hub).result("download_model", {"repo": "o/large"})["model"]
        ranges = hub.ranges("model.safetensors")
    assert (Path(model["folder"]) / "model.safetensors").read_bytes() == (
        large / "model.safetensors"
    ).read_bytes()
    assert ranges[0] is None
    assert len(ranges) == 1 + len(cuts)
    assert all(int(asked.removeprefix("bytes=").rstrip("-")) >= CHUNK for asked in ranges[1:])


def test_a_process_that_is_killed_leaves_what_it_had_and_the_next_one_goes_on_there(at, large):
    with Hub({"o/large": large}, stall={"model.safetensors": 2 * CHUNK}) as hub:
        killed = at(hub)
        killed.send("download_model", {"repo": "o/large"})
        while (killed.receive().get("data") or {}).get("done", 0) < CHUNK:
            pass
        other = at(hub)
        listed = other.result("list_models")["models"]
        assert [(entry["name"], entry["state"], entry["source"]) for entry in listed] == [
            ("large", "unfinished", "hub:o/large")
        ]
        killed.close()
        model = other.result("download_model", {"repo": "o/large"})["model"]
        assert model["state"] == "whole"
        assert hub.ranges("model.safetensors")[1:] in ([f"bytes={CHUNK}-"], [f"bytes={2 * CHUNK}-"])


def test_a_server_that_ignores_ranges_sends_everything_again(at, large):
    cut = {"model.safetensors": [CHUNK + 5]}
    with Hub({"o/large": large}, cut=cut, ignores_ranges=True) as hub:
        model = at(hub).result("download_model", {"repo": "o/large"})["model"]
    assert model["size"] == sum(file.stat().st_size for file in large.iterdir())


def test_a_cancelled_download_stops_and_keeps_what_came(at, large):
    with Hub({"o/large": large}, stall={"model.safetensors": 2 * CHUNK + 100}) as hub:
        process = at(hub)
        running = process.send("download_model", {"repo": "o/large"})
        while (process.receive().get("data") or {}).get("done", 0) < CHUNK:
            pass
        process.result("cancel", {"id": running})
        hub.ended.set()  # the next bytes, or the end of them, are where it notices
        assert process.answer(running)["error"]["code"] in ("cancelled", "hub_unreachable")
        assert process.result("list_models")["models"][0]["size"] >= CHUNK
