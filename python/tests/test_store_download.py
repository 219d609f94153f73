"""Models from the hub: real processes against a real HTTP server on loopback."""

import time

import pytest

from hub_fixtures import names
from hub_server import Hub


def progress_of(process, request_id):
    """The progress of a request, and its answer."""
    reports = []
    while (message := process.receive()) is not None:
        if message.get("event") == "progress":
            reports.append(message["data"])
        elif message.get("id") == request_id:
            return reports, message
    return pytest.fail("the process ended")


def test_a_model_comes_with_what_it_needs_and_no_code_no_pickle_twice_and_nothing_of_training(at, tiny):
    with Hub({"owner/tiny": tiny}) as hub:
        process = at(hub)
        reports, answer = progress_of(process, process.send("download_model", {"repo": "owner/tiny"}))
        model = answer["result"]["model"]
        commit = hub.commit("owner/tiny")
    assert names(model["folder"]) == [
        "LICENSE",
        "README.md",
        "config.json",
        "grym-manifest.json",
        "model.safetensors",
    ]
    assert (model["name"], model["state"], model["source"]) == ("tiny", "whole", "hub:owner/tiny")
    assert (model["family"], model["revision"]) == ("wav2vec2", commit[:12])
    wanted = ("LICENSE", "README.md", "config.json", "model.safetensors")
    assert model["size"] == sum((tiny / name).stat().st_size for name in wanted)
    downloaded = [report for report in reports if report["stage"] == "download"]
    assert downloaded[-1]["done"] == downloaded[-1]["total"] == model["size"]
    assert downloaded[-1]["unit"] == "bytes"


def test_a_model_that_is_here_is_not_asked_for_again(at, tiny):
    with Hub({"owner/tiny": tiny}) as hub:
        process = at(hub)
        first = process.result("download_model", {"repo": "owner/tiny"})
        asked = len(hub.seen)
        for revision in (None, hub.commit("owner/tiny")):
            again = {"repo": "owner/tiny"} | ({"revision": revision} if revision else {})
            assert process.result("download_model", again) == first
        assert len(hub.seen) == asked
        error = process.error("download_model", {"repo": "owner/tiny", "revision": "f" * 40})
        assert error["code"] == "invalid_request"
        assert "remove it first, or give this one another name" in error["message"]
    # nor does it need a network
    offline = at(hub, HF_HUB_OFFLINE="1")
    assert offline.result("download_model", {"repo": "owner/tiny"}) == first


def test_two_processes_do_not_fetch_the_same_model_at_once(at, large):
    with Hub({"o/large": large}, stall={"model.safetensors": 5}) as hub:
        busy = at(hub)
        busy.send("download_model", {"repo": "o/large"})
        while not hub.ranges("model.safetensors"):
            time.sleep(0.01)
        other = at(hub)
        error = other.error("download_model", {"repo": "o/large"})
        assert error["code"] == "invalid_request"
        assert "another process works on the model 'large' now" in error["message"]
        assert other.error("remove_model", {"name": "large"})["code"] == "invalid_request"


REFUSED = [
    ({"repo": "owner/none"}, "model_not_found", "knows no model 'owner/none'"),
    ({"repo": "owner/tiny", "revision": "v9"}, "model_not_found", "has no revision at v9"),
    ({"repo": "owner/tiny", "files": ["*.gguf"]}, "model_not_found", "that matches *.gguf"),
    ({"repo": "not a repo"}, "invalid_request", "'not a repo' is no"),
    ({"repo": "owner/../up"}, "invalid_request", "is no"),
    ({"repo": "owner/tiny", "name": "../up"}, "invalid_request", "is no name for a model"),
    ({"repo": "owner/tiny", "name": "gama-tiny"}, "invalid_request", "ships with grym-synth"),
    ({"repo": "owner/tiny", "name": "fbank"}, "invalid_request", "ships with grym-synth"),
]


def test_a_request_that_cannot_be_met_says_why(at, tiny):
    with Hub({"owner/tiny": tiny}) as hub:
        process = at(hub)
        answers = [process.error("download_model", request) for request, _, _ in REFUSED]
        assert process.result("list_models")["models"] == []
        hub.faults.status = 503
        failed = process.error("download_model", {"repo": "owner/tiny"})
        assert failed["code"] == "hub_unreachable"
        assert "503" in failed["message"]
    assert [answer["code"] for answer in answers] == [code for _, code, _ in REFUSED]
    for answer, (_, _, message) in zip(answers, REFUSED, strict=True):
        assert message in answer["message"]


def test_what_is_here_or_was_begun_is_what_was_asked_for_or_refused(at, tiny):
    asked = {"repo": "owner/tiny", "files": ["LICENSE", "README.md"], "name": "texts"}
    with Hub({"owner/tiny": tiny}, spoilt=["README.md"]) as hub:
        commit = hub.commit("owner/tiny")
        others = [
            ({"files": []}, "of which only LICENSE, README.md"),
            ({"files": ["LICENSE"]}, "of which only LICENSE, README.md"),
            ({"revision": commit[:1]}, f"owner/tiny at {commit[:12]}"),
            ({"revision": ""}, "the revision of owner/tiny is empty"),
        ]
        process = at(hub)
        for state in ("unfinished", "whole"):
            for other, told in others:
                if state == "unfinished":  # each time, as the file that is refused has to come again
                    assert process.error("download_model", asked)["code"] == "model_invalid"
                error = process.error("download_model", asked | other)
                assert (error["code"], told in error["message"]) == ("invalid_request", True)
            hub.faults.spoilt = []
            again = {"files": asked["files"][::-1], "revision": commit[:7]}
            assert process.result("download_model", asked | again)["model"]["state"] == "whole"
