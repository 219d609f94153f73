"""HTTP: FastAPI on uvicorn with uvloop and httptools; samples are the body as it is."""

import os
import socket
import sys
import threading
import zlib
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

app = FastAPI()


class Small(BaseModel):
    """A small call."""

    value: float
    label: str


@app.post("/small")
async def small(data: Small) -> Small:
    """The next number."""
    return Small(value=data.value + 1, label=data.label)


@app.post("/length")
async def length(request: Request, *, checked: bool) -> dict[str, Any]:
    """What arrived."""
    body = await request.body()
    samples = memoryview(body).cast("f")
    checksum = zlib.crc32(body) if checked else None
    return {"count": len(samples), "first": samples[0], "last": samples[-1], "checksum": checksum}


@app.post("/echo")
async def echo(request: Request) -> Response:
    """The body again."""
    return Response(await request.body(), media_type="application/octet-stream")


def end_with_parent() -> None:
    """Standard input ends with whoever started this."""
    sys.stdin.read()
    os._exit(0)


listening = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=end_with_parent, daemon=True).start()
print(listening.getsockname()[1], flush=True)
config = uvicorn.Config(app, loop="uvloop", http="httptools", log_level="warning", access_log=False)
uvicorn.Server(config).run(sockets=[listening])
