"""The real process with a few light operations beside its own: what is measured is the bridge."""

import itertools
import os
import sys
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any, Literal

from gama_operations.__main__ import main

SECONDS_OF_AUDIO = 1  # for one forward pass
TEXT = "a bell rings twice, then a dog barks and rain begins to fall on a roof"


def loop(_call: Any) -> Callable[[], object]:
    """What holds the interpreter and nothing else."""
    return lambda: sum(index * index for index in range(2_000))


def tokens(_call: Any) -> Callable[[], object]:
    """Pairs merged until none is frequent, as a tokeniser does it: lists, dicts, strings."""

    def step() -> str:
        pieces = list(TEXT)
        while True:
            pairs: dict[tuple[str, str], int] = {}
            for pair in itertools.pairwise(pieces):
                pairs[pair] = pairs.get(pair, 0) + 1
            best = max(pairs, key=pairs.__getitem__)
            if pairs[best] < 2:
                return "".join(pieces)
            merged: list[str] = []
            for piece in pieces:
                if merged and (merged[-1], piece) == best:
                    merged[-1] += piece
                else:
                    merged.append(piece)
            pieces = merged

    return step


def forward(_call: Any) -> Callable[[], object]:
    """A forward pass of the shipped model."""
    import numpy as np

    from gama_operations.models import registry

    model = registry.load("gama-tiny")
    waveform = np.zeros((1, SECONDS_OF_AUDIO * model.info.sample_rate), np.float32)
    return lambda: model.embed([waveform])


WORK = {"loop": loop, "tokens": tokens, "forward": forward}


def operations() -> dict[str, Any]:
    """Called once the wire is safe."""
    from msgspec import Struct

    from gama_operations.call import Call
    from gama_operations.operations import BoundOperation
    from gama_operations.protocol import Tensor

    set_by_the_process = sys.getswitchinterval()
    ready: dict[str, Callable[[], object]] = {}

    class Small(Struct):
        value: float
        label: str

    class Length(Struct):
        samples: Tensor
        checked: bool

    class Summary(Struct):
        count: int
        first: float
        last: float
        checksum: int | None

    class Echo(Struct):
        samples: Tensor

    class Busy(Struct):
        work: Literal["loop", "tokens", "forward"]
        seconds: float
        interval: float | None

    class Done(Struct):
        steps: int
        seconds: float
        interval: float

    class Hang(Struct):
        pid: int

    class Pid(Struct):
        pid: int

    def small(data: Small, _call: Call) -> Small:
        return Small(data.value + 1, data.label)

    def length(data: Length, call: Call) -> Summary:
        samples = call.tensors.read(data.samples)
        checksum = zlib.crc32(samples) if data.checked else None
        return Summary(samples.size, float(samples[0]), float(samples[-1]), checksum)

    def echo(data: Echo, call: Call) -> Echo:
        return Echo(call.tensors.write(call.tensors.read(data.samples)))

    def busy(data: Busy, call: Call) -> Done:
        if data.work not in ready:
            ready[data.work] = WORK[data.work](call)
        step = ready[data.work]
        interval = set_by_the_process if data.interval is None else data.interval
        sys.setswitchinterval(interval)
        began = time.perf_counter()
        steps = 0
        while (seconds := time.perf_counter() - began) < data.seconds:
            step()
            steps += 1
        sys.setswitchinterval(set_by_the_process)
        return Done(steps, seconds, interval)

    def hang(data: Hang, _call: Call) -> Pid:
        if os.getpid() == data.pid:
            threading.Event().wait()
        return Pid(os.getpid())

    return {
        "small": BoundOperation(Small, small),
        "length": BoundOperation(Length, length),
        "echo": BoundOperation(Echo, echo),
        "busy": BoundOperation(Busy, busy),
        # Under a name of the protocol: only what that knows as repeatable is asked again.
        "compare": BoundOperation(Hang, hang),
    }


if __name__ == "__main__":
    main(operations)
