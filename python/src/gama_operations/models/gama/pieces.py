"""Text of an answer while its tokens come: only what no further token can change."""

import re
from collections.abc import Sequence

from gama_operations.errors import CapabilityError
from gama_operations.models.gama.prompt import TextCodec

UNDECODED = "\ufffd"
"""Stands for bytes that make no character, or none yet."""
_byte = re.compile(r"<0x[0-9A-F]{2}>")


class TextPieces:
    """The pieces of one answer: joined, they are the whole of it.

    Held back are spaces (an answer ends without), characters of which bytes are missing, and tokens of
    single bytes: one that does not fit spoils all those directly before it.
    """

    def __init__(self, codec: TextCodec) -> None:
        self._codec = codec
        self._sent = ""

    def add(self, ids: Sequence[int]) -> str:
        """What is new for certain after these tokens, the whole answer so far; often nothing."""
        certain = list(ids)
        while certain and self._is_byte(certain[-1]):
            certain.pop()
        text = self._codec.decode(certain).rstrip(UNDECODED).rstrip()
        return self._take(text) if text.startswith(self._sent) else ""

    def end(self, text: str) -> str:
        """The rest of the answer, whose text this is.

        Raises:
            CapabilityError: the tokenizer has changed what it said before.
        """
        if not text.startswith(self._sent):
            raise CapabilityError(
                "this model's tokenizer changes earlier words by later ones, and its answers cannot come in "
                "pieces: leave `credit` out"
            )
        return self._take(text)

    def _take(self, text: str) -> str:
        piece = text[len(self._sent) :]
        self._sent = text
        return piece

    def _is_byte(self, token: int) -> bool:
        return _byte.fullmatch(self._codec.tokenizer.id_to_token(token) or "") is not None
