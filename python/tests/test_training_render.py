"""Clips are a pure function of their seed, audible, and described by their metadata."""

import re
from pathlib import Path

import numpy as np
import pytest

from training.render import fluid, render_clip, speech
from training.render.acoustics import LOUDNESS, level
from training.render.classes import CLASSES, SPEECH
from training.render.dsp import SAMPLE_RATE
from training.render.effects import COUNTABLE, render_continuous, render_countable
from training.render.families import FAMILIES
from training.render.instruments import melody, register_of, render_instrument
from training.render.scene import SILENT_PEAK, render_source
from training.render.shards import read_shard, shard_paths, write_shard

needs_font = pytest.mark.skipif(fluid.missing() is not None, reason=str(fluid.missing()))
needs_voice = pytest.mark.skipif(speech.missing() is not None, reason=str(speech.missing()))
EFFECTS = [name for name in CLASSES if name not in FAMILIES and name != SPEECH]


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("seed", [5, 1003])
def test_an_effect_is_audible_and_repeats_from_its_seed(name: str, seed: int) -> None:
    first, second = (
        render_source(name, f"dsp:{name}-{seed}", np.random.default_rng(1), 2.0).wave for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert np.isfinite(first).all()
    assert np.abs(first).max() >= SILENT_PEAK


@pytest.mark.parametrize(
    ("name", "pause"), [("knock", 8), ("hammer", 8), ("gunshot", 8), ("alarm", 2), ("touch tone", 2)]
)
def test_the_count_of_an_event_is_the_number_of_onsets_after_a_pause(name: str, pause: int) -> None:
    for seed in (*range(12), *range(1000, 1012)):
        event = render_countable(name, f"dsp:{name}-{seed}", np.random.default_rng(seed), 4.5)
        frames = np.abs(event.wave[: len(event.wave) // 80 * 80]).reshape(-1, 80).max(axis=1)
        loud = frames > 0.35 * frames.max()
        quiet_before = np.array([not loud[max(0, k - pause) : k].any() for k in range(len(loud))])
        assert int((loud & quiet_before).sum()) == event.facts["count"]


def test_a_sweep_goes_where_its_direction_says() -> None:
    for seed in range(6):
        event = render_continuous("sweep", "dsp:sweep-7", np.random.default_rng(seed), 2.0)
        quarter = len(event.wave) // 4
        crossings = [
            int((np.diff(np.signbit(p)) != 0).sum()) for p in (event.wave[:quarter], event.wave[-quarter:])
        ]
        assert (crossings[1] > crossings[0]) == (event.facts["direction"] == "rising")


def test_a_melody_keeps_to_its_keys_its_direction_and_a_register() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        direction = str(rng.choice(["rising", "falling", "steady"]))
        keys = melody((36, 84), int(rng.integers(1, 7)), direction, rng)
        assert min(keys) >= 26
        assert max(keys) <= 94
        steps = np.sign(np.diff(keys))
        assert (steps == {"rising": 1, "falling": -1, "steady": 0}[direction]).all()
    assert [register_of(key) for key in (40, 60, 80, 52)] == ["low", "middle", "high", None]


@needs_font
def test_an_instrument_does_not_depend_on_what_was_played_before() -> None:
    first = render_instrument("flute", "preset:0-73", np.random.default_rng(3), 3.0).wave
    render_instrument("organ", "preset:0-19", np.random.default_rng(4), 3.0)
    assert np.array_equal(
        first, render_instrument("flute", "preset:0-73", np.random.default_rng(3), 3.0).wave
    )


@needs_font
@pytest.mark.parametrize("name", list(FAMILIES))
def test_every_preset_of_a_family_is_audible(name: str) -> None:
    for preset in FAMILIES[name].train + FAMILIES[name].test:
        event = render_instrument(name, f"preset:{preset}", np.random.default_rng(11), 3.0)
        assert np.abs(event.wave).max() >= SILENT_PEAK


@needs_voice
def test_a_phrase_that_does_not_fit_is_shortened_and_never_cut() -> None:
    for seed in range(8):
        event = speech.render_speech("voice:en-us+m4", np.random.default_rng(seed), 1.2)
        assert len(event.wave) <= 1.2 * SAMPLE_RATE + 1
        assert np.abs(event.wave[-80:]).max() < 0.05
        assert len(event.facts["words"]) >= 1


@needs_font
@needs_voice
def test_clips_repeat_from_their_seed_and_keep_the_promises_of_their_metadata() -> None:
    for seed in range(25):
        clip, again = render_clip(seed, "test"), render_clip(seed, "test")
        assert np.array_equal(clip.waveform, again.waveform)
        assert clip.meta == again.meta
        assert 2.49 <= clip.meta["seconds"] <= 5.0
        low, high = LOUDNESS[clip.meta["loudness"]]
        assert low - 3 <= 20 * np.log10(level(clip.waveform)) <= high + 0.1
        starts = [event["start"] for event in clip.meta["events"]]
        assert starts == sorted(starts)
        for event in clip.meta["events"]:
            assert event["end"] <= clip.meta["seconds"] + 0.01
            assert re.fullmatch(r"preset:\d+-\d+|voice:[\w-]+\+\w+|dsp:[a-z ]+-\d+", event["source"])


@needs_font
@needs_voice
def test_a_shard_reads_back_as_it_was_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path))
    write_shard("test", 0, 3)
    waves, metas = read_shard("test", 0)
    assert shard_paths("test", 0)[0].is_relative_to(tmp_path)
    for row, meta in enumerate(metas):
        clip = render_clip(row, "test")
        assert meta["samples"] == len(clip.waveform)
        assert np.abs(waves[row, : meta["samples"]] / 32767 - clip.waveform).max() < 1e-4
        assert not waves[row, meta["samples"] :].any()


def test_brief_sounds_have_a_tempo_from_three_on() -> None:
    for name, sound in COUNTABLE.items():
        event = render_countable(name, f"dsp:{name}-1", np.random.default_rng(2), 4.5)
        assert (event.facts["tempo"] is not None) == (sound.brief and event.facts["count"] >= 3)
