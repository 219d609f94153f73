"""Answers in parts, seen from a client that asks by hand."""

import numpy as np
import soundfile


def clips(folder, count):
    paths = []
    for index in range(count):
        paths.append(str(folder / f"{index}.wav"))
        soundfile.write(paths[-1], np.sin(np.arange(8000) * (index + 1) / 40) / 2, 16000)
    return paths


STREAM = "a stream"


def ask(process, paths, credit):
    data = {"audios": paths, "model": "fbank", "batch_size": 2, "reply": "json"}
    request = {"id": STREAM, "operation": "extract_features", "data": data, "credit": credit}
    process.send_line(request)


def next_part(process):
    while (message := process.receive())["event"] != "part":
        pass
    return message["data"]


def test_parts_come_as_far_as_the_client_wants_them_and_the_rest_ends_them(start, tmp_path):
    process = start()
    paths = clips(tmp_path, 6)
    whole = process.result("extract_features", {"audios": paths, "model": "fbank", "reply": "json"})
    ask(process, paths, credit=1)
    rows = {}
    for sequence in range(3):
        part = next_part(process)
        assert part["sequence"] == sequence
        rows |= dict(zip(part["value"]["indices"], part["value"]["features"], strict=True))
        if sequence < 2:  # the next one waits to be asked for; the reader answers meanwhile
            assert process.result("ping")["busy"]
            process.send_line({"operation": "credit", "data": {"id": STREAM, "count": 1}})
    assert [rows[index] for index in range(6)] == whole["features"]
    end = process.answer(STREAM)["result"]
    assert end["features"] == []
    assert end["seconds_heard"] == [0.5] * 6


def test_a_stream_that_waits_can_be_cancelled(start, tmp_path):
    process = start()
    ask(process, clips(tmp_path, 6), credit=1)
    next_part(process)
    assert process.result("cancel", {"id": STREAM}) == {"state": "running"}
    assert process.answer(STREAM)["error"]["code"] == "cancelled"


def test_the_end_of_input_ends_a_stream_that_nobody_takes_any_more(start, tmp_path):
    process = start()
    ask(process, clips(tmp_path, 6), credit=1)
    next_part(process)
    rest, _, code = process.finish()
    assert [message["error"]["code"] for message in rest if "error" in message] == ["cancelled"]
    assert code == 0


def test_an_operation_that_has_no_parts_says_so(start):
    process = start()
    process.send_line({"id": 1, "operation": "free_memory", "credit": 1})
    error = process.answer(1)["error"]
    assert error["code"] == "invalid_request"
    assert "does not answer in parts" in error["message"]


def test_credit_for_no_stream_is_told(start):
    assert start().result("credit", {"id": 99, "count": 1}) == {"running": False}
