"""Where an arena has no more room: the reserve, the line, or an error."""

import fcntl
import os
import resource
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from gama_operations.arena import (
    FIRST_SIZE,
    GENERATION,
    HEADER_SIZE,
)
from gama_operations.errors import StaleTensorError
from gama_operations.protocol import Tensor, TensorReference
from gama_operations.tensors import Arenas, CallTensors
from slots import write_slot


@pytest.fixture
def descriptor(tmp_path):
    with (tmp_path / "arena").open("w+b") as file:
        yield file.fileno()


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
