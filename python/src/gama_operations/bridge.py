"""Two threads and one wire: the reader never waits for a model.

The reader thread decodes lines, answers at once what the protocol calls immediate, and queues the
rest. The model thread, which is the main one, works the queue in order. Only here do exceptions
become answers: an operation may raise anything without ending the process.
"""

import os
import platform
import threading
from collections.abc import Mapping
from functools import partial

import msgspec

from gama_operations.call import Call, ProgressReporter
from gama_operations.clients import OWNER, Clients, check_owner
from gama_operations.error_answers import ErrorAnswers
from gama_operations.errors import InvalidRequestError, ShuttingDownError, UnknownOperationError
from gama_operations.failures import is_out_of_memory
from gama_operations.immediate import ImmediateOperations
from gama_operations.jobs import Job, JobQueue
from gama_operations.machine import give_back_memory
from gama_operations.memory import PhaseRecorder
from gama_operations.operations import BoundOperation
from gama_operations.protocol import (
    OPERATIONS,
    PROTOCOL_VERSION,
    DetachClientData,
    DetachClientResult,
    Id,
    Part,
    PartMessage,
    Progress,
    ProgressMessage,
    Ready,
    ReadyMessage,
    ResultMessage,
    ShutdownResult,
)
from gama_operations.requests import Envelope, UnreadableLineError, decode_data, read_request
from gama_operations.running import RunningMark
from gama_operations.session import Session
from gama_operations.streams import PartStream, open_stream
from gama_operations.tensors import CallTensors
from gama_operations.uploads import Uploads
from gama_operations.wire import LineReader, LineWriter, OversizeLine

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
        self._errors = ErrorAnswers(wire)
        self._running = running
        self._session = session
        self._clients = Clients(session.arenas)
        self._queue = JobQueue(self._close)
        self._uploads = Uploads()
        self._stopping = False
        self._immediate = ImmediateOperations(
            session, self._clients, self._queue, self._uploads, self._errors.abandon
        ).bind()
        own = {"detach_client": self._free, "shutdown": self._say_bye}
        self._operations = {
            **operations,
            **{name: BoundOperation(OPERATIONS[name].data, run) for name, run in own.items()},
        }
        self._names = [*self._immediate, *self._operations]

    def serve(self, lines: LineReader) -> None:
        """Say `ready`, then answer until the lines end or a shutdown is asked for."""
        self._wire.send(
            ReadyMessage(
                Ready(
                    protocol=PROTOCOL_VERSION,
                    pid=os.getpid(),
                    python=platform.python_version(),
                    operations=self._names,
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
            self._errors.abandon(self._queue.end_input(), "Nobody is left who could ask for more parts.")

    def _receive(self, line: bytes | OversizeLine) -> None:
        request_id: Id | None = None
        try:
            envelope = read_request(line)
            self._session.requests += 1
            check_owner(envelope.id, envelope.client)  # else the answer would be another's
            request_id = envelope.id
            self._dispatch(envelope)
        except UnreadableLineError as unreadable:
            self._errors.tell(unreadable.id, unreadable.fault)
        except Exception as error:  # noqa: BLE001 # every failure is an answer; the reader must live
            self._errors.tell(request_id, error)

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
        operation = self._operations.get(envelope.operation)
        if operation is None:
            known = ", ".join(self._names)
            raise UnknownOperationError(f"There is no operation {envelope.operation!r}; there are: {known}.")
        data = decode_data(envelope, operation.data)
        if envelope.id is None:
            raise InvalidRequestError(f"{envelope.operation} needs an `id`: nobody could get the answer.")
        if self._stopping:
            raise ShuttingDownError("The process was told to end; it takes no more requests.")
        stream = open_stream(envelope, operation.run_in_parts)
        job = Job(
            envelope.id, envelope.operation, operation.run, data, client, envelope.priority, stream, uploads
        )
        if envelope.operation == "shutdown":
            job.priority = "background"  # whatever was asked before is worked before
            self._queue.put(job)
            self._stopping = True
            self._queue.close()
        elif isinstance(data, DetachClientData):
            self._queue.drop(self._clients.detach(data.client))
            self._uploads.drop(data.client)
            self._queue.put_first(job)  # after the job that runs, which may be the client's
        else:
            self._queue.put(job)

    # The model thread

    def _free(self, data: DetachClientData, _call: Call) -> DetachClientResult:
        self._session.profiles.drop(data.client)
        return DetachClientResult(self._clients.free(data.client))

    def _say_bye(self, _data: msgspec.Struct, _call: Call) -> ShutdownResult:
        return ShutdownResult("bye")

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
            self._errors.tell(job.id, error)
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
            self._errors.tell(None, error)

    def _report(self, request_id: Id, report: Progress) -> bool:
        return self._wire.offer(ProgressMessage(request_id, report))
