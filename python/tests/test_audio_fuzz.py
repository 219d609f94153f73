"""Broken files end as a typed error or as audio: none crashes the decoder, hangs it or fills the memory.

The files decode in a process of their own. A fault is named with its seed, and `python tests/audio_fuzzing.py
--first SEED --files 1 --keep FOLDER` writes its file. Soak: ten times as many.
"""

import re
from pathlib import Path

import pytest

from audio_fields import fields
from audio_files import noise, written
from audio_fuzzing import Decoder, fuzz
from audio_mutations import BASES, mutated, whole_file, with_checksums
from gama_operations.audio import decode

FILES = 1_000
PROCESSES = Path(__file__).parent / "fixtures" / "process"
DECODER, PLANTED = (str(PROCESSES / name) for name in ("decoder.py", "planted_decoder.py"))
PATIENCE = 60.0  # seconds


@pytest.mark.parametrize("base", BASES)
def test_the_files_that_are_broken_are_whole_before(tmp_path, base):
    (tmp_path / "a").write_bytes(whole_file(base))
    # some codecs fill their last block
    assert decode(tmp_path / "a").seconds == pytest.approx(0.25, abs=0.08)


def test_a_seed_names_one_file_and_every_seed_another():
    whole = {base: whole_file(base) for base in BASES}
    files = [mutated(seed, whole) for seed in range(300)]
    assert files == [mutated(seed, whole) for seed in range(300)]
    assert len({file.data for file in files}) > 290  # some are cut to nothing
    assert sum(file.data == whole[file.base] for file in files) < 10


@pytest.mark.parametrize("base", BASES)
def test_a_lie_changes_its_own_number_and_no_other(base):
    data = bytearray(whole_file(base))
    for field in fields(bytes(data)):
        before = field.read(data)
        for value in (0, 1, 2**field.width - 1):
            field.write(data, value)
            assert field.read(data) == value
        field.write(data, before)
    assert data == whole_file(base)


def test_a_thousand_broken_files_end_as_a_typed_error_or_as_audio(tmp_path):
    report = fuzz(range(FILES), tmp_path)
    assert not report.faults, "\n\n".join(report.faults)
    assert report.is_flat(), report.tenths()
    assert sum(report.outcomes.values()) == FILES
    # the files are neither all refused at the door nor hardly broken
    least = {"audio": 200, "invalid_audio": 200, "unsupported_format": 20, "audio_too_long": 3}
    for outcome, files in least.items():
        assert report.count(outcome) >= files, report.outcomes


def test_a_part_of_an_ogg_with_damaged_codebooks_is_refused(tmp_path):
    """libsndfile opens such a file, and crashes when it seeks in it."""
    whole = written(tmp_path / "a.ogg", noise(2)).read_bytes()
    codebooks = whole.index(b"BCV")
    audio = whole.index(b"OggS", codebooks)
    decoder = Decoder([DECODER])
    outcomes = []
    for at in range(codebooks, audio, (audio - codebooks) // 40):
        data = bytearray(whole)
        data[at : at + 4] = b"\xff\xff\xff\xff"
        with_checksums(data)
        (tmp_path / "b.ogg").write_bytes(data)
        answer = decoder.ask(tmp_path / "b.ogg", {"offset": 1.0, "duration": 0.5}, PATIENCE)
        assert isinstance(answer, dict), answer
        outcomes.append(answer["outcome"])
    decoder.close()
    assert set(outcomes) <= {"audio", "invalid_audio"}
    assert outcomes.count("invalid_audio") >= 5


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("crash", r"crashes: signal SIGABRT.*Fatal Python error: Aborted"),
        ("hang", r"hangs: no answer within 8"),
        ("untyped", r"ends as untyped: .*ZeroDivisionError: a field of the header"),
        ("wrong type", r"ends as not_capable: no fault of a file"),
        ("blow-up", r"takes 2\d\d MB for 0 MB"),
    ],
)
def test_the_guard_names_the_file_of_a_planted_fault_and_goes_on(tmp_path, fault, says):
    if fault == "blow-up" and not _peaks_are_measured(tmp_path):
        pytest.skip("this kernel does not tell the peak of a process (/proc/self/clear_refs)")
    report = fuzz(range(6), tmp_path, command=(PLANTED, fault), limit=8.0 if fault == "hang" else PATIENCE)
    [said] = report.faults
    assert said.startswith("seed 3 (")
    assert re.search(says, said, re.DOTALL), said
    assert sum(report.outcomes.values()) == (5 if fault in ("crash", "hang") else 6)


def test_the_guard_sees_a_leak(tmp_path):
    assert not fuzz(range(200), tmp_path, command=(PLANTED, "leak")).is_flat()


def _peaks_are_measured(folder):
    return fuzz(range(1), folder).unmeasured == 0
