"""Tensors that come in pieces, line by line: where no memory is shared, or not enough."""

import base64

from gama_operations.errors import InvalidRequestError, OutOfMemoryError
from gama_operations.protocol import Id, UploadData

MOST_REQUESTS = 256  # of a client whose pieces are kept; it sends its request right after them
MOST_BYTES = 1024 * 1024 * 1024  # of a client: what the SDK lets be on its way (`queue.maxArenaBytes`)


def decode_base64(text: str) -> bytes:
    """The bytes.

    Raises:
        InvalidRequestError: it is not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidRequestError(f"A tensor's `base64` is not base64: {error}.") from error


class ClientUploads:
    """Pieces of one client by request; None: the request's were too many, and are dropped."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._requests: dict[Id, dict[int, bytearray] | None] = {}
        self._bytes = 0

    def add(self, data: UploadData) -> int:
        """As `Uploads.add`."""
        piece = decode_base64(data.base64)
        tensors = self._requests.setdefault(data.id, {})
        if tensors is None or self._bytes + len(piece) > self._most_bytes:
            self._forget(data.id)
            self._requests[data.id] = None
            self._forget_oldest()
            raise self._too_many()
        self._forget_oldest()
        content = tensors.setdefault(data.upload, bytearray())
        content += piece
        self._bytes += len(piece)
        return len(content)

    def take(self, request_id: Id) -> dict[int, bytearray]:
        """As `Uploads.take`."""
        tensors = self._requests.get(request_id, {})
        self._forget(request_id)
        if tensors is None:
            raise self._too_many()
        return tensors

    def _forget_oldest(self) -> None:
        while len(self._requests) > MOST_REQUESTS:
            self._forget(next(iter(self._requests)))

    def _forget(self, request_id: Id) -> None:
        tensors = self._requests.pop(request_id, None)
        self._bytes -= sum(map(len, (tensors or {}).values()))

    def _too_many(self) -> OutOfMemoryError:
        return OutOfMemoryError(
            f"A client may have {self._most_bytes} bytes of tensors in pieces that wait for their requests: "
            "ask for fewer clips at a time."
        )


class Uploads:
    """Pieces by client, until the request itself comes; none takes another's room."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._clients: dict[int, ClientUploads] = {}

    def add(self, data: UploadData, client: int) -> int:
        """Append a piece; the bytes that its tensor has now.

        Raises:
            InvalidRequestError: it is not base64.
            OutOfMemoryError: the client has too many bytes here; the request's are dropped.
        """
        if client not in self._clients:
            self._clients[client] = ClientUploads(self._most_bytes)
        return self._clients[client].add(data)

    def take(self, request_id: Id | None, client: int) -> dict[int, bytearray]:
        """The tensors of a request that has come.

        Raises:
            OutOfMemoryError: its pieces were too many.
        """
        if request_id is None or client not in self._clients:
            return {}
        return self._clients[client].take(request_id)

    def drop(self, client: int) -> None:
        """Forget the pieces of a client that is gone."""
        self._clients.pop(client, None)
