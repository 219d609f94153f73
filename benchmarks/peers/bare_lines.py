"""What a small call costs at least: a loop over lines, `blocking` or with a `reader` thread."""

import os
import sys
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import msgspec

decoder, encoder = msgspec.json.Decoder(), msgspec.json.Encoder()


def blocking() -> Iterator[Any]:
    """Requests, read by the thread that answers them."""
    return map(decoder.decode, sys.stdin.buffer)


def through_reader() -> Iterator[Any]:
    """Requests, read by a thread of their own."""
    requests: SimpleQueue[Any] = SimpleQueue()

    def read() -> None:
        for request in blocking():
            requests.put(request)
        requests.put(None)

    threading.Thread(target=read, daemon=True).start()
    return iter(requests.get, None)


for request in blocking() if sys.argv[1] == "blocking" else through_reader():
    data = request["data"]
    result = {"value": data["value"] + 1, "label": data["label"]}
    os.write(1, encoder.encode({"id": request["id"], "result": result}) + b"\n")
