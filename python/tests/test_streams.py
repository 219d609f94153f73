"""Answers in parts, seen from a client that asks by hand."""

import time

import numpy as np
import soundfile


def clips(folder, count):
    paths = []
    for index in range(count):
        paths.append(str(folder / f"{index}.wav"))
        soundfile.write(paths[-1], np.sin(np.arange(8000) * (index + 1) / 40) / 2, 16000)
    return paths


STREAM = "a stream"


def ask(process, paths, credit, request_id=STREAM, reply="json", **envelope):
    data = {"audios": paths, "model": "fbank", "batch_size": 2, "reply": reply}
    request = {"id": request_id, "operation": "extract_features", "data": data, "credit": credit}
    process.send_line(request | envelope)


def grant(process, count=1, request_id=STREAM):
    process.send_line({"operation": "credit", "data": {"id": request_id, "count": count}})


def parts_until_end(process, request_id=STREAM):
    """The indices of each part that comes, and the answer."""
    indices = []
    while (message := process.receive()).get("id") != request_id or "event" in message:
        if message.get("event") == "part" and message["id"] == request_id:
            indices.append(message["data"]["value"]["indices"])
    return indices, message


def is_parked(process):
    """A stream that has sent what it may works ahead by one part, and then lets others run."""
    deadline = time.monotonic() + 60
    while process.result("ping")["busy"]:
        assert time.monotonic() < deadline
    return True


def next_part(process):
    while (message := process.receive())["event"] != "part":
        pass
    return message["data"]


def test_parts_come_as_far_as_the_client_wants_them_and_the_rest_ends_them(process, tmp_path):
    paths = clips(tmp_path, 6)
    whole = process.result("extract_features", {"audios": paths, "model": "fbank", "reply": "json"})
    ask(process, paths, credit=1)
    rows = {}
    for sequence in range(3):
        part = next_part(process)
        assert part["sequence"] == sequence
        rows |= dict(zip(part["value"]["indices"], part["value"]["features"], strict=True))
        if sequence < 2:  # the next one waits to be asked for
            grant(process)
    assert [rows[index] for index in range(6)] == whole["features"]
    end = process.answer(STREAM)["result"]
    assert end["features"] == []
    assert end["seconds_heard"] == end["seconds_given"] == end["clip_seconds"] == []


def test_a_stream_that_waits_can_be_cancelled(process, tmp_path):
    ask(process, clips(tmp_path, 6), credit=1)
    next_part(process)
    assert is_parked(process)
    assert process.result("cancel", {"id": STREAM}) == {"state": "queued"}
    assert process.answer(STREAM)["error"]["code"] == "cancelled"
    assert process.result("credit", {"id": STREAM, "count": 1}) == {"running": False}


def test_a_stream_without_credit_lets_others_run(process, tmp_path):
    paths = clips(tmp_path, 6)
    ask(process, paths, credit=1)
    next_part(process)
    asked = {"audio": paths[0], "model": "fbank", "reply": "json"}
    for _ in range(3):
        assert len(process.result("extract_features", asked)["features"]) == 256
    assert is_parked(process)
    grant(process, 2)
    indices, answer = parts_until_end(process)
    assert indices == [[2, 3], [4, 5]]
    assert "result" in answer


def test_streams_are_taken_side_by_side(process, tmp_path):
    paths = clips(tmp_path, 6)
    for name in ("one", "other"):
        ask(process, paths, 1, name)
        assert next_part(process)["value"]["indices"] == [0, 1]
    for name in ("other", "one"):
        grant(process, 1, name)
        assert next_part(process)["value"]["indices"] == [2, 3]
    for name in ("other", "one"):
        grant(process, 1, name)
        indices, answer = parts_until_end(process, name)
        assert indices == [[4, 5]]
        assert "result" in answer


def test_a_stream_begins_without_credit_and_waits_for_it(process, tmp_path):
    paths = clips(tmp_path, 4)
    ask(process, paths, credit=0)
    assert process.result("extract_features", {"audio": paths[0], "model": "fbank", "reply": "json"})
    grant(process, 2)
    assert parts_until_end(process)[0] == [[0, 1], [2, 3]]


def test_clips_that_the_client_has_come_in_no_part(process, tmp_path):
    paths = clips(tmp_path, 6)
    (tmp_path / "0.wav").unlink()  # a clip that the client has is not looked at again
    (tmp_path / "5.wav").unlink()
    ask(process, paths, credit=4, done=[0, 1, 3])
    indices, answer = parts_until_end(process)
    assert indices == [[2, 4]]
    assert [failure["index"] for failure in answer["result"]["failures"]] == [5]


def test_clips_that_all_fail_are_an_error_only_where_the_client_has_none(process, tmp_path):
    missing = [str(tmp_path / "none.wav")] * 2
    ask(process, missing, credit=1)
    assert process.answer(STREAM)["error"]["code"] == "audio_not_found"
    ask(process, missing, credit=1, done=[1])
    assert [failure["index"] for failure in process.answer(STREAM)["result"]["failures"]] == [0]


def test_done_is_refused_where_it_makes_no_sense(process, tmp_path):
    ask(process, clips(tmp_path, 2), credit=1, done=[2])
    assert "`done` names clip 2" in process.answer(STREAM)["error"]["message"]
    ask(process, clips(tmp_path, 2), credit=None, done=[1])
    assert "`done` is for answers in parts" in process.answer(STREAM)["error"]["message"]


def test_a_part_that_nobody_took_gives_its_memory_back(start, tmp_path):
    process = start(arenas=True)
    paths = clips(tmp_path, 4)
    offsets = []
    for _ in range(2):
        ask(process, paths, credit=0, reply="tensor")
        while process.result("ping")["busy"]:
            pass
        process.result("extract_features", {"audio": paths[0], "model": "fbank", "reply": "json"})
        process.result("cancel", {"id": STREAM})
        assert process.answer(STREAM)["error"]["code"] == "cancelled"
        asked = {"audio": paths[0], "model": "fbank", "reply": "tensor"}
        reference = process.result("extract_features", asked)["features"]["$t"]
        offsets.append(reference["offset"])
        process.result("release", {"generations": [reference["generation"]]})
    assert offsets[0] == offsets[1]


def test_a_cancel_is_answered_at_once_also_while_another_request_runs(start, tmp_path):
    process = start(faulty=True)
    ask(process, clips(tmp_path, 6), credit=1)
    next_part(process)
    assert is_parked(process)
    running = process.send("sleep", {"seconds": 30})
    while not process.result("ping")["busy"]:
        pass
    process.send("cancel", {"id": STREAM})
    assert process.answer(STREAM)["error"]["code"] == "cancelled"
    assert process.result("ping")["busy"]
    process.send("cancel", {"id": running})
    assert process.answer(running)["error"]["code"] == "cancelled"


def test_time_and_memory_of_others_are_not_the_stream_s(start, tmp_path):
    process = start(faulty=True)
    ask(process, clips(tmp_path, 4), credit=1)
    next_part(process)
    assert is_parked(process)
    process.result("allocate", {"count": 300_000_000})
    process.result("sleep", {"seconds": 2})
    grant(process)
    end = parts_until_end(process)[1]["result"]
    usage = end["memory_usage"]
    phases = sum(phase["seconds"] for phase in usage["phases"])
    assert end["processing_time"] - phases < 2
    if usage["peak_source"] == "high_water_mark":
        assert usage["peak_memory"] - usage["end_memory"] < 250_000_000


def test_the_end_of_input_ends_a_stream_that_nobody_takes_any_more(start, tmp_path):
    process = start()
    ask(process, clips(tmp_path, 6), credit=1)
    next_part(process)
    assert is_parked(process)
    rest, _, code = process.finish()
    assert [message["error"]["code"] for message in rest if "error" in message] == ["cancelled"]
    assert code == 0


def test_the_end_of_input_lets_a_stream_end_that_has_credit(start, tmp_path):
    process = start()
    ask(process, clips(tmp_path, 6), credit=3)
    rest, _, code = process.finish()
    assert sum(message.get("event") == "part" for message in rest) == 3
    assert "result" in rest[-1]
    assert code == 0


def test_a_stream_that_waits_for_credit_is_asked_before_the_shutdown_and_worked_before_it(start, tmp_path):
    process = start()
    ask(process, clips(tmp_path, 4), credit=1)
    next_part(process)
    assert is_parked(process)
    process.send("shutdown", request_id="end")
    assert not process.result("ping")["busy"]
    grant(process)
    assert "result" in process.answer(STREAM)
    assert process.answer("end")["result"] == {"status": "bye"}


def test_the_end_of_input_does_not_leave_a_shutdown_waiting(start, tmp_path):
    process = start()
    ask(process, clips(tmp_path, 4), credit=1)
    next_part(process)
    assert is_parked(process)
    process.send("shutdown", request_id="end")
    rest, _, code = process.finish()
    answers = {message["id"]: message for message in rest if "event" not in message}
    assert answers[STREAM]["error"]["code"] == "cancelled"
    assert answers["end"]["result"] == {"status": "bye"}
    assert code == 0


def test_an_operation_that_has_no_parts_says_so(process):
    process.send_line({"id": 1, "operation": "free_memory", "credit": 1})
    error = process.answer(1)["error"]
    assert error["code"] == "invalid_request"
    assert "does not answer in parts" in error["message"]


def test_credit_for_no_stream_is_told(process):
    assert process.result("credit", {"id": 99, "count": 1}) == {"running": False}
