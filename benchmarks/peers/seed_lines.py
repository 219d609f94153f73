"""The seed's way: lines of Python's own json, samples as arrays of numbers."""

import json
import sys
import zlib

import numpy as np

for line in sys.stdin:
    request = json.loads(line)
    data = request["data"]
    if request["operation"] == "small":
        result = {"value": data["value"] + 1, "label": data["label"]}
    else:
        samples = np.array(data["samples"], dtype=np.float32)
        if request["operation"] == "echo":
            result = {"samples": samples.tolist()}
        else:
            result = {
                "count": samples.size,
                "first": float(samples[0]),
                "last": float(samples[-1]),
                "checksum": zlib.crc32(samples) if data["checked"] else None,
            }
    sys.stdout.write(json.dumps({"id": request["id"], "result": result, "error": None}) + "\n")
    sys.stdout.flush()
