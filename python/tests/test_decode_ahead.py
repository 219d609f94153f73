"""Clips made ready ahead: in order, bounded, and no further than somebody takes them."""

import threading
import time

import pytest

from gama_operations import decode_ahead
from gama_operations.decode_ahead import DecodeAhead

PATIENCE = 60.0


def until(holds):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_clips_come_in_their_order_whatever_each_takes():
    def work(number):
        time.sleep(0.002 * (number % 3))
        return number * 10

    with DecodeAhead(range(200), work, size=lambda _: 1, most=64) as clips:
        assert [(given, future.result()) for given, future in clips] == [(n, n * 10) for n in range(200)]


def test_the_error_of_a_clip_comes_when_it_is_taken_and_the_others_go_on():
    def work(number):
        if number == 2:
            raise ValueError("damaged")
        return number

    with DecodeAhead(range(5), work, size=lambda _: 1, most=64) as clips:
        taken = [future for _, future in clips]
    assert [future.exception() is None for future in taken] == [True, True, False, True, True]
    with pytest.raises(ValueError, match="damaged"):
        taken[2].result()


@pytest.mark.parametrize(("size", "most"), [(1000, 10), (1, 64)])
def test_what_is_ready_is_bounded_in_bytes_and_in_clips(monkeypatch, size, most):
    monkeypatch.setattr(decode_ahead, "AHEAD_BYTES", 10_000)
    begun = []
    ahead = DecodeAhead(
        range(500), lambda number: begun.append(number) or number, size=lambda _: size, most=64
    )
    with ahead as clips:
        until(lambda: len(begun) >= most)
        time.sleep(0.05)  # more would begin now
        assert most <= len(begun) <= most + decode_ahead.THREADS
        next(clips)
        until(lambda: len(begun) > most)
        assert len(begun) <= most + 1 + decode_ahead.THREADS


def test_what_has_not_begun_when_it_ends_never_begins_and_the_rest_is_waited_for():
    begun, go_on = [], threading.Event()

    def work(number):
        begun.append(number)
        go_on.wait(PATIENCE)

    with DecodeAhead(range(50), work, size=lambda _: 1, most=64):
        until(lambda: len(begun) == decode_ahead.THREADS)
        threading.Timer(0.05, go_on.set).start()
    assert go_on.is_set()
    with DecodeAhead(["after"], begun.append, size=lambda _: 1, most=64) as clips:
        next(clips)[1].result()
    assert len(begun) <= decode_ahead.THREADS + 1
    assert begun[-1] == "after"


def test_a_clip_larger_than_all_that_may_wait_comes_through(monkeypatch):
    monkeypatch.setattr(decode_ahead, "AHEAD_BYTES", 10)
    with DecodeAhead(range(7), lambda number: number, size=lambda _: 1000, most=64) as clips:
        assert [future.result() for _, future in clips] == list(range(7))
