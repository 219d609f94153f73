"""The shipped weights: they load strictly, are small, and hear what their cards say."""

import hashlib
import json

import numpy as np
import pytest

from gama_operations.models.gama.adapter import GamaModel
from gama_operations.models.registry import WEIGHTS, load
from gama_operations.models.surface import Generation
from gama_operations.probes import probe
from gama_operations.statistics import cluster_interval, compare_paired
from training.evaluate.clips import Clip, sample_clips
from training.questions import grade, questions
from training.wordings import FIXED

NAMES = ("gama-tiny", "wav2vec2-tiny")
MEGABYTES = 40
ASKED = 90
PROBED = 120


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    """A seeded draw of the shipped samples: nothing is picked."""
    everything = sample_clips()
    chosen = np.random.default_rng(20261121).permutation(len(everything))[:PROBED]
    return [everything[index] for index in chosen]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_folder_loads_strictly_and_says_which_revision_it_is(name: str) -> None:
    weights = (WEIGHTS / name / "model.safetensors").read_bytes()
    model = load(name, device="cpu")
    assert model.info.revision == hashlib.sha256(weights).hexdigest()[:12]
    assert model.info.model_id == name
    assert model.info.default_layer in model.info.layers


def test_the_shipped_weights_are_small() -> None:
    size = sum(file.stat().st_size for file in WEIGHTS.rglob("*") if file.is_file())
    assert size <= MEGABYTES * 1e6


@pytest.mark.parametrize("name", NAMES)
def test_the_card_belongs_to_the_shipped_revision(name: str) -> None:
    folder = WEIGHTS / name
    revision = json.loads((folder / "config.json").read_text())["revision"]
    assert json.loads((folder / "scores.json").read_text())["revision"] == revision
    assert revision in (folder / "README.md").read_text()


def test_gama_tiny_offers_exactly_the_kinds_that_its_scores_call_learnt() -> None:
    folder = WEIGHTS / "gama-tiny"
    rows = json.loads((folder / "scores.json").read_text())["splits"]["test"]["answers"]
    offers = json.loads((folder / "config.json").read_text())["offers"]
    assert offers == [row["kind"] for row in rows if row["learnt"]]
    assert {"class", "count"} <= set(offers)


def test_gama_tiny_names_sounds_of_unseen_sources_better_than_blind(clips: list[Clip]) -> None:
    model = load("gama-tiny", device="cpu")
    blind = json.loads((WEIGHTS / "gama-tiny" / "blind.json").read_text())[FIXED["class"]]
    asked = clips[:ASKED]
    expected = [
        next(item.answer for item in questions(clip.meta, np.random.default_rng(0)) if item.kind == "class")
        for clip in asked
    ]
    given = model.describe(
        [clip.waveform for clip in asked],
        [FIXED["class"]] * len(asked),
        generation=Generation(max_new_tokens=10),
    )
    right = [grade("class", a.text, wanted) for a, wanted in zip(given, expected, strict=True)]
    guessed = [grade("class", blind, wanted) for wanted in expected]
    interval, reason = cluster_interval(right, [clip.source for clip in asked])
    assert interval is not None, reason
    assert interval.low > np.mean(guessed)


def test_gama_tiny_answers_from_the_audio_and_not_from_the_question(clips: list[Clip]) -> None:
    model = load("gama-tiny", device="cpu")
    assert isinstance(model, GamaModel)
    waveforms = [clip.waveform for clip in clips[:24]]
    answers = {answer.text for answer in model.describe(waveforms, [FIXED["class"]] * len(waveforms))}
    assert len(answers) > 5


@pytest.mark.parametrize("name", NAMES)
def test_trained_weights_beat_their_random_twin_on_a_class_probe(name: str, clips: list[Clip]) -> None:
    waveforms = [clip.waveform for clip in clips]
    labels, sources = [clip.label for clip in clips], [clip.source for clip in clips]
    right = {}
    for weights in ("trained", "random"):
        model = load(name, device="cpu", weights=weights)
        features = np.stack([embedding.features for embedding in model.embed(waveforms)])
        right[weights] = [float(hit) for hit in probe(features, labels, sources, kind="linear").correct]
    found = compare_paired(right["trained"], right["random"], sources)
    assert found.interval is not None, found.reason
    assert found.interval.low > 0
