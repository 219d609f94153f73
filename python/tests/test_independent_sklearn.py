"""Numbers of real embeddings, ours and those of a script that knows nothing of us."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import independent_sklearn as independent
from gama_operations.few_shot import few_shot
from gama_operations.models.mel_statistics import MelStatistics
from gama_operations.probe_folds import source_folds
from gama_operations.probes import INNER_FOLDS, probe
from gama_operations.retrieval import retrieve

SAMPLES = Path(__file__).parents[2] / "datasets" / "samples"
CLASSES = ["dog", "cat", "bird", "engine", "siren", "rain"]
SEED = 7


@pytest.fixture(scope="module")
def embedded():
    """Mel statistics of the shipped clips of six classes, with labels and sources."""
    lines = (SAMPLES / "manifest.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["labels"]["class"] in CLASSES]
    model = MelStatistics("mfcc-20")
    waveforms = []
    for row in rows:
        samples, rate = soundfile.read(SAMPLES / row["path"], dtype="float32")
        assert rate == model.info.sample_rate
        waveforms.append(samples[None])
    x = np.stack([clip.features for clip in model.embed(waveforms)]).astype(np.float64)
    return x, np.array([r["labels"]["class"] for r in rows]), np.array([r["clusterId"] for r in rows])


@pytest.mark.parametrize(("kind", "script"), [("linear", independent.linear), ("knn", independent.nearest)])
def test_a_probe_says_of_every_clip_what_the_script_says(embedded, kind, script):
    x, y, groups = embedded
    ours = probe(x, y.tolist(), groups.tolist(), kind=kind, seed=SEED)

    def inner(train):
        return source_folds(y[train], groups[train], INNER_FOLDS, SEED + 1)

    theirs = script(x, y, np.array(ours.fold), inner)
    assert ours.predictions == theirs.tolist()
    assert ours.accuracy == pytest.approx(float((theirs == y).mean()), abs=1e-6)
    assert 1.5 / len(CLASSES) < ours.accuracy < 1


def test_few_examples_teach_what_the_script_says(embedded):
    x, y, groups = embedded
    ours = few_shot(x, y.tolist(), groups.tolist(), per_label=4, draws=3, seed=SEED)
    theirs = independent.few_shot(x, y, np.array(ours.fold), per_label=4, draws=3, seed=SEED)
    assert ours.accuracy == pytest.approx(theirs, abs=1e-6)


def test_a_search_finds_what_the_script_finds(embedded):
    x, y, groups = embedded
    ours = retrieve(x, y.tolist(), groups.tolist(), ks=[5])
    recall, precision = independent.search(x, y, groups, 5)
    assert ours.recall[0] == pytest.approx(recall, abs=1e-6)
    assert ours.mean_ap == pytest.approx(precision, abs=1e-6)
