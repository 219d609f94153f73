"""Two threads and one wire: the reader never waits for a model.

The reader thread decodes lines, answers at once what the protocol calls immediate, and queues the
rest. The model thread, which is the main one, works the queue in order. Only here do exceptions
become answers: an operation may raise anything without ending the process.
"""

import os
import platform
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from gama_operations.call import Call, ProgressReporter
from gama_operations.clients import OWNER, Client, Clients, check_owner
from gama_operations.errors import (
    CancelledError,
    InvalidRequestError,
    OperationError,
    ShuttingDownError,
    UnknownOperationError,
)
from gama_operations.failures import describe, is_out_of_memory
from gama_operations.jobs import Job, JobQueue
from gama_operations.machine import device, give_back_memory
from gama_operations.memory import PhaseRecorder
from gama_operations.operations import BoundOperation
from gama_operations.protocol import (
    PROTOCOL_VERSION,
    AttachClientData,
    AttachClientResult,
    CancelData,
    CancelResult,
    CreditData,
    CreditResult,
    DetachClientData,
    DetachClientResult,
    ErrorMessage,
    Id,
    Log,
    LogMessage,
    Part,
    PartMessage,
    PingData,
    PingResult,
    Progress,
    ProgressMessage,
    Ready,
    ReadyMessage,
    ReleaseData,
    ReleaseResult,
    ResultMessage,
    ShutdownData,
    ShutdownResult,
    StatusData,
    StatusResult,
    UploadData,
    UploadResult,
)
from gama_operations.requests import Envelope, UnreadableLineError, decode_data, read_request
from gama_operations.running import RunningMark
from gama_operations.session import Session
from gama_operations.streams import PartStream
from gama_operations.tensors import CallTensors
from gama_operations.uploads import Uploads
from gama_operations.wire import LineReader, LineWriter, OversizeLine


@dataclass(frozen=True, slots=True)
class Immediate:
    """An operation that the reader thread answers itself."""

    data: type[msgspec.Struct]
    run: Callable[[Any, Client], msgspec.Struct]


FOR_OWNER = ("attach_client", "detach_client", "shutdown")
"""What only the owner of the process may ask; the clients of a host may not."""


class Bridge:
    """Everything between the lines and the operations."""

    def __init__(
        self,
        wire: LineWriter,
        session: Session,
        operations: Mapping[str, BoundOperation],
        running: RunningMark,
    ) -> None:
        self._wire = wire
        self._running = running
        self._session = session
        self._clients = Clients(session.arenas)
        self._operations = operations
        self._queue = JobQueue(self._close)
        self._uploads = Uploads()
        self._stopping = False
        self._immediate = {
            "ping": Immediate(PingData, self._ping),
            "status": Immediate(StatusData, self._status),
            "cancel": Immediate(CancelData, self._cancel),
            "release": Immediate(ReleaseData, self._release),
            "upload": Immediate(UploadData, self._upload),
            "credit": Immediate(CreditData, self._grant),
            "attach_client": Immediate(AttachClientData, self._attach),
        }

    def serve(self, lines: LineReader) -> None:
        """Say `ready`, then answer until the lines end or a shutdown is asked for."""
        self._wire.send(
            ReadyMessage(
                Ready(
                    protocol=PROTOCOL_VERSION,
                    pid=os.getpid(),
                    python=platform.python_version(),
                    operations=[*self._immediate, *self._operations, "detach_client", "shutdown"],
                    arena=self._session.arenas.plane != "json",
                )
            )
        )
        # `logging` itself need not be imported before `ready`.
        from gama_operations.logs import send_logs

        send_logs(self._wire)
        threading.Thread(target=self._read, args=(lines,), name="reader", daemon=True).start()
        while (job := self._queue.take()) is not None:
            self._running.set(job.id)
            self._work(job)  # which raises nothing
            self._running.clear()

    # The reader thread

    def _read(self, lines: LineReader) -> None:
        try:
            for line in lines:
                if isinstance(line, OversizeLine) or not (line == b"" or line.isspace()):
                    self._receive(line)
        finally:  # a descriptor that fails (a terminal hung up) ends the session, and does not leave it deaf
            self._abandon(self._queue.end_input(), "Nobody is left who could ask for more parts.")

    def _receive(self, line: bytes | OversizeLine) -> None:
        request_id: Id | None = None
        try:
            envelope = read_request(line)
            self._session.requests += 1
            check_owner(envelope.id, envelope.client)  # else the answer would be another's
            request_id = envelope.id
            self._dispatch(envelope)
        except UnreadableLineError as unreadable:
            self._fail(unreadable.id, unreadable.fault)
        except Exception as error:  # noqa: BLE001 # every failure is an answer; the reader must live
            self._fail(request_id, error)

    def _dispatch(self, envelope: Envelope) -> None:
        client = self._clients.find(envelope.client)
        if envelope.client != OWNER and envelope.operation in FOR_OWNER:
            raise InvalidRequestError(
                f"{envelope.operation} is not for a client: the process belongs to a host."
            )
        if immediate := self._immediate.get(envelope.operation):
            result = immediate.run(decode_data(envelope, immediate.data), client)
            if envelope.id is not None:
                self._wire.send(ResultMessage(envelope.id, result))
            return
        uploads = self._uploads.take(envelope.id, client.number)  # also where the request is refused
        operation = self._find(envelope.operation)
        data = decode_data(envelope, operation.data)
        if envelope.id is None:
            raise InvalidRequestError(f"{envelope.operation} needs an `id`: nobody could get the answer.")
        if self._stopping:
            raise ShuttingDownError("The process was told to end; it takes no more requests.")
        # Whatever was asked before is worked before.
        priority = "background" if envelope.operation == "shutdown" else envelope.priority
        stream = self._open_stream(envelope, operation)
        job = Job(envelope.id, envelope.operation, operation.run, data, client, priority, stream, uploads)
        if isinstance(data, DetachClientData):
            self._queue.drop(self._clients.detach(data.client))
            self._uploads.drop(data.client)
            self._queue.put_first(job)  # after the job that runs, which may be the client's
        else:
            self._queue.put(job)
        if envelope.operation == "shutdown":
            self._stopping = True
            self._queue.close()

    def _open_stream(self, envelope: Envelope, operation: BoundOperation) -> PartStream | None:
        if envelope.credit is None:
            if envelope.done:
                raise InvalidRequestError("`done` is for answers in parts: give `credit`, too.")
            return None
        if operation.run_in_parts is None:
            raise InvalidRequestError(f"{envelope.operation} does not answer in parts: leave `credit` out.")
        return PartStream(operation.run_in_parts, envelope.credit, frozenset(envelope.done))

    def _find(self, name: str) -> BoundOperation:
        if name == "shutdown":
            return BoundOperation(ShutdownData, lambda _data, _call: ShutdownResult("bye"))
        if name == "detach_client":
            return BoundOperation(DetachClientData, self._free)
        if name not in self._operations:
            known = ", ".join([*self._immediate, *self._operations, "detach_client", "shutdown"])
            raise UnknownOperationError(f"There is no operation {name!r}; there are: {known}.")
        return self._operations[name]

    def _status(self, _data: StatusData, client: Client) -> StatusResult:
        return msgspec.structs.replace(self._session.status(), plane=client.arenas.plane)

    def _attach(self, data: AttachClientData, _client: Client) -> AttachClientResult:
        return AttachClientResult(self._clients.attach(data).arenas.plane)

    def _ping(self, _data: PingData, _client: Client) -> PingResult:
        available = self._session.memory_available()
        return PingResult("ok", device(), available, self._queue.busy, len(self._queue))

    def _cancel(self, data: CancelData, client: Client) -> CancelResult:
        check_owner(data.id, client.number)
        state, dropped = self._queue.cancel(data.id)
        self._abandon(dropped, "The request was cancelled while it waited.")
        return CancelResult(state)

    def _abandon(self, dropped: list[Job], why: str) -> None:
        for job in dropped:
            if job.call is not None:
                job.call.tensors.discard()
            self._fail(job.id, CancelledError(why))

    def _release(self, data: ReleaseData, client: Client) -> ReleaseResult:
        outputs = client.arenas.outputs
        if outputs is None:
            return ReleaseResult(0)
        released = sum(outputs.release(generation, client.number) for generation in data.generations)
        return ReleaseResult(released)

    def _upload(self, data: UploadData, client: Client) -> UploadResult:
        check_owner(data.id, client.number)
        return UploadResult(self._uploads.add(data, client.number))

    def _grant(self, data: CreditData, client: Client) -> CreditResult:
        check_owner(data.id, client.number)
        return CreditResult(self._queue.grant(data.id, data.count))

    # The model thread

    def _free(self, data: DetachClientData, _call: Call) -> DetachClientResult:
        self._session.profiles.drop(data.client)
        return DetachClientResult(self._clients.free(data.client))

    def _work(self, job: Job) -> None:
        out_of_memory = False
        call = job.call or self._begin(job)
        try:
            call.check()
            job.client.enter()
            result = (
                job.run(job.data, call) if job.stream is None else self._send_parts(job, job.stream, call)
            )
            if result is None:
                return  # parked: from now on it may be answered by the reader
            call.check()
            call.progress.flush()
            self._wire.send(ResultMessage(job.id, result))
        except BaseException as error:  # noqa: BLE001 # SystemExit and KeyboardInterrupt of an operation too
            call.tensors.discard()
            self._close(job)
            out_of_memory = is_out_of_memory(error)
            self._fail(job.id, error)
        # Only now are the frames gone that held what did not fit.
        if out_of_memory:
            give_back_memory()

    def _begin(self, job: Job) -> Call:
        begin = partial(PhaseRecorder, operation=job.operation, profiles=self._session.profiles)
        done = frozenset[int]() if job.stream is None else job.stream.done
        job.call = Call(
            ProgressReporter(partial(self._report, job.id)),  # which does not hold the job that holds it
            CallTensors(job.client.arenas, job.uploads),
            job.cancellation,
            begin,
            done,
        )
        return job.call

    def _send_parts(self, job: Job, stream: PartStream, call: Call) -> msgspec.Struct | None:
        """Parts as far as there is credit; None where the job was parked."""
        call.resume()
        while (result := stream.advance(job.data, call)) is None:
            call.check()
            if not self._queue.spend(job):
                call.suspend()
                return None
            self._wire.send(PartMessage(job.id, Part(stream.sequence, stream.made)))
            call.tensors.settle()
            stream.sequence += 1
            stream.made = None
        return result

    def _close(self, job: Job) -> None:
        try:
            if job.stream is not None:
                job.stream.close()
        except BaseException as error:  # noqa: BLE001 # it is answered already; the model thread must live
            self._fail(None, error)

    def _report(self, request_id: Id, report: Progress) -> bool:
        return self._wire.offer(ProgressMessage(request_id, report))

    # Both

    def _fail(self, request_id: Id | None, error: BaseException) -> None:
        """Answer with the error, or log it where nobody asked."""
        failure = describe(error)
        if failure.code == "internal":
            sys.stderr.write(failure.traceback)
        if request_id is None:
            level = "error" if not isinstance(error, OperationError) else "warning"
            self._wire.send(LogMessage(Log(level, failure.message)))
            return
        try:
            self._wire.send(ErrorMessage(request_id, failure))
        except Exception:  # noqa: BLE001 # details that JSON cannot carry must not swallow the error itself
            self._wire.send(ErrorMessage(request_id, msgspec.structs.replace(failure, details={})))
