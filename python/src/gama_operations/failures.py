"""Exceptions as they cross the wire."""

import traceback

from gama_operations.errors import OperationError, OutOfMemoryError
from gama_operations.machine import imported_torch
from gama_operations.protocol import ErrorCode, WireError

MAX_MESSAGE = 8_000
MAX_TRACEBACK = 16_000
# torch's CPU allocator, the CUDA driver, and cuBLAS and cuDNN, which need workspaces of their own
_NO_MEMORY = ("DefaultCPUAllocator", "CUDA error: out of memory", "ALLOC_FAILED")
_LESS_MEMORY = "Ask for less at once: a smaller `batch_size`, a shorter `duration`; or unload a model."


def shorten(text: str, limit: int) -> str:
    """Cut out the middle: the first lines say where it began, the last ones what happened."""
    # Paths may hold bytes that are no UTF-8 (lone surrogates in Python); JSON cannot carry those.
    text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) <= limit:
        return text
    half = limit // 2 - 20
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters …]\n{text[-half:]}"


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001 # a __str__ that raises must not hide the error
        text = f"(its message cannot be read: {type(broken).__name__})"
    return text or type(error).__name__


def is_out_of_memory(error: BaseException) -> bool:
    """MemoryError, CUDA's error of that name, and the plain RuntimeErrors of torch's other allocators."""
    torch = imported_torch()
    return (
        isinstance(error, MemoryError | OutOfMemoryError)
        or (torch is not None and isinstance(error, torch.OutOfMemoryError))
        or (isinstance(error, RuntimeError) and any(mark in _message(error) for mark in _NO_MEMORY))
    )


def _code(error: BaseException) -> ErrorCode:
    if isinstance(error, OperationError):
        return error.code
    return "out_of_memory" if is_out_of_memory(error) else "internal"


def describe(error: BaseException) -> WireError:
    """The error with its code, its Python class and the whole traceback, causes included."""
    lines = traceback.TracebackException.from_exception(error).format()
    code, message = _code(error), _message(error)
    if code == "out_of_memory" and not isinstance(error, OperationError):
        message = f"Memory ran out ({message}). {_LESS_MEMORY}"
    elif isinstance(error, ModuleNotFoundError):
        message = f"{message}. Run `npm run setup`, which installs it."
    return WireError(
        code=code,
        message=shorten(message, MAX_MESSAGE),
        type=type(error).__name__,
        traceback=shorten("".join(lines), MAX_TRACEBACK),
        details=error.details if isinstance(error, OperationError) else {},
    )
