"""The shipped sample clips are what their manifest says; needs no Debian package."""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import soundfile

from training.phrases import NOUN_PHRASES
from training.questions import questions
from training.render.classes import CLASSES
from training.render.families import FAMILIES
from training.render.split import TRAIN_SEEDS
from training.render.voices import TRAIN_VARIANTS
from training.samples import FOLDER, meta_of_labels, plan, render_sample

Row = dict[str, Any]


@pytest.fixture(scope="module")
def manifest() -> list[Row]:
    return [orjson.loads(line) for line in (FOLDER / "manifest.jsonl").read_bytes().splitlines()]


def test_the_manifest_lists_every_file_once_with_its_hash(manifest: list[Row]) -> None:
    listed = [row["path"] for row in manifest]
    assert len(set(listed)) == len({row["id"] for row in manifest}) == len(manifest)
    assert {f"audio/{path.name}" for path in (FOLDER / "audio").iterdir()} == set(listed)
    for row in manifest:
        assert hashlib.sha256((FOLDER / row["path"]).read_bytes()).hexdigest() == row["sha256"]


def test_the_phrases_say_every_class_as_the_models_learnt_it(manifest: list[Row]) -> None:
    phrases = orjson.loads((FOLDER / "phrases.json").read_bytes())
    assert phrases == {name: NOUN_PHRASES[name] for name in {row["labels"]["class"] for row in manifest}}


def test_files_are_short_audible_16_khz_flac(manifest: list[Row]) -> None:
    for row in manifest:
        wave, rate = soundfile.read(FOLDER / row["path"])
        information = soundfile.info(FOLDER / row["path"])
        assert (rate, information.format, information.subtype) == (16_000, "FLAC", "PCM_16")
        assert abs(len(wave) / rate - row["seconds"]) < 1e-3
        assert 1.9 <= row["seconds"] <= 3.8
        assert np.abs(wave).max() > 300 / 32768


def test_there_are_enough_classes_sources_and_clips(manifest: list[Row]) -> None:
    sources: dict[str, set[str]] = defaultdict(set)
    for row in manifest:
        sources[row["labels"]["class"]].add(row["clusterId"])
    assert len(manifest) >= 360
    assert len(sources) >= 12
    assert set(sources) <= set(CLASSES)
    assert min(len(found) for found in sources.values()) >= 6
    assert sum((FOLDER / row["path"]).stat().st_size for row in manifest) < 22e6


def test_every_source_is_held_out_of_training(manifest: list[Row]) -> None:
    train_presets = {preset for family in FAMILIES.values() for preset in family.train}
    train_voices = {variant for variants in TRAIN_VARIANTS.values() for variant in variants}
    for row in manifest:
        for source in (row["labels"]["source"], row["labels"].get("backgroundSource")):
            kind, _, name = (source or "dsp:none-1000").partition(":")
            assert kind != "dsp" or int(name.rsplit("-", 1)[1]) not in TRAIN_SEEDS
            assert kind != "preset" or name not in train_presets
            assert kind != "voice" or name.split("+")[1] not in train_voices


def test_a_cluster_is_one_source_of_one_class(manifest: list[Row]) -> None:
    classes: dict[str, set[str]] = defaultdict(set)
    for row in manifest:
        classes[row["clusterId"]].add(row["labels"]["class"])
    assert all(len(found) == 1 for found in classes.values())


def test_every_clip_can_be_asked_questions(manifest: list[Row]) -> None:
    for row in manifest:
        kinds = {q.kind for q in questions(meta_of_labels(row["labels"]), np.random.default_rng(0))}
        assert {"class", "speech", "has", "loudness", "sources", "caption"} <= kinds
        if row["labels"]["class"] == "speech":
            assert {"sex", "language"} <= kinds


def test_licences_are_stated_and_explained(manifest: list[Row]) -> None:
    text = (FOLDER / "LICENCES.md").read_text()
    assert {row["licence"] for row in manifest} == {"MIT", "CC0-1.0"}
    assert all(f"`{licence}`" in text for licence in ("MIT", "CC0-1.0"))


def test_the_shipped_effects_come_out_of_their_seeds_again(manifest: list[Row]) -> None:
    rows = [k for k, (_, source, _) in enumerate(plan()) if source.startswith("dsp:")][::40]
    for k in rows:
        name, source, _ = plan()[k]
        wave, labels = render_sample(k, name, source)
        shipped, _ = soundfile.read(FOLDER / manifest[k]["path"], dtype="int16")
        assert labels == manifest[k]["labels"]
        # one step of 16 bit for FFTs of other processors
        assert np.abs(wave.astype(int) - shipped).max() <= 1


def test_the_plan_has_one_row_for_each_line(manifest: list[Row]) -> None:
    assert [(n, s, c) for n, s, c in plan()] == [
        (row["labels"]["class"], row["labels"]["source"], row["clusterId"]) for row in manifest
    ]
    assert Path(manifest[0]["path"]).suffix == ".flac"
