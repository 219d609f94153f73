"""`inspect_audio`: one digest for one sound, whatever file it lies in."""

import hashlib
import os

import numpy as np
import pytest
import soundfile

RATE = 8_000
TONE = (0.5 * np.sin(np.arange(RATE) / 7) * 32767).astype(np.int16)


@pytest.fixture
def written(tmp_path):
    """Writes samples to a file, in the format that its name says."""

    def write(name, samples, rate=RATE):
        soundfile.write(tmp_path / name, samples, rate)
        return str(tmp_path / name)

    return write


def inspected(process, audios, **more):
    return process.result("inspect_audio", {"audios": audios, **more})


def test_the_same_sound_in_another_container_has_the_same_digest_which_anyone_can_compute(process, written):
    stereo = np.stack((TONE, TONE // 2), axis=1)
    files = [
        written("a.wav", TONE),
        written("b.flac", TONE),
        written("c.aiff", TONE),
        written("d.wav", stereo),
    ]
    result = inspected(process, files)
    wav, flac, aiff, two = result["clips"]
    assert wav == flac == aiff
    assert (wav["seconds"], wav["sample_rate"], wav["channels"]) == (1.0, RATE, 1)
    samples = TONE.astype("<f4") / np.float32(32768)
    digest = hashlib.blake2b(b"8000 1\n" + samples.tobytes(), digest_size=32)
    assert wav["digest"] == digest.hexdigest()
    assert (two["channels"], two["digest"] == wav["digest"]) == (2, False)
    assert result["failures"] == []


def test_other_samples_or_another_rate_are_another_sound(process, written):
    changed = TONE.copy()
    changed[-1] += 1
    files = [written("a.wav", TONE), written("b.wav", changed), written("c.wav", TONE, 16_000)]
    digests = [clip["digest"] for clip in inspected(process, files)["clips"]]
    assert len(set(digests)) == 3
    first = [clip["digest"] for clip in inspected(process, files[:2], duration=0.5)["clips"]]
    assert first[0] == first[1] != digests[0]


def test_the_first_seconds_are_those_that_a_model_hears_when_it_is_given_so_many(process, written):
    longer = written("longer.wav", np.tile(TONE, 3))
    [head] = inspected(process, [longer], duration=1.0)["clips"]
    [cut] = inspected(process, [{"path": longer, "duration": 1.0}])["clips"]
    [alone] = inspected(process, [written("a.flac", TONE)], duration=99.0)["clips"]
    assert head["digest"] == cut["digest"] == alone["digest"]
    assert (head["seconds"], cut["seconds"]) == (3.0, 1.0)


def test_a_clip_that_cannot_be_heard_spoils_no_other(process, written, tmp_path):
    good, cut = written("good.flac", TONE), written("cut.wav", TONE)
    os.truncate(cut, 4000)
    bare = [0.0, 0.5]
    result = inspected(process, [cut, good, str(tmp_path / "none.wav"), bare])
    assert [clip is None for clip in result["clips"]] == [True, False, True, True]
    failed = [(failure["index"], failure["code"]) for failure in result["failures"]]
    assert failed == [(0, "invalid_audio"), (2, "audio_not_found"), (3, "invalid_request")]
    assert "`sample_rate`" in result["failures"][2]["message"]
    assert inspected(process, [cut])["clips"] == [None]
    assert inspected(process, [])["clips"] == []
    [given] = inspected(process, [{"samples": bare, "sample_rate": RATE}])["clips"]
    assert given["seconds"] == 2 / RATE


def test_it_can_be_given_up(process, written):
    audios = [written("a.wav", np.tile(TONE, 60))] * 2000
    asked = process.send("inspect_audio", {"audios": audios})
    while (event := process.receive()).get("event") != "progress":
        assert "error" not in event, event
    assert event["data"]["stage"] == "inspect"
    process.send_line({"operation": "cancel", "data": {"id": asked}})
    assert process.answer(asked)["error"]["code"] == "cancelled"
