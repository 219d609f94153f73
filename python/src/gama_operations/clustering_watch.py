"""What a running clustering tells its caller, and asks: am I still wanted?"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass


def _nothing() -> None:
    """Nobody cancels."""


def _no_phase(_name: str) -> AbstractContextManager[None]:
    return nullcontext()


def _no_progress(_stage: str, _done: float, _total: float, _unit: str) -> None:
    """Nobody looks on."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The caller's side; by default nobody is there."""

    check: Callable[[], None] = _nothing
    """Called between fits; raises when the caller gave up."""
    phase: Callable[[str], AbstractContextManager[None]] = _no_phase
    """For the memory of a phase: reduce, cluster, evidence, map."""
    progress: Callable[[str, float, float, str], None] = _no_progress
    """stage, done, total, unit"""
