"""What the process does while an operation runs: pings, cancelling, progress."""

import time

import pytest


@pytest.mark.parametrize("busy", ["sleep", "spin"])
def test_pings_are_answered_while_an_operation_computes(start, busy):
    process = start(faulty=True)
    slow = process.send(busy, {"seconds": 1.0})
    while not process.result("ping")["busy"]:
        time.sleep(0.01)
    queued = process.send("sleep", {"seconds": 0})
    ping = process.result("ping")
    assert (ping["busy"], ping["queued"]) == (True, 1)
    assert [process.receive()["id"], process.receive()["id"]] == [slow, queued]


def test_cancelling_a_running_operation_stops_it_and_the_next_one_runs(start):
    process = start(faulty=True)
    endless = process.send("sleep", {"seconds": 3600})
    while not process.result("ping")["busy"]:
        time.sleep(0.01)
    assert process.result("cancel", {"id": endless})["state"] == "running"
    assert process.answer(endless)["error"]["code"] == "cancelled"
    assert process.result("sleep", {"seconds": 0})["value"] == "slept"


def test_cancelling_a_queued_operation_drops_it_before_it_runs(start):
    process = start(faulty=True)
    first = process.send("sleep", {"seconds": 0.5})
    never = process.send("die")
    cancel = process.send("cancel", {"id": never})
    order = [process.receive() for _ in range(3)]
    assert [message["id"] for message in order] == [never, cancel, first]
    assert order[0]["error"]["code"] == "cancelled"
    assert order[1]["result"]["state"] == "queued"


def test_cancelling_what_is_not_there_says_so(start):
    assert start().result("cancel", {"id": "nobody"})["state"] == "unknown"


def test_progress_is_coalesced_and_the_last_report_arrives_before_the_answer(start):
    process = start(faulty=True)
    request = process.send("flood", {"count": 20_000})
    reports = []
    while "event" in (message := process.receive()):
        assert message["event"] == "progress"
        assert message["id"] == request
        reports.append(message["data"])
    assert message["result"]["value"] == 20_000
    assert reports[-1] == {"stage": "flood", "done": 20_000.0, "total": 20_000.0, "unit": "drops"}
    assert len(reports) < 200


def test_a_client_that_does_not_read_for_a_while_loses_progress_but_no_answer(start):
    process = start(faulty=True)
    requests = [process.send("flood", {"count": 3000}) for _ in range(200)]
    time.sleep(1.0)
    assert [process.answer(request)["result"]["value"] for request in requests] == [3000] * 200
