"""ZeroMQ: a header of JSON and the samples in a frame of their own, which is not copied here."""

import sys
import zlib

import msgspec
import numpy as np
import zmq

socket = zmq.Context().socket(zmq.DEALER)
socket.setsockopt(zmq.LINGER, 0)
socket.bind(sys.argv[1])
decoder, encoder = msgspec.json.Decoder(), msgspec.json.Encoder()
while True:
    header, *frames = socket.recv_multipart(copy=False)
    request = decoder.decode(header.buffer)
    data = request["data"]
    match request["operation"]:
        case "end":
            break
        case "small":
            result = {"value": data["value"] + 1, "label": data["label"]}
            frames = []
        case "echo":
            result = None
        case _:
            samples = np.frombuffer(frames[0].buffer, np.float32)
            result = {
                "count": samples.size,
                "first": float(samples[0]),
                "last": float(samples[-1]),
                "checksum": zlib.crc32(samples) if data["checked"] else None,
            }
            frames = []
    socket.send_multipart([encoder.encode({"id": request["id"], "result": result}), *frames], copy=False)
