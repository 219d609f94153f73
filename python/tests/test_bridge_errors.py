"""Whatever an operation raises becomes an answer, and the process stays."""

import pytest


@pytest.mark.parametrize(
    ("kind", "code", "name"),
    [
        ("chained", "internal", "RuntimeError"),
        ("exit", "internal", "SystemExit"),
        ("interrupt", "internal", "KeyboardInterrupt"),
        ("memory", "out_of_memory", "MemoryError"),
        ("allocator", "out_of_memory", "RuntimeError"),
        ("unprintable", "internal", "KeyError"),
        ("arguments", "internal", "ValueError"),
        ("notes", "internal", "ValueError"),
        ("unreadable", "internal", "UnreadableError"),
        ("long", "internal", "ValueError"),
        ("surrogate", "internal", "ValueError"),
        ("group", "internal", "ExceptionGroup"),
    ],
)
def test_22_28_every_exception_is_an_answer_and_the_next_call_works(start, kind, code, name):
    process = start(faulty=True)
    error = process.error("fail", {"kind": kind})
    assert (error["code"], error["type"]) == (code, name)
    assert len(error["message"]) <= 8_000
    assert len(error["traceback"]) <= 16_000
    assert process.result("sleep", {"seconds": 0})["value"] == "slept"


def test_the_traceback_reaches_the_wire_with_its_cause(start):
    error = start(faulty=True).error("fail", {"kind": "chained"})
    assert error["message"] == "deep trouble"
    assert "KeyError: 'missing'" in error["traceback"]
    assert "The above exception was the direct cause" in error["traceback"]
    assert "faulty.py" in error["traceback"]


@pytest.mark.parametrize("kind", ["nan", "inf", "-inf"])
def test_13_a_number_that_json_cannot_carry_is_an_error_and_never_null(start, kind):
    error = start(faulty=True).error("number", {"kind": kind})
    assert error["type"] == "NonFiniteResultError"
    assert error["details"] == {"path": "$.result.value.deep[1]"}


def test_a_finite_number_beside_them_passes(start):
    assert start(faulty=True).result("number", {"kind": "-0.0"})["value"] == {"deep": [0.5, -0.0]}


def test_an_answer_that_the_other_side_would_not_read_is_an_error_that_says_what_to_do(start):
    process = start(faulty=True)
    error = process.error("text", {"count": 65 << 20})
    assert error["code"] == "message_too_large"
    assert "tensor" in error["message"]
    assert process.result("text", {"count": 3})["value"] == "xxx"
