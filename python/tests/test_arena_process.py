"""Tensors beside the wire, through real descriptors and a real process."""

import base64
import os
import struct

import numpy as np
import pytest

from gama_operations.arena import (
    GENERATION,
    HEADER_SIZE,
)
from slots import write_slot

AWKWARD = struct.pack(
    "<8I", 0x7FC00000, 0x7FC0BEEF, 0xFFC12345, 0x7F800000, 0xFF800000, 0x80000000, 0x00000001, 0x3F800000
)
"""float32: NaN, NaN with a payload, negative NaN with a payload, inf, -inf, -0, the least denormal, 1."""


def put(process, data, offset=HEADER_SIZE, generation=1):
    """Write into the process's input arena and refer to it, as Node does."""
    return write_slot(process.arenas[0], data, offset, generation)


def get(process, tensor):
    """Copy a tensor out of the process's output arena."""
    reference = tensor["$t"]
    size = int(np.prod(reference["shape"])) * np.dtype(reference["dtype"]).itemsize
    found = os.pread(process.arenas[1], HEADER_SIZE + size, reference["offset"] - HEADER_SIZE)
    assert GENERATION.unpack_from(found) == (reference["generation"],)
    return found[HEADER_SIZE:]


def test_the_process_says_that_it_has_arenas_and_on_which_plane(start):
    process = start(arenas=True)
    assert process.ready["data"]["arena"] is True
    assert process.result("status")["plane"] in {"shared_memory", "file"}


def test_without_arenas_the_plane_is_json_and_tensors_travel_as_base64(start):
    process = start(faulty=True)
    assert process.ready["data"]["arena"] is False
    assert process.result("status")["plane"] == "json"
    sent = {"$t": {"dtype": "float32", "shape": [8], "base64": base64.b64encode(AWKWARD).decode()}}
    back = process.result("echo", {"tensor": sent})["value"]["$t"]
    assert base64.b64decode(back["base64"]) == AWKWARD


def test_13_nan_payloads_and_negative_zero_come_back_bit_for_bit(start):
    process = start(faulty=True, arenas=True)
    tensor = put(process, AWKWARD)
    tensor["$t"] |= {"dtype": "float32", "shape": [2, 4]}
    back = process.result("echo", {"tensor": tensor})["value"]
    assert back["$t"]["shape"] == [2, 4]
    assert get(process, back) == AWKWARD


def test_both_arenas_grow_and_what_was_there_stays(start):
    process = start(faulty=True, arenas=True)
    small = process.result("echo", {"tensor": put(process, b"small")})["value"]
    large = os.urandom(5 << 20)
    grown = process.result("echo", {"tensor": put(process, large, offset=4096)})["value"]
    assert get(process, grown) == large
    assert get(process, small) == b"small"


def test_a_released_slot_is_used_again_under_a_new_generation(start):
    process = start(faulty=True, arenas=True)
    tensor = put(process, b"x" * 1000)
    first = process.result("echo", {"tensor": tensor})["value"]["$t"]
    held = process.result("echo", {"tensor": tensor})["value"]["$t"]
    process.write(b'{"operation": "release", "data": {"generations": [%d]}}\n' % first["generation"])
    again = process.result("echo", {"tensor": tensor})["value"]["$t"]
    assert again["offset"] == first["offset"] != held["offset"]
    assert again["generation"] > held["generation"] > first["generation"]
    assert process.result("release", {"generations": [first["generation"], 999]})["released"] == 0


def test_what_a_failed_call_wrote_is_given_back(start):
    process = start(faulty=True, arenas=True)
    for _ in range(20):
        assert process.error("leave_behind", {"count": 1 << 20})["message"] == "failed after writing"
    assert os.fstat(process.arenas[1]).st_size <= 4 << 20


@pytest.mark.parametrize(
    "reference",
    [
        {"dtype": "uint8", "shape": [10], "offset": 1 << 40},
        {"dtype": "uint8", "shape": [10], "offset": -64},
        {"dtype": "uint8", "shape": [10], "offset": 0},
        {"dtype": "float64", "shape": [1 << 30], "offset": 64},
        {"dtype": "float32", "shape": [2**33, 2**33], "offset": 64},
    ],
)
def test_32_a_reference_outside_the_arena_is_stale_and_the_process_lives(start, reference):
    process = start(faulty=True, arenas=True)
    put(process, b"some bytes")
    assert process.error("echo", {"tensor": {"$t": reference}})["code"] == "stale_tensor"
    assert process.result("ping")["status"] == "ok"


@pytest.mark.parametrize("now", [8, 0])
def test_a_reference_to_a_slot_that_is_another_one_s_by_now_is_stale(start, now):
    process = start(faulty=True, arenas=True)
    tensor = put(process, b"what was asked", generation=7)
    assert get(process, process.result("echo", {"tensor": tensor})["value"]) == b"what was asked"
    put(process, b"something else", generation=now)
    error = process.error("echo", {"tensor": tensor})
    assert error["code"] == "stale_tensor"
    assert "slot 7" in error["message"]


def test_a_released_slot_has_no_generation(start):
    process = start(faulty=True, arenas=True)
    result = process.result("echo", {"tensor": put(process, b"some bytes")})["value"]["$t"]
    assert process.result("release", {"generations": [result["generation"]]})["released"] == 1
    assert os.pread(process.arenas[1], GENERATION.size, result["offset"] - HEADER_SIZE) == GENERATION.pack(0)


def test_a_reference_into_an_arena_that_nobody_shares_is_stale(start):
    error = start(faulty=True).error(
        "echo", {"tensor": {"$t": {"dtype": "uint8", "shape": [1], "offset": 0}}}
    )
    assert error["code"] == "stale_tensor"
