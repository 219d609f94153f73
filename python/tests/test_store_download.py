"""Models from the hub: real processes against a real HTTP server on loopback."""

import json
import os
import time
from pathlib import Path

import pytest

from hub_server import Hub
from wav2vec2_models import save

CHUNK = 10 * 1024 * 1024  # what huggingface_hub writes at a time: a cut loses less than this
ACCEPTED = "hf_accepted1234567"
CONFIG = {"model_type": "wav2vec2", "hidden_size": 8}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A repository with a real encoder, and what real repositories have beside it."""
    folder = tmp_path_factory.mktemp("tiny")
    save(folder)
    (folder / "README.md").write_text("# tiny")
    (folder / "LICENSE").write_text("Apache-2.0")
    (folder / "modeling_tiny.py").write_text("raise SystemExit('remote code ran')")
    (folder / "pytorch_model.bin").write_bytes(b"the same again, as a pickle")
    (folder / "training_args.bin").write_bytes(b"of training")
    (folder / ".gitattributes").write_text("*.bin filter=lfs")
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Weights of more than two chunks, so that a cut leaves something behind."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model.safetensors").write_bytes(os.urandom(2 * CHUNK + 5_000))
    return folder


@pytest.fixture
def at(tmp_path, start):
    """A process whose cache is this test's, and whose hub is the given one."""

    def begin(hub, **environment):
        variables = {
            "GRYM_CACHE": str(tmp_path / "cache"),
            "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": "",
            "HF_HUB_OFFLINE": "0",
        }
        return start(environment=variables | environment)

    return begin


def names(folder):
    return sorted(file.relative_to(folder).as_posix() for file in Path(folder).rglob("*") if file.is_file())


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


def test_content_of_another_hash_is_refused_and_not_kept(at, tiny):
    with Hub({"owner/tiny": tiny}) as hub:
        process = at(hub)
        commit = hub.commit("owner/tiny")[:12]
        for spoilt in ("config.json", "model.safetensors"):
            hub.faults.spoilt = [spoilt]
            error = process.error("download_model", {"repo": "owner/tiny"})
            assert error["code"] == "model_invalid"
            assert f"{spoilt} is not the file of owner/tiny at {commit}" in error["message"]
            assert error["details"]["got"] != error["details"]["expected"]
        assert process.error("load_model", {"model": "tiny"})["code"] == "model_not_found"
        hub.faults.spoilt = []
        assert process.result("download_model", {"repo": "owner/tiny"})["model"]["state"] == "whole"


def test_a_file_of_another_length_than_the_list_says_is_refused(at, tiny):
    size = (tiny / "model.safetensors").stat().st_size
    with Hub({"owner/tiny": tiny}, sizes={"model.safetensors": size + 1}) as hub:
        error = at(hub).error("download_model", {"repo": "owner/tiny"})
    assert error["code"] == "model_invalid"
    assert f"{size:,} bytes, expected" in error["message"]


def test_what_does_not_fit_on_the_disk_is_not_begun(at, tiny):
    with Hub({"owner/tiny": tiny}, sizes={"model.safetensors": 10**18}) as hub:
        error = at(hub).error("download_model", {"repo": "owner/tiny"})
        assert error["code"] == "disk_full"
        assert error["details"]["needed"] > 10**18 > error["details"]["free"] > 0
        assert f"{error['details']['needed']:,}" in error["message"]
        assert f"{error['details']['free']:,}" in error["message"]
        assert not any("resolve" in seen.path for seen in hub.seen)


GATES = [
    ("", 401, "log in here (`hf auth login`, or HF_TOKEN)"),
    ("hf_stranger123456", 403, "check that the token belongs to that account"),
]


def test_a_gate_is_told_with_where_to_accept_the_licence(at, tiny):
    with Hub({"meta/gated": tiny}, gated=True) as hub:
        page = f"{hub.url}/meta/gated"
        for token, status, advice in GATES:
            error = at(hub, HF_TOKEN=token).error("download_model", {"repo": "meta/gated"})
            assert error["code"] == "model_gated"
            assert f"accept its licence at {page} with your account, then {advice}" in error["message"]
            assert error["details"] == {"status": status, "page": page, "logged_in": token != ""}
        accepted = at(hub, HF_TOKEN=ACCEPTED)
        assert accepted.result("download_model", {"repo": "meta/gated"})["model"]["state"] == "whole"


def test_tokens_and_signed_addresses_are_in_no_log_no_error_and_no_file(at, large, tmp_path):
    cut = {"model.safetensors": [CHUNK + 1, 2 * CHUNK]}
    with Hub({"o/large": large}, gated=True, cut=cut, spoilt=["model.safetensors"]) as hub:
        process = at(hub, HF_TOKEN=ACCEPTED, HF_DEBUG="1")
        reports, said = [], process.send("download_model", {"repo": "o/large"})
        while (
            (message := process.receive()) is not None and message.get("id") != said
        ) or "event" in message:
            reports.append(json.dumps(message))
        tokens = {seen.host: seen.token for seen in hub.seen}
        rest, stderr, _ = process.finish()
    text = "".join([*reports, json.dumps(message), json.dumps(rest), stderr])
    assert message["error"]["code"] == "model_invalid"
    assert "resume" in text  # huggingface_hub's warning about the cut did come
    assert ACCEPTED not in text
    assert "s3cret" not in text
    assert tokens == {"hub": f"Bearer {ACCEPTED}", "cdn": None}  # the other host is not told
    for file in (tmp_path / "cache").rglob("*"):
        assert not file.is_file() or ACCEPTED.encode() not in file.read_bytes()


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


def test_a_file_that_goes_on_after_its_length_is_not_written_on(at, large):
    with Hub({"o/large": large}, sizes={"model.safetensors": 10}) as hub:
        process = at(hub)
        error = process.error("download_model", {"repo": "o/large"})
        assert process.result("list_models")["models"][0]["size"] < 10_000
    assert error["code"] == "model_invalid"
    assert "model.safetensors is not what the hub listed: more than its 10 bytes come" in error["message"]
