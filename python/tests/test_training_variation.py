"""Training clips vary more than test clips do, and nothing that varies them reaches the test."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from training.render import fluid, render_clip, speech
from training.render.dsp import SAMPLE_RATE, Wave
from training.render.fluid import Note, synthesizer
from training.render.made_voices import data_path, made_names, made_sex, variant_text
from training.render.scene import SILENT_PEAK
from training.render.shards import read_shard, write_shard
from training.render.speech import Manner, say
from training.render.timbre import FILTER_CENTS, Timbre, draw_timbre, play_varied
from training.render.variation import companded, compressed, equalised, own_generator, weathered
from training.render.voices import DIGITS, TEST_VARIANTS, TRAIN_VARIANTS, WORDS
from training.render.words import render_words
from training.samples import FOLDER, plan, render_sample
from training.shards import joined, open_shards

needs_font = pytest.mark.skipif(fluid.missing() is not None, reason=str(fluid.missing()))
needs_voice = pytest.mark.skipif(speech.missing() is not None, reason=str(speech.missing()))
BEFORE = json.loads((Path(__file__).parent / "fixtures" / "test-clips-before-variation.json").read_text())
MANNER = Manner(speed=150, pitch=50, gap=2, tract=1.0)


def description(meta: dict[str, Any]) -> str:
    """Onsets were not told then; they change no sample."""
    told = [{k: v for k, v in event.items() if k != "onsets"} for event in meta["events"]]
    return hashlib.sha256(json.dumps(meta | {"events": told}, sort_keys=True).encode()).hexdigest()[:16]


def tenths(wave: np.ndarray) -> list[float]:
    """RMS of each tenth of a clip, in steps of 16 bit."""
    parts = np.array_split(np.round(wave * 32767), 10)
    return [float(np.sqrt((part**2).mean())) for part in parts]


@needs_font
@needs_voice
def test_test_clips_are_what_they_were_before_training_clips_varied() -> None:
    for row in BEFORE["clips"]:
        clip = render_clip(row["seed"], "test")
        assert description(clip.meta) == row["description"], row["seed"]
        # half a step of 16 bit: FFTs of other processors round otherwise
        np.testing.assert_allclose(tenths(clip.waveform), row["tenths"], atol=0.5)


@needs_font
@needs_voice
def test_samples_of_every_kind_come_out_of_their_seeds_again() -> None:
    manifest = [json.loads(line) for line in (FOLDER / "manifest.jsonl").read_text().splitlines()]
    for row in range(7, len(manifest), 31):
        name, source, _ = plan()[row]
        wave, labels = render_sample(row, name, source)
        shipped, _ = soundfile.read(FOLDER / manifest[row]["path"], dtype="int16")
        assert labels == manifest[row]["labels"]
        assert np.abs(wave.astype(int) - shipped).max() <= 1


def test_the_test_split_has_no_generator_that_could_vary_it() -> None:
    wave = np.random.default_rng(0).standard_normal(4000)
    assert own_generator("test", 5) is None
    assert weathered(wave, None) is wave
    first, second = (own_generator("train", 5) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.random() == second.random()


@needs_font
@needs_voice
def test_varied_clips_repeat_from_their_seed_and_keep_to_training_sources() -> None:
    test_voices = set(TEST_VARIANTS["man"] + TEST_VARIANTS["woman"])
    speakers: set[str] = set()
    for seed in range(16):
        clip, again = render_clip(seed, "train"), render_clip(seed, "train")
        assert np.array_equal(clip.waveform, again.waveform)
        assert clip.meta == again.meta
        assert np.isfinite(clip.waveform).all()
        assert 0.001 < np.abs(clip.waveform).max() < 1
        speakers |= {
            event["source"].split("+")[1] for event in clip.meta["events"] if event["kind"] == "speech"
        }
    assert speakers
    assert not speakers & test_voices


def _tone(seconds: float = 1.0) -> Wave:
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.sin(2 * np.pi * 440 * t) * np.where(t < 0.5, 1.0, 0.1)


def test_each_way_of_weathering_changes_what_it_is_for_and_keeps_the_length() -> None:
    rng = np.random.default_rng(0)
    wave = _tone()
    for way in (lambda w: equalised(w, rng), lambda w: compressed(w, rng), companded):
        found = way(wave)
        assert found.shape == wave.shape
        assert np.isfinite(found).all()
    loud, soft = slice(2000, 6000), slice(10000, 14000)
    ratio = lambda w: np.abs(w[soft]).max() / np.abs(w[loud]).max()  # noqa: E731 # said once
    assert ratio(compressed(wave, rng)) > 1.3 * ratio(wave)
    assert 0 < np.abs(companded(wave) - wave).max() < 0.05
    assert companded(np.zeros(10)).tolist() == [0.0] * 10


def _pitch_hertz(wave: Wave) -> float:
    middle = wave[int(0.3 * SAMPLE_RATE) : int(0.7 * SAMPLE_RATE)]
    repeats = np.correlate(middle, middle, "full")[len(middle) - 1 :]
    # a note of 440 Hz, and not the octave below it
    shortest = SAMPLE_RATE // 600
    return SAMPLE_RATE / (shortest + int(repeats[shortest : SAMPLE_RATE // 300].argmax()))


def _share_above(wave: Wave, hertz: float) -> float:
    power = np.abs(np.fft.rfft(wave)) ** 2
    return float(power[np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE) > hertz].sum() / power.sum())


@needs_font
def test_another_timbre_keeps_pitch_and_times_and_changes_the_sound() -> None:
    notes = [Note(0.1, 0.8, 69, 100)]
    plain = synthesizer().play(0, 65, notes, 1.4, 0.0)
    for shift in (-4, 3):
        shifted = play_varied((0, 65), notes, 1.4, 0.0, Timbre(shift=shift))
        assert abs(len(shifted) - len(plain)) <= 128
        assert abs(_pitch_hertz(shifted) / _pitch_hertz(plain) - 1) < 0.03
        assert not np.allclose(shifted[:20000], plain[:20000], atol=1e-3)
        onset = [int(np.flatnonzero(np.abs(w) > 0.05 * np.abs(w).max())[0]) for w in (plain, shifted)]
        assert abs(onset[0] - onset[1]) < 0.03 * SAMPLE_RATE
    dark = play_varied((0, 65), notes, 1.4, 0.0, Timbre({FILTER_CENTS: -4500.0}))
    assert _share_above(dark, 2500) < 0.5 * _share_above(plain, 2500)
    assert np.array_equal(play_varied((0, 65), notes, 1.4, 0.0, Timbre()), plain)


def test_drums_are_not_shifted_and_slow_notes_not_slowed() -> None:
    rng = np.random.default_rng(0)
    drums = [draw_timbre(rng, slow=False, pitched=False) for _ in range(200)]
    slow = [draw_timbre(rng, slow=True, pitched=True) for _ in range(200)]
    assert all(timbre.shift == 0 for timbre in drums)
    assert {timbre.shift for timbre in slow} == set(range(-5, 6))
    assert max(timbre.generators.get(34, 0) for timbre in slow) <= 300


def test_made_voices_are_as_many_women_as_men_and_none_is_listed() -> None:
    men, women = made_names("man"), made_names("woman")
    assert len(men) == len(women) >= 80
    listed = {name for side in (TRAIN_VARIANTS, TEST_VARIANTS) for names in side.values() for name in names}
    assert not listed & {*men, *women}
    assert [made_sex(name) for name in (men[3], women[3], "f3")] == ["man", "woman", None]
    assert variant_text(men[1]) == variant_text(men[1]) != variant_text(men[2])
    with pytest.raises(ValueError, match="none of the"):
        variant_text("f3")


@needs_voice
def test_made_voices_speak_and_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path))
    data_path.cache_clear()
    names = (*made_names("man")[:3], *made_names("woman")[:3])
    waves = [say(["seven"], f"en-us+{name}", MANNER) for name in names]
    fallback = say(["seven"], "en-us+nobody", MANNER)
    data_path.cache_clear()
    for wave in waves:
        assert np.abs(wave).max() > 0.05
        assert wave.shape != fallback.shape or not np.array_equal(wave, fallback)
    assert len({hashlib.sha256(wave.tobytes()).hexdigest() for wave in waves}) == len(names)


@needs_voice
def test_words_are_said_at_their_times_by_voices_of_training() -> None:
    vocabulary = set(DIGITS["english"] + WORDS["english"])
    counts: list[int] = []
    for seed in range(24):
        clip = render_words(seed)
        (event,) = clip.meta["events"]
        counts.append(len(event["words"]))
        assert set(event["words"]) <= vocabulary
        assert len(event["wordTimes"]) == len(event["words"])
        assert event["source"].split("+")[1] not in TEST_VARIANTS["man"] + TEST_VARIANTS["woman"]
        edges = [time for times in event["wordTimes"] for time in times]
        assert edges == sorted(edges)
        assert edges[-1] <= clip.meta["seconds"] <= 5.0
        assert np.abs(clip.waveform).max() >= SILENT_PEAK
    assert set(counts) >= {1, 2}
    assert np.mean(np.array(counts) == 1) > 0.4


@needs_voice
def test_the_words_set_lies_beside_the_scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.clip_folders import clips_folder

    monkeypatch.setenv("GRYM_CACHE", str(tmp_path))
    data_path.cache_clear()
    for shard, clips in ((0, 3), (1, 2)):
        write_shard("words", shard, clips)
    data_path.cache_clear()
    waves, metas = read_shard("words", 1)
    assert np.abs(waves[0, : metas[0]["samples"]] / 32767 - render_words(1000).waveform).max() < 1e-4
    words = open_shards(clips_folder("words"))
    both = joined(words, words)
    assert len(both) == 10
    assert np.array_equal(both.waveform(4), both.waveform(9))
    assert both.metas[8] == words.metas[3]
    with pytest.raises(ValueError, match="whole shards"):
        joined(open_shards(clips_folder("words"), clips=4))
