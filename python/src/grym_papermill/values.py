"""Values of YAML and JSON as TypeScript expressions."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import cast

from papermill.exceptions import PapermillException

LARGEST_SAFE_INTEGER = 2**53 - 1
"""`Number.MAX_SAFE_INTEGER`: a larger one would be rounded without a word, so it becomes a bigint."""

CONSTANTS = {None: "null", True: "true", False: "false"}


class UntranslatableValueError(PapermillException):
    """A parameter has a value that has no form in JSON, so papermill could not store it either."""


def to_typescript(value: object) -> str:
    """An expression that evaluates to the value.

    Integers beyond 2^53 - 1 become bigint literals, `None` becomes `null`, sequences arrays and mappings
    object literals.

    Raises:
        UntranslatableValueError: the value, or one inside it, is of none of these kinds.

    """
    if value is None or isinstance(value, bool):
        return CONSTANTS[value]
    if isinstance(value, str):
        return write_string(value)
    if isinstance(value, int):
        # int's own form, for subclasses such as IntEnum have others
        digits = int.__repr__(value)
        return f"{digits}n" if abs(value) > LARGEST_SAFE_INTEGER else digits
    if isinstance(value, float):
        return _write_float(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return "{" + ", ".join(f"{_write_key(key)}: {to_typescript(item)}" for key, item in items) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return "[" + ", ".join(to_typescript(item) for item in cast("Sequence[object]", value)) + "]"
    raise UntranslatableValueError(
        f"A parameter holds a {type(value).__name__} ({value!r:.80}); give null, booleans, numbers, text, "
        "and lists and mappings of these"
    )


def write_string(text: str) -> str:
    """A string literal that stays readable in every script; a lone surrogate is escaped."""
    literal = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in literal)


def _write_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float.__repr__(value)


def _write_key(key: object) -> str:
    """A property name; keys that are no text are written as JSON writes them."""
    literal = write_string(key if isinstance(key, str) else to_typescript(key))
    # Without brackets it would set the prototype.
    return f"[{literal}]" if literal == '"__proto__"' else literal
