"""Who asks: the owner of the process, or the clients of a host that speaks for several of them."""

import os
from dataclasses import dataclass

from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import AttachClientData, Id
from gama_operations.tensors import Arenas

OWNER = 0  # the number of who owns the process
IDS = 2**32  # a host puts the client's number into the upper half of an id (sdk/bridge/host/routes.ts)


def check_owner(request_id: Id | None, client: int) -> None:
    """Refuse the id of another client's request: who writes raw lines could name it.

    Raises:
        InvalidRequestError: it is not this client's.
    """
    if client == OWNER or request_id is None:
        return
    if not isinstance(request_id, int) or request_id // IDS != client:
        raise InvalidRequestError(f"The id {request_id} is not of a request of client {client}.")


@dataclass(frozen=True, eq=False, slots=True)
class Client:
    """One who asks."""

    arenas: Arenas
    folder: str | None = None

    @property
    def number(self) -> int:
        """What its requests carry."""
        return self.arenas.owner

    def enter(self) -> None:
        """Let relative paths begin where the client is: for the model thread, which runs one job at a time.

        Raises:
            InvalidRequestError: the folder is gone.
        """
        if self.folder is None:
            return
        try:
            os.chdir(self.folder)
        except OSError as error:
            raise InvalidRequestError(
                f"The folder of the client that asks cannot be entered: {error}. Attach from another one."
            ) from error


class Clients:
    """Those who may ask, by number."""

    def __init__(self, own: Arenas) -> None:
        self._clients = {OWNER: Client(own)}
        self._leaving: dict[int, Client] = {}

    def find(self, number: int) -> Client:
        """The client of a request.

        Raises:
            InvalidRequestError: nobody attached it.
        """
        if number not in self._clients:
            raise InvalidRequestError(f"No client {number} is attached.")
        return self._clients[number]

    def attach(self, data: AttachClientData) -> Client:
        """Let one more ask.

        Raises:
            InvalidRequestError: the number is taken.
            OSError: its arena cannot be opened.
        """
        if data.client in self._clients:
            raise InvalidRequestError(f"A client {data.client} is attached already.")
        own = self._clients[OWNER].arenas
        arenas = own.attach(data)
        self._clients[data.client] = Client(arenas, data.folder)
        return self._clients[data.client]

    def detach(self, number: int) -> Client:
        """It asks no more; `free` gives its memory back once none of its jobs runs.

        Raises:
            InvalidRequestError: nobody attached it.
        """
        client = self._leaving[number] = self.find(number)
        del self._clients[number]
        return client

    def free(self, number: int) -> int:
        """Give back the memory of a client that was detached; how many slots it had."""
        arenas = self._leaving.pop(number).arenas
        for inputs in (arenas.inputs, arenas.reserve):
            if inputs is not None:
                inputs.close()
        return 0 if arenas.outputs is None else arenas.outputs.release_all(number)
