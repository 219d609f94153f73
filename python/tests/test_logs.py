"""Records of `logging` and warnings on the wire: every one once, none that waits, none that recurses."""

import time
from pathlib import Path

import pytest


def records(process, request):
    """Log events up to the answer of a request."""
    found = []
    while (message := process.receive()).get("id") != request:
        found.append(message["data"])
    assert "result" in message
    return found


def wait_until_idle(pid):
    """Until the process waits, and has used no processor time for a while: it is not merely kept from it."""
    ticks, since = None, time.monotonic()
    while time.monotonic() - since < 0.5:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        if fields[0] != "S" or fields[11:13] != ticks:
            ticks, since = fields[11:13], time.monotonic()
        time.sleep(0.02)


def test_16_records_that_nobody_reads_hold_up_nothing_and_those_that_are_dropped_are_counted(start):
    process = start(faulty=True)
    request = process.send("chatter", {"count": 5_000})
    wait_until_idle(process.pid)  # the wire is full, and the operation has gone on without it
    said = records(process, request)
    # What still waited is written with the next answer, as far as there is room for it.
    for _ in range(100):
        said += records(process, process.send("ping"))
    lost = [record for record in said if "log records were dropped" in record["message"]]
    dropped = sum(int(record["message"].split()[0]) for record in lost)
    kept = [int(record["message"].split()[0]) for record in said if record.get("logger") == "chatty.library"]
    assert dropped > 0
    assert len(kept) + dropped == 5_000
    assert kept == sorted(kept)


def test_a_long_record_is_cut_in_the_middle_to_what_a_pipe_takes_at_once(start):
    process = start(faulty=True)
    (record,) = records(process, process.send("log", {"message": "🎵" * 100_000}))
    assert record["message"].startswith("🎵🎵")
    assert "characters …" in record["message"]
    assert len(record["message"].encode()) < 4096


@pytest.mark.parametrize(
    ("level", "name"), [(10, "debug"), (20, "info"), (30, "warning"), (40, "error"), (50, "error")]
)
def test_a_record_has_its_level_and_its_logger(start, level, name):
    process = start(faulty=True)
    request = process.send("log", {"message": "a <bad> record", "level": level})
    assert records(process, request) == [
        {"level": name, "message": "a \\udcff record", "logger": "some.library"}
    ]


def test_a_record_with_an_exception_has_its_traceback_and_one_that_cannot_be_formatted_ends_nothing(start):
    process = start(faulty=True)
    (failed,) = records(process, process.send("log", {"message": "it failed", "raises": True}))
    assert failed["message"].startswith("it failed\nTraceback")
    assert "ZeroDivisionError" in failed["message"]
    assert records(process, process.send("log", {"message": "%d", "arguments": ["no number"]})) == []
    assert process.result("sleep", {"seconds": 0})["value"] == "slept"


def test_transformers_speaks_with_its_own_verbosity_and_its_own_names(start):
    process = start(faulty=True, environment={"TRANSFORMERS_VERBOSITY": "info"})
    said = records(process, process.send("transformers"))
    assert {"level": "info", "message": "an info", "logger": "transformers.models.some"} in said
    assert not [record for record in said if record["message"] == "a debug"]
    rest, stderr, _ = process.finish()
    assert rest == []
    assert "an info" not in stderr
