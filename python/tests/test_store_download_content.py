"""What comes is what the hub listed, or it is refused; and what does not fit is not begun."""

from hub_server import Hub


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


def test_a_file_that_goes_on_after_its_length_is_not_written_on(at, large):
    with Hub({"o/large": large}, sizes={"model.safetensors": 10}) as hub:
        process = at(hub)
        error = process.error("download_model", {"repo": "o/large"})
        assert process.result("list_models")["models"][0]["size"] < 10_000
    assert error["code"] == "model_invalid"
    assert "model.safetensors is not what the hub listed: more than its 10 bytes come" in error["message"]
