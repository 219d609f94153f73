"""Tensors beside the wire, through real descriptors and a real process."""

import base64
import fcntl
import os
import resource
import struct
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from gama_operations.arena import (
    ALIGNMENT,
    FIRST_SIZE,
    GENERATION,
    HEADER_SIZE,
    KEPT_SIZE,
    InputArena,
    OutputArena,
)
from gama_operations.errors import InvalidRequestError, StaleTensorError
from gama_operations.protocol import Tensor, TensorReference
from gama_operations.tensors import Arenas, CallTensors
from slots import write_slot

AWKWARD = struct.pack(
    "<8I", 0x7FC00000, 0x7FC0BEEF, 0xFFC12345, 0x7F800000, 0xFF800000, 0x80000000, 0x00000001, 0x3F800000
)
"""float32: NaN, NaN with a payload, negative NaN with a payload, inf, -inf, -0, the least denormal, 1."""


@pytest.fixture
def descriptor(tmp_path):
    with (tmp_path / "arena").open("w+b") as file:
        yield file.fileno()


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


@pytest.mark.parametrize(
    "reference",
    [
        TensorReference("float32", [2], base64="AAAA"),
        TensorReference("float32", [1], base64="not base64!"),
        TensorReference("uint8", [-1], base64=""),
    ],
)
def test_base64_that_does_not_make_the_shape_is_an_invalid_request(reference):
    with pytest.raises(InvalidRequestError):
        CallTensors(Arenas(None, None, "json")).read(Tensor(reference))


def test_a_reference_without_bytes_is_an_invalid_request(descriptor):
    with pytest.raises(InvalidRequestError):
        InputArena(descriptor).view(TensorReference("uint8", [1]))


def test_an_empty_tensor_needs_no_bytes(descriptor):
    assert InputArena(descriptor).view(TensorReference("float32", [0, 5], offset=0)).shape == (0, 5)


def test_the_input_arena_can_only_be_read(descriptor):
    write_slot(descriptor, b"12345678")
    view = InputArena(descriptor).view(TensorReference("uint8", [8], offset=HEADER_SIZE, generation=1))
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1


def test_an_input_arena_that_shrank_is_stale_and_never_a_signal(descriptor):
    arena = InputArena(descriptor)
    write_slot(descriptor, b"x" * 10_000, KEPT_SIZE + HEADER_SIZE)
    reference = TensorReference("uint8", [10_000], offset=KEPT_SIZE + HEADER_SIZE, generation=1)
    arena.view(reference)
    os.ftruncate(descriptor, KEPT_SIZE)
    with pytest.raises(StaleTensorError):
        arena.view(reference)


def test_21_slots_never_overlap_and_memory_is_bounded_over_many_random_turns(descriptor):
    rng = np.random.default_rng(7)
    arena = OutputArena(descriptor)
    held = {}
    most = 0
    for turn in range(3000):
        if len(held) > 20 or (held and rng.random() < 0.45):
            generation = rng.choice(list(held))
            _, array, value = held.pop(generation)
            assert (array == value).all()
            assert arena.release(int(generation))
        else:
            value = turn % 251
            reference, array = arena.allocate(np.dtype(np.uint8), (int(rng.integers(0, 50_000)),))
            assert reference.offset % ALIGNMENT == 0
            array[...] = value
            held[reference.generation] = (reference, array, value)
        most = max(most, arena.in_use)
    assert arena.size < 4 * most + (2 << 20)
    for generation in held:
        assert arena.release(int(generation))
    assert arena.in_use == 0


def wait_for_size(descriptor, size):
    deadline = time.monotonic() + 30
    while os.fstat(descriptor).st_size != size:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_output_arena_gives_back_what_a_burst_needed_and_grows_again(descriptor):
    arena = OutputArena(descriptor, kept_seconds=0.05)
    for turn in range(2):
        burst, numbers = arena.allocate(np.dtype(np.uint8), (KEPT_SIZE,))
        held, kept = arena.allocate(np.dtype(np.uint8), (1000,))
        numbers[-10:] = turn
        kept[...] = 7
        assert os.pread(descriptor, 10, burst.offset + KEPT_SIZE - 10) == bytes([turn] * 10)
        assert arena.release(burst.generation)
        time.sleep(0.3)  # some turns of the timer
        assert arena.size > KEPT_SIZE  # a slot is in use, behind what is kept
        kept[...] = 8
        assert os.pread(descriptor, 1000, held.offset) == b"\x08" * 1000
        assert arena.release(held.generation)
        wait_for_size(descriptor, KEPT_SIZE)
        after, numbers = arena.allocate(np.dtype(np.uint8), (3,))
        numbers[...] = (1, 2, 3)
        assert os.pread(descriptor, 3, after.offset) == b"\1\2\3"
        assert arena.release(after.generation)


def test_21_a_slot_that_cannot_be_mapped_is_nobodys(tmp_path):
    write_only = os.open(tmp_path / "arena", os.O_WRONLY | os.O_CREAT)
    arena = OutputArena(write_only)
    with pytest.raises(PermissionError):
        arena.allocate(np.dtype(np.uint8), (10,))
    assert arena.in_use == 0
    os.close(write_only)


@pytest.fixture
def small():
    """A file in memory that never gets longer than a megabyte."""
    descriptor = os.memfd_create("small", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, FIRST_SIZE)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
    yield descriptor
    os.close(descriptor)


def test_21_results_without_room_go_through_the_reserve_and_are_given_back(small, descriptor):
    environment = {"GRYM_ARENA_OUT": f"{small},{descriptor}"}
    arenas = Arenas.inherit(environment)
    outputs = arenas.outputs
    assert outputs is not None
    references = []
    for turn in range(4):  # of which the first has room
        tensors = CallTensors(replace(arenas, owner=1 + turn % 2))
        references.append(tensors.write(np.full(100_000, turn, dtype=np.float64)).reference)
    assert [reference.reserve for reference in references] == [False, True, True, True]
    assert [reference.generation for reference in references] == [1, 2, 3, 4]
    for turn, reference in enumerate(references):
        found = os.pread(descriptor if reference.reserve else small, 800_000, reference.offset)
        assert (np.frombuffer(found) == turn).all()
    assert not outputs.release(2, owner=1)  # the other's
    assert outputs.release(2, owner=2)
    assert os.pread(descriptor, GENERATION.size, references[1].offset - HEADER_SIZE) == GENERATION.pack(0)
    assert (outputs.release_all(1), outputs.release_all(2), outputs.in_use) == (2, 1, 0)
    assert not CallTensors(arenas).write(np.arange(10)).reference.reserve
    failed = CallTensors(arenas)
    assert failed.write(np.zeros(200_000)).reference.reserve
    failed.discard()
    assert outputs.in_use == HEADER_SIZE + 128


def test_21_inputs_of_the_reserve_are_read_there_and_told_when_they_are_stale(small, descriptor):
    tensors = CallTensors(
        Arenas.inherit({"GRYM_ARENA_IN": f"{small},{descriptor}", "GRYM_ARENA_OUT": str(small)})
    )
    write_slot(small, b"memory", generation=1)
    write_slot(descriptor, b"a file", generation=1)
    reference = TensorReference("uint8", [6], offset=HEADER_SIZE, generation=1)
    assert tensors.read(Tensor(reference)).tobytes() == b"memory"
    assert tensors.read(Tensor(structs.replace(reference, reserve=True))).tobytes() == b"a file"
    write_slot(descriptor, b"others", generation=2)
    with pytest.raises(StaleTensorError):
        tensors.read(Tensor(structs.replace(reference, reserve=True)))
    with pytest.raises(StaleTensorError, match="none is shared"):
        CallTensors(Arenas(None, None, "json")).read(Tensor(structs.replace(reference, reserve=True)))


FULL = """
import os, sys
import numpy as np
from gama_operations.arena import OutputArena
from gama_operations.errors import OutOfMemoryError
from gama_operations.tensors import Arenas, CallTensors
tensors = CallTensors(Arenas(None, OutputArena(int(sys.argv[1])), "file"))
print(tensors.write(np.arange(500_000, dtype=np.float64)).reference.base64 is not None)
try:
    tensors.write(np.zeros(50_000_000, dtype=np.uint8))
except OutOfMemoryError as error:
    assert "fewer clips" in str(error)
    print(type(error).__name__)
"""


def test_21_when_the_arena_cannot_grow_the_line_carries_the_tensor_if_it_is_short_enough(descriptor):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(descriptor)],
        pass_fds=[descriptor],
        capture_output=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )
    assert done.stdout.split() == [b"True", b"OutOfMemoryError"]
