"""The real process with a few light operations beside its own: what is measured is the bridge."""

import os
import sys
import time
import zlib
from collections.abc import Callable, Mapping

from gama_operations.__main__ import main

MODEL_SECONDS = 1.0  # of silence, for the forward passes


def _operations() -> Mapping[str, "BoundOperation"]:  # noqa: C901 # one small function per operation
    from typing import Literal

    from msgspec import Struct

    from gama_operations.call import Call
    from gama_operations.operations import BoundOperation
    from gama_operations.protocol import Tensor

    class Number(Struct):
        value: float
        label: str

    class Samples(Struct):
        samples: Tensor
        checked: bool = False

    class Summary(Struct):
        count: int
        first: float
        last: float
        checksum: int | None

    class Echo(Struct):
        samples: Tensor

    class Work(Struct):
        kind: Literal["python", "tokens", "forward"]
        seconds: float

    class Worked(Struct):
        steps: int
        seconds: float

    class Hang(Struct):
        pid: int

    def small(data: Number, _call: Call) -> Number:
        return Number(data.value + 1, data.label)

    def length(data: Samples, call: Call) -> Summary:
        samples = call.tensors.read(data.samples)
        checksum = zlib.crc32(samples) if data.checked else None
        return Summary(samples.size, float(samples[0]), float(samples[-1]), checksum)

    def echo(data: Echo, call: Call) -> Echo:
        return Echo(call.tensors.write(call.tensors.read(data.samples)))

    return {
        "small": BoundOperation(Number, small),
        "length": BoundOperation(Samples, length),
        "echo": BoundOperation(Echo, echo),
    }


if __name__ == "__main__":
    main(_operations)
