"""What libraries say through `logging` and `warnings`: log events with their level and logger.

The console gets none of it a second time. Nothing here waits for the client, and nothing here logs.
"""

import logging
import os
import select
import sys

import msgspec

from gama_operations.failures import shorten
from gama_operations.protocol import Log, LogLevel, LogMessage
from gama_operations.wire import LineWriter

MAX_TEXT = 3_500  # characters of a record; its line must not be longer than what a pipe takes at once


class WireHandler(logging.Handler):
    """Posts records to the wire; a forked child, which has none, writes them to stderr."""

    def __init__(self, wire: LineWriter) -> None:
        super().__init__()
        self._wire = wire
        self._process = os.getpid()

    def emit(self, record: logging.LogRecord) -> None:
        """Post one record, or count it as dropped where the client does not read."""
        try:
            text = self.format(record)
            if os.getpid() == self._process:
                self._wire.post(_message(record, text))
            else:
                sys.stderr.write(f"{text}\n")
        except Exception:  # noqa: BLE001 # as every handler of `logging`: a bad record must not end the work
            self.handleError(record)


class WiredLogger(logging.Logger):
    """A logger whose records cross the wire also where its library keeps them from the root."""

    wire: logging.Handler | None = None

    def callHandlers(self, record: logging.LogRecord) -> None:  # noqa: N802 # logging's name
        """Pass the record on; to the wire once, and to no console, which would tell it again."""
        crossed = False
        logger: logging.Logger | None = self
        while logger is not None:
            for handler in logger.handlers:
                if _is_console(handler):
                    continue
                crossed = crossed or handler is self.wire
                if record.levelno >= handler.level:
                    handler.handle(record)
            logger = logger.parent if logger.propagate else None
        if self.wire is not None and not crossed:
            self.wire.handle(record)


def send_logs(wire: LineWriter) -> None:
    """From now on records and warnings cross the wire; called before the libraries are imported."""
    handler = WireHandler(wire)
    WiredLogger.wire = handler
    logging.getLogger().addHandler(handler)
    logging.setLoggerClass(WiredLogger)
    logging.captureWarnings(True)


def _message(record: logging.LogRecord, text: str) -> LogMessage:
    limit = MAX_TEXT
    while True:
        message = LogMessage(Log(_level(record.levelno), shorten(text.strip(), limit), record.name))
        if limit < 100 or len(msgspec.json.encode(message)) < select.PIPE_BUF:
            return message
        limit //= 2  # characters may take six bytes each


def _level(number: int) -> LogLevel:
    if number < logging.INFO:
        return "debug"
    if number < logging.WARNING:
        return "info"
    return "warning" if number < logging.ERROR else "error"


def _is_console(handler: logging.Handler) -> bool:
    consoles = (sys.stderr, sys.stdout, sys.__stderr__, sys.__stdout__)
    return isinstance(handler, logging.StreamHandler) and handler.stream in consoles
