"""Slots of an arena, in a file of its own."""

import os
import time

import numpy as np
import pytest

from gama_operations.arena import (
    ALIGNMENT,
    HEADER_SIZE,
    KEPT_SIZE,
    InputArena,
    OutputArena,
)
from gama_operations.errors import InvalidRequestError, StaleTensorError
from gama_operations.protocol import Tensor, TensorReference
from gama_operations.tensors import Arenas, CallTensors
from slots import write_slot


@pytest.fixture
def descriptor(tmp_path):
    with (tmp_path / "arena").open("w+b") as file:
        yield file.fileno()


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
