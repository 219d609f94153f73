"""Tensors that come in pieces, line by line: where no memory is shared, or not enough."""

import base64

from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import Id, UploadData

MOST_REQUESTS = 256  # whose pieces are kept; a client sends its request right after them


def decode_base64(text: str) -> bytes:
    """The bytes.

    Raises:
        InvalidRequestError: it is not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidRequestError(f"A tensor's `base64` is not base64: {error}.") from error


class Uploads:
    """Pieces by client and request, until the request itself comes."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[int, Id], dict[int, bytearray]] = {}

    def add(self, data: UploadData, client: int) -> int:
        """Append a piece; the bytes that its tensor has now.

        Raises:
            InvalidRequestError: it is not base64.
        """
        piece = decode_base64(data.base64)
        tensors = self._pieces.setdefault((client, data.id), {})
        while len(self._pieces) > MOST_REQUESTS:
            del self._pieces[next(iter(self._pieces))]
        content = tensors.setdefault(data.upload, bytearray())
        content += piece
        return len(content)

    def take(self, request_id: Id | None, client: int) -> dict[int, bytearray]:
        """The tensors of a request that has come."""
        return {} if request_id is None else self._pieces.pop((client, request_id), {})

    def drop(self, client: int) -> None:
        """Forget the pieces of a client that is gone."""
        for key in [key for key in self._pieces if key[0] == client]:
            del self._pieces[key]
