"""The operations that the reader thread answers itself, also while a model computes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gama_operations.clients import Client, Clients, check_owner
from gama_operations.jobs import Job, JobQueue
from gama_operations.machine import device
from gama_operations.protocol import (
    OPERATIONS,
    AttachClientData,
    AttachClientResult,
    CancelData,
    CancelResult,
    CreditData,
    CreditResult,
    PingData,
    PingResult,
    ReleaseData,
    ReleaseResult,
    StatusData,
    StatusResult,
    UploadData,
    UploadResult,
)
from gama_operations.session import Session
from gama_operations.uploads import Uploads


@dataclass(frozen=True, slots=True)
class ImmediateOperation:
    """An operation of the reader thread: the type of its data, and what it does."""

    data: type[msgspec.Struct]
    run: Callable[[Any, Client], msgspec.Struct]


@dataclass(frozen=True, slots=True)
class ImmediateOperations:
    """What they ask and change: none of it waits for a model."""

    session: Session
    clients: Clients
    queue: JobQueue
    uploads: Uploads
    abandon: Callable[[list[Job], str], None]
    """Tells who asked for jobs that were dropped, and why."""

    def bind(self) -> Mapping[str, ImmediateOperation]:
        """The table of operations that the protocol calls immediate."""
        functions = {
            "ping": self._ping,
            "status": self._status,
            "cancel": self._cancel,
            "release": self._release,
            "upload": self._upload,
            "credit": self._grant,
            "attach_client": self._attach,
        }
        return {
            name: ImmediateOperation(row.data, functions[name])
            for name, row in OPERATIONS.items()
            if row.immediate
        }

    def _ping(self, _data: PingData, _client: Client) -> PingResult:
        available = self.session.memory_available()
        return PingResult("ok", device(), available, self.queue.busy, len(self.queue))

    def _status(self, _data: StatusData, client: Client) -> StatusResult:
        return msgspec.structs.replace(self.session.status(), plane=client.arenas.plane)

    def _cancel(self, data: CancelData, client: Client) -> CancelResult:
        check_owner(data.id, client.number)
        state, dropped = self.queue.cancel(data.id)
        self.abandon(dropped, "The request was cancelled while it waited.")
        return CancelResult(state)

    def _release(self, data: ReleaseData, client: Client) -> ReleaseResult:
        outputs = client.arenas.outputs
        if outputs is None:
            return ReleaseResult(0)
        released = sum(outputs.release(generation, client.number) for generation in data.generations)
        return ReleaseResult(released)

    def _upload(self, data: UploadData, client: Client) -> UploadResult:
        check_owner(data.id, client.number)
        return UploadResult(self.uploads.add(data, client.number))

    def _grant(self, data: CreditData, client: Client) -> CreditResult:
        check_owner(data.id, client.number)
        return CreditResult(self.queue.grant(data.id, data.count))

    def _attach(self, data: AttachClientData, _client: Client) -> AttachClientResult:
        return AttachClientResult(self.clients.attach(data).arenas.plane)
