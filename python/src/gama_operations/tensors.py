"""Tensors on their way in and out of a call: through the arenas, or inside the line where there are none."""

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gama_operations.arena import InputArena, OutputArena, Plane, count_bytes, plane_of
from gama_operations.errors import InvalidRequestError, OutOfMemoryError, StaleTensorError
from gama_operations.protocol import MAX_LINE_BYTES, AttachClientData, Tensor, TensorReference
from gama_operations.uploads import decode_base64

if TYPE_CHECKING:  # numpy is not imported before `ready`
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Arenas:
    """What one client shares with us: both arenas, one, or none."""

    inputs: InputArena | None
    outputs: OutputArena | None
    plane: Plane
    owner: int = 0
    """The client; 0: who owns the process."""
    reserve: InputArena | None = None
    """A file, where the client puts what `inputs` has no room for."""

    @classmethod
    def inherit(cls, environment: Mapping[str, str]) -> "Arenas":
        """From the descriptors that GRYM_ARENA_IN and GRYM_ARENA_OUT name, each with its reserve: `3,5`.

        A host names the output arena alone: its clients bring their own input arenas.
        """
        inputs, input_reserve = _inherited(environment.get("GRYM_ARENA_IN"))
        outputs, output_reserve = _inherited(environment.get("GRYM_ARENA_OUT"))
        if outputs is None:
            return cls(None, None, "json")
        rest = None if output_reserve is None else OutputArena(output_reserve)
        return cls(
            None if inputs is None else InputArena(inputs),
            OutputArena(outputs, reserve=rest),
            plane_of(outputs),
            reserve=None if input_reserve is None else InputArena(input_reserve),
        )

    def attach(self, data: AttachClientData) -> "Arenas":
        """What another client shares: its own input arena with its reserve, and our output arena.

        Raises:
            OSError: its arena cannot be opened.
        """
        inputs = _opened(data.arena)
        try:
            reserve = _opened(data.reserve)
        except OSError:
            if inputs is not None:
                inputs.close()
            raise
        outputs = self.outputs if data.shares_output else None
        plane: Plane = "json"
        if inputs is not None and outputs is not None:
            plane = "file" if "file" in (self.plane, inputs.plane) else "shared_memory"
        return Arenas(inputs, outputs, plane, data.client, reserve)


def _opened(path: str | None) -> InputArena | None:
    return None if path is None else InputArena(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


def _inherited(names: str | None) -> tuple[int | None, int | None]:
    """The descriptors of an arena and of its reserve, from now on only ours."""
    descriptors = [] if names is None else [int(name) for name in names.split(",")]
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    arena, reserve, *_ = *descriptors, None, None
    return arena, reserve


class CallTensors(msgspec.Struct, eq=False):
    """The tensors of one call; what it allocated is given back when it fails."""

    _arenas: Arenas
    _uploads: Mapping[int, bytes | bytearray] = {}
    _written: list[int] = []

    @property
    def owner(self) -> int:
        """Whose call it is."""
        return self._arenas.owner

    @property
    def shared(self) -> bool:
        """Whether results can go through shared memory."""
        return self._arenas.outputs is not None

    def read(self, tensor: Tensor) -> "NDArray[Any]":
        """The tensor's values: a view of the arena, the decoded base64, or what was uploaded.

        Raises:
            InvalidRequestError: the bytes do not make the shape, or the reference is incomplete.
            StaleTensorError: the reference lies outside the arena, no arena is shared, or no such tensor
                was uploaded.
        """
        import numpy as np

        reference = tensor.reference
        if reference.upload is not None:
            if reference.upload not in self._uploads:
                raise StaleTensorError(f"No tensor {reference.upload} was uploaded for this request.")
            data = self._uploads[reference.upload]
        elif reference.base64 is not None:
            data = decode_base64(reference.base64)
        elif arena := self._arenas.reserve if reference.reserve else self._arenas.inputs:
            return arena.view(reference)
        else:
            raise StaleTensorError("The tensor refers to an arena, but none is shared.")
        if len(data) != count_bytes(reference):
            raise InvalidRequestError(
                f"A tensor of shape {reference.shape} and type {reference.dtype} needs "
                f"{count_bytes(reference)} bytes, got {len(data)}."
            )
        return np.frombuffer(data, reference.dtype).reshape(reference.shape)

    def read_rows(self, features: Tensor | Sequence[Sequence[Any]]) -> "NDArray[Any]":
        """Features, one row per clip [N, D] or [N, S, D]: a tensor as it is, plain rows as float64.

        Raises:
            InvalidRequestError: rows of different lengths; and what `read` raises.
        """
        import numpy as np

        if isinstance(features, Tensor):
            return self.read(features)
        widths = {len(row) for row in features}
        if len(widths) > 1:
            raise InvalidRequestError(f"Expected rows of as many features each, got {sorted(widths)}")
        try:
            return np.array(features, dtype=np.float64)
        except (ValueError, TypeError) as error:
            raise InvalidRequestError(f"Expected rows of one shape: {error}") from error

    def write(self, array: "NDArray[Any]") -> Tensor:
        """Hand an array to the client, bit for bit: through the arena, or in the line where it must be.

        Raises:
            OutOfMemoryError: shared memory is full, and a line cannot carry that much.
        """
        if self._arenas.outputs is None:
            return _inline(array)
        try:
            reference, target = self._arenas.outputs.allocate(array.dtype, array.shape, self.owner)
        except OSError as error:
            # Shared memory is full. The line can still carry it, if it is short enough.
            if array.nbytes * 4 / 3 > MAX_LINE_BYTES / 2:
                raise OutOfMemoryError(
                    f"Shared memory cannot take a result of {array.nbytes} bytes ({error.strerror}): "
                    "ask for fewer clips at a time, or give /dev/shm or the temporary folder more room."
                ) from error
            return _inline(array)
        self._written.append(reference.generation)
        target[...] = array
        return Tensor(reference)

    def settle(self) -> None:
        """What was written is sent: the client gives it back, whatever becomes of the call."""
        self._written.clear()

    def discard(self) -> None:
        """Give back what was written: the call failed, nobody will read it."""
        for generation in self._written:
            if self._arenas.outputs is not None:
                self._arenas.outputs.release(generation, self.owner)
        self._written.clear()


def _inline(array: "NDArray[Any]") -> Tensor:
    text = base64.b64encode(array.tobytes()).decode()
    return Tensor(TensorReference(str(array.dtype), list(array.shape), base64=text))  # pyright: ignore[reportArgumentType] # as above
