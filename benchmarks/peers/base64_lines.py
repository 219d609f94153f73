"""Samples as base64 inside lines of JSON, which msgspec reads and writes."""

import sys
import zlib
from base64 import b64decode, b64encode

import msgspec
import numpy as np

decoder, encoder = msgspec.json.Decoder(), msgspec.json.Encoder()
answers = sys.stdout.buffer
for line in sys.stdin.buffer:
    request = decoder.decode(line)
    data = request["data"]
    samples = np.frombuffer(b64decode(data["samples"]), np.float32)
    if request["operation"] == "echo":
        result = {"samples": b64encode(samples).decode()}
    else:
        result = {
            "count": samples.size,
            "first": float(samples[0]),
            "last": float(samples[-1]),
            "checksum": zlib.crc32(samples) if data["checked"] else None,
        }
    answers.write(encoder.encode({"id": request["id"], "result": result}) + b"\n")
    answers.flush()
