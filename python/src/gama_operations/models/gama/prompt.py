"""The prompt template that GAMA was trained with (`alpaca_short`), and the tokenizer around it."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from gama_operations.errors import InvalidRequestError, ModelInvalidError

HEAD = "### Instruction:\n"
"""What every prompt begins with."""


def instruction_prompt(instruction: str, further_input: str | None = None) -> str:
    """The text before the answer; GAMA's inference never gives a further input."""
    middle = f"### Input:\n{further_input}\n\n" if further_input else ""
    return f"{HEAD}{instruction}\n\n{middle}### Response:\n"


class TextCodec:
    """Prompts to token ids that begin with BOS, and new ids back to text."""

    def __init__(self, tokenizer: Tokenizer, bos: int | None) -> None:
        self.tokenizer = tokenizer
        self.bos = bos

    @classmethod
    def read(cls, folder: Path, bos: int | None) -> "TextCodec":
        """Reads a folder's tokenizer.json.

        Raises:
            ModelInvalidError: the file is missing or damaged.
        """
        file = folder / "tokenizer.json"
        if not file.is_file():
            raise ModelInvalidError(f"{folder} has no tokenizer.json")
        try:
            return cls(Tokenizer.from_file(str(file)), bos)
        except Exception as error:  # the Rust side raises plain Exception and nothing narrower
            raise ModelInvalidError(f"{file} cannot be read: {error}") from error

    def encode(self, text: str) -> list[int]:
        """Token ids, BOS in front, no EOS."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids if self.bos is None else [self.bos, *ids]

    def encode_answer(self, prompt: str, answer: str) -> list[int]:
        """Token ids of an answer as they follow those of its prompt, no EOS.

        Raises:
            InvalidRequestError: it is empty, or the tokenizer joins it to the prompt.
        """
        before, whole = self.encode(prompt), self.encode(prompt + answer)
        if len(whole) <= len(before) or whole[: len(before)] != before:
            raise InvalidRequestError(
                f"candidate {answer!r} cannot follow the prompt: it is empty, or its first characters make "
                "one token with the prompt's last ones"
            )
        return whole[len(before) :]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of new ids without special tokens, ends stripped."""
        return self.tokenizer.decode(list(ids), skip_special_tokens=True).strip()
