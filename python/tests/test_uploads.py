"""Tensors that come in pieces, before the request that they belong to."""

import base64

import numpy as np
import pytest

from gama_operations.errors import OutOfMemoryError
from gama_operations.protocol import UploadData
from gama_operations.uploads import MOST_REQUESTS, Uploads


def piece(request_id, upload, content):
    return UploadData(request_id, upload, base64.b64encode(content).decode())


def test_a_tensor_in_pieces_is_heard_as_one_that_comes_whole(process):
    samples = np.sin(np.arange(16000) / 20).astype(np.float32)
    whole = base64.b64encode(samples.tobytes()).decode()
    reference = {"dtype": "float32", "shape": [16000], "base64": whole}
    data = {"audio": {"samples": {"$t": reference}, "sample_rate": 16000}, "model": "fbank", "reply": "json"}
    expected = process.result("extract_features", data)["features"]
    content = samples.tobytes()
    for start_at in range(0, len(content), 30000):
        text = base64.b64encode(content[start_at : start_at + 30000]).decode()
        process.send_line({"operation": "upload", "data": {"id": "mine", "upload": 3, "base64": text}})
    reference = {"dtype": "float32", "shape": [16000], "upload": 3}
    data["audio"]["samples"] = {"$t": reference}
    process.send("extract_features", data, "mine")
    assert process.answer("mine")["result"]["features"] == expected
    # It belonged to that request, and is gone with it.
    process.send("extract_features", data, "mine")
    error = process.answer("mine")["error"]
    assert error["code"] == "stale_tensor"
    assert "No tensor 3 was uploaded" in error["message"]


def test_pieces_that_do_not_make_the_shape_are_refused(process):
    process.result("upload", {"id": "mine", "upload": 0, "base64": "AAAA"})
    reference = {"dtype": "float32", "shape": [4], "upload": 0}
    data = {"audio": {"samples": {"$t": reference}, "sample_rate": 16000}, "model": "fbank"}
    process.send("extract_features", data, "mine")
    assert "needs 16 bytes, got 3" in process.answer("mine")["error"]["message"]


def test_pieces_whose_request_is_refused_are_forgotten_with_it(process):
    assert process.result("upload", {"id": "mine", "upload": 0, "base64": "AAAA"}) == {"bytes": 3}
    process.send("no_such_operation", {}, "mine")
    assert process.answer("mine")["error"]["code"] == "unknown_operation"
    assert process.result("upload", {"id": "mine", "upload": 0, "base64": "AAAA"}) == {"bytes": 3}


def test_pieces_of_requests_that_never_come_do_not_pile_up():
    uploads = Uploads()
    for request_id in range(MOST_REQUESTS + 10):
        uploads.add(piece(request_id, 0, b"abc"), 0)
    assert uploads.take(9, 0) == {}
    assert uploads.take(10, 0) == {0: bytearray(b"abc")}


def test_pieces_belong_to_one_client_and_go_with_it():
    uploads = Uploads()
    for client in (1, 2):
        uploads.add(piece(7, 0, bytes([client])), client)
    uploads.drop(1)
    assert uploads.take(7, 1) == {}
    assert uploads.take(7, 2) == {0: bytearray([2])}


def test_pieces_of_one_client_take_no_room_of_another_s():
    uploads = Uploads()
    uploads.add(piece("mine", 0, b"abc"), 1)
    for request_id in range(MOST_REQUESTS + 10):
        uploads.add(piece(request_id, 0, b"abc"), 2)
    assert uploads.take("mine", 1) == {0: bytearray(b"abc")}


def test_a_client_with_too_many_bytes_is_told_at_the_piece_and_at_its_request_and_no_other_is():
    uploads = Uploads(most_bytes=10)
    uploads.add(piece(1, 0, b"12345678"), 1)
    for _ in range(2):
        with pytest.raises(OutOfMemoryError, match="10 bytes"):
            uploads.add(piece(2, 0, b"123"), 1)
    assert uploads.add(piece(2, 0, b"123"), 2) == 3
    with pytest.raises(OutOfMemoryError, match="ask for fewer"):
        uploads.take(2, 1)
    assert uploads.take(2, 1) == {}
    # What was taken, and what was dropped, takes no room any more.
    assert uploads.take(1, 1) == {0: bytearray(b"12345678")}
    assert uploads.add(piece(3, 0, b"1234567890"), 1) == 10
