"""Are two clips one recording? Copies are, strangers are not; measured on the shipped samples."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gama_operations.planted_copies import plant
from gama_operations.same_sound import RATE, likeness

SAMPLES = Path(__file__).parents[2] / "datasets" / "samples"
LIKELY = {"knock", "cat", "church bell", "alarm"}
"""Classes whose clips come nearest to each other: of all 5,904 pairs of one class and two sources the
correlations reach .87 (knocks), and half of them .07."""


def noise(seconds=2.0, seed=0):
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * 0.1


def tone(hertz, seconds=2.0, phase=0.0):
    return 0.1 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE + phase)


@pytest.fixture(scope="module")
def samples():
    """Rows of the manifest with their waveforms: a clip of each source."""
    rows = [json.loads(line) for line in (SAMPLES / "manifest.jsonl").read_text().splitlines()]
    firsts = {row["clusterId"]: row for row in reversed(rows)}
    return [(row, soundfile.read(SAMPLES / row["path"])[0]) for row in firsts.values()]


def test_a_copy_is_the_same_recording_whatever_was_done_to_it():
    clip = noise()
    softer, cut = clip * 0.1, clip[800:]
    later = np.concatenate([np.zeros(12_000), clip])
    for copy in (clip, -clip, softer, cut, later, np.concatenate([clip, noise(seed=1) * 1e-3])):
        found = likeness(clip, copy)
        assert found.is_same
        assert found.correlation == pytest.approx(1, abs=1e-3)
    assert likeness(clip, cut).lag_seconds == pytest.approx(-0.05)
    assert likeness(clip, later).lag_seconds == pytest.approx(0.75)
    assert likeness(later, clip).lag_seconds == pytest.approx(-0.75)


def test_an_excerpt_is_the_same_recording_where_it_begins_within_a_second():
    clip = noise(4.0)
    assert likeness(clip, clip[RATE // 2 : 2 * RATE]).is_same
    assert not likeness(clip, clip[2 * RATE :]).is_same


def test_a_shared_hum_makes_no_recording_of_two():
    hums = tone(50), tone(50, phase=1.0)
    one, other = (hum + 0.05 * noise(seed=seed) for seed, hum in enumerate(hums))
    found = likeness(one, other)
    assert found.correlation > 0.99
    assert not found.is_same
    assert likeness(one, plant(one[None], RATE, [0])[0].astype(float)).is_same


def test_silence_is_like_nothing():
    for other in (noise(), np.zeros(100), np.full(100, 0.5)):
        assert likeness(np.zeros(RATE), other).correlation == 0
        assert not likeness(other, np.zeros(RATE)).is_same


def test_planted_copies_of_shipped_clips_are_found_and_those_of_mp3_and_ogg(samples):
    assert len(samples) > 100
    clips = [clip for _, clip in samples[::6]]
    planted = [plant(clip[None], RATE, [at])[0].astype(float) for at, clip in enumerate(clips)]
    rounded = [np.round(copy * 32767) / 32768 for copy in planted]
    found = sum(likeness(clip, copy).is_same for clip, copy in zip(clips, rounded, strict=True))
    assert found >= 0.95 * len(clips)
    for form, subtype in (("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS")):
        found = sum(likeness(clip, through(clip, form, subtype)).is_same for clip in clips)
        assert found >= 0.95 * len(clips), form


def test_clips_of_one_class_and_two_sources_are_two_recordings(samples):
    pairs = flagged = 0
    for name in LIKELY:
        clips = [clip for row, clip in samples if row["labels"]["class"] == name]
        for at, one in enumerate(clips):
            for other in clips[:at]:
                pairs += 1
                flagged += likeness(one, other).is_same
    assert pairs > 80
    assert flagged == 0


def through(clip, form, subtype):
    """To a lossy file and back."""
    file = io.BytesIO()
    soundfile.write(file, clip, RATE, format=form, subtype=subtype)
    file.seek(0)
    return soundfile.read(file)[0]
