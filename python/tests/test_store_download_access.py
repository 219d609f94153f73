"""Gated models: where the licence is accepted, and where no token goes."""

import json

from hub_fixtures import CHUNK
from hub_server import Hub

ACCEPTED = "hf_accepted1234567"
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
