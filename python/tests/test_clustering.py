"""Clusters that are known: planted ones come back, and what cannot be clustered says so."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, homogeneity_completeness_v_measure

from clustering_data import gaussian, planted
from gama_operations.clustering import cluster
from gama_operations.clustering_agreement import PERMUTATIONS, label_agreement
from gama_operations.clustering_fit import NOISE, Recipe, by_size, fit
from gama_operations.clustering_reduction import spectral, standardise
from gama_operations.clustering_watch import Watch
from gama_operations.errors import CancelledError, InvalidRequestError

KMEANS = Recipe(method="kmeans", clusters=12)


def plain(features, recipe=None, **options):
    """Clusters alone: no evidence, no map."""
    return cluster(features, recipe or Recipe(), **{"nulls": None, "show_map": False, **options})


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("distance", [0.6, 1, 5])
@pytest.mark.parametrize("recipe", [Recipe(), KMEANS], ids=["hdbscan", "kmeans"])
def test_planted_clusters_come_back(recipe, distance, equal):
    features, truth = planted(0, distance=distance, equal=equal)
    assert adjusted_mutual_info_score(truth, fit(features, recipe, 0)) >= 0.95


@pytest.mark.parametrize("clusters", [2, 6, 24])
def test_planted_clusters_that_do_not_touch_are_neither_joined_nor_divided(clusters):
    features, truth = planted(1, clusters=clusters, distance=5)
    found = plain(features)
    assert found.clusters == clusters
    assert found.sizes == [480 // clusters] * clusters
    assert adjusted_mutual_info_score(truth, found.assignments) == pytest.approx(1)


@pytest.mark.parametrize("reduction", ["pca", "none"])
def test_the_other_reductions_find_them_too(reduction):
    features, truth = planted(0)
    found = fit(features, Recipe(method="kmeans", clusters=12, reduction=reduction), 0)
    assert adjusted_mutual_info_score(truth, found) >= 0.95


def test_the_same_seed_gives_the_same_labels_in_another_process_too():
    recipe = Recipe(min_samples=2)
    here = plain(gaussian(3), recipe, seed=5).assignments
    assert plain(gaussian(3), recipe, seed=5).assignments == here
    code = (
        "from clustering_data import gaussian; from gama_operations.clustering import cluster; "
        "from gama_operations.clustering_fit import Recipe; "
        "print(cluster(gaussian(3), Recipe(min_samples=2), nulls=None, show_map=False, seed=5).assignments)"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="python/tests"
    )
    assert there.stdout.strip() == str(here)
    assert plain(gaussian(3), recipe, seed=6).assignments != here  # the seed is no ornament


def test_clusters_are_numbered_by_size_and_then_by_first_clip():
    assert by_size(np.array([7, 7, 2, NOISE, 9, 9, 2, 9])).tolist() == [1, 1, 2, NOISE, 0, 0, 2, 0]


def test_a_column_of_rounding_errors_and_a_single_spike_make_no_clusters():
    features, truth = planted(2, clips=240, width=32, clusters=4)
    rounding = 1e-7 * np.random.default_rng(0).choice(2, (240, 64))
    spikes = np.zeros((240, 16))
    spikes[np.arange(16), np.arange(16)] = 1e6
    found = fit(np.hstack([features, -15.9 + rounding, spikes]), Recipe(), 0)
    assert adjusted_mutual_info_score(truth, found) >= 0.95
    assert np.abs(np.linalg.norm(standardise(features), axis=1) - 1).max() < 1e-12


def test_the_scale_of_a_column_says_nothing():
    features, _ = planted(2, clips=240, width=32, clusters=4)
    scales = np.geomspace(1e-2, 1e2, 32)
    assert plain(features * scales - 3).assignments == plain(features).assignments


def test_a_graph_in_parts_is_joined_and_its_parts_stay_apart():
    features, truth = planted(0, clips=60, width=64, clusters=3, distance=20)
    places = spectral(standardise(features), 10, 0)
    assert places.shape == (60, 10)
    centres = np.array([places[truth == c].mean(axis=0) for c in range(3)])
    widest = max(np.linalg.norm(places[truth == c] - centres[c], axis=1).mean() for c in range(3))
    assert np.linalg.norm(centres[0] - centres[1]) > 3 * widest


def test_failed_clips_are_left_out_and_keep_their_rows():
    features, truth = planted(0, clips=120, width=64, clusters=4)
    whole = plain(features)
    with_failed = np.insert(features, [0, 50], np.nan, axis=0)
    names = np.insert(truth.astype(str), [0, 50], "failed")
    found = cluster(with_failed, Recipe(), labels=names, nulls=None)
    assert found.left_out == 2
    assert [value for value in found.assignments if value is not None] == whole.assignments
    assert found.assignments[0] is None
    assert found.map[51] is None
    assert len(found.map[1]) == 2
    assert found.agreement.ami == pytest.approx(1)
    assert found.agreement.v_measure == pytest.approx(1)
    assert 0.5 < found.trustworthiness <= 1


def test_labels_of_sources_are_permuted_by_source_and_do_not_enter_the_clustering():
    features, truth = planted(0, clips=120, width=64, clusters=4)
    groups = [f"s{index // 3}" for index in range(120)]
    found = plain(features, labels=truth.astype(str), groups=groups)
    assert found.assignments == plain(features).assignments
    assert found.agreement.permuted == "sources"
    assert found.agreement.p_value == 1 / (1 + PERMUTATIONS)
    assert np.mean(found.agreement.permuted_ami) < 0.2
    crossed = plain(features, labels=truth.astype(str), groups=[f"s{index % 5}" for index in range(120)])
    assert crossed.agreement.permuted == "clips"


def test_one_odd_label_in_a_source_takes_no_evidence_away():
    features, truth = planted(0, clips=120, width=64, clusters=4)
    groups = [f"s{index // 10}" for index in range(120)]
    labels = truth.astype(str)
    labels[0] = labels[-1]
    found = plain(features, labels=labels, groups=groups)
    assert found.agreement.permuted == "sources"
    assert found.agreement.p_value <= 0.05


def test_labels_that_are_all_the_same_are_none():
    features = planted(0, clips=60, width=16, clusters=3)[0]
    assert plain(features, labels=["a"] * 60).agreement is None


def test_of_many_clips_some_are_on_the_map(monkeypatch):
    for module in ("clustering", "clustering_map"):
        monkeypatch.setattr(f"gama_operations.{module}.MAP_CLIPS", 40)
    found = cluster(planted(0, clips=60, width=16, clusters=3)[0], Recipe(), nulls=None)
    assert len(found.map) == 60
    assert sum(place is None for place in found.map) == 20
    assert "map of 40 clips drawn at random" in found.settings


def test_labels_that_are_only_the_source_by_another_name_are_no_evidence():
    # two speakers, each with labels of its own: the clusters are the speakers
    features, speaker = planted(0, clips=120, width=64, clusters=2)
    labels = [f"{who}-{index % 3}" for index, who in enumerate(speaker)]
    found = plain(features, labels=labels, groups=speaker.astype(str))
    assert found.agreement.ami > 0.3
    assert found.agreement.p_value > 0.05


def test_p_of_the_agreement_does_not_exceed_its_level():
    """Labels drawn by source, and the clips of a source in one cluster."""
    truth = planted(0, clips=90, clusters=3)[1]
    rng, alarms = np.random.default_rng(0), 0
    source = np.arange(90) // 5
    for run in range(25):
        labels = rng.choice(["a", "b"], 18)[source]
        result = label_agreement(truth, labels, source.astype(str), run, permutations=19)
        alarms += result.p_value <= 0.05
    assert alarms <= 4  # binomial(25, .05): above it 7 runs in 1,000


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(method="kmeans", clusters=2)], ids=["hdbscan", "kmeans"])
@pytest.mark.parametrize("clips", [3, 4, 12])
def test_few_clips_are_clustered_or_called_noise(clips, recipe):
    found = cluster(gaussian(0, clips, 4), recipe, draws=2, nulls=1)
    assert len(found.assignments) == clips
    assert found.stability.verdict == "no structure"
    assert all(np.isfinite(found.map).ravel())


def test_one_column_is_enough():
    found = cluster(gaussian(0, 40, 1), Recipe(), nulls=None)
    assert len(found.map) == 40


@pytest.mark.parametrize(
    ("features", "recipe", "options", "said"),
    [
        (gaussian(0, 2, 4), Recipe(), {}, "at least 3 clips with features, got 2"),
        (np.full((9, 4), np.nan), Recipe(), {}, "at least 3 clips with features, got 0"),
        (np.ones((9, 4)), Recipe(), {}, "features of all 9 clips are the same"),
        (np.ones(9), Recipe(), {}, r"shape \[clips, features\], got \[9\]"),
        (gaussian(0, 9, 4), Recipe(method="kmeans"), {}, "k-means needs `clusters`"),
        (gaussian(0, 9, 4), KMEANS, {}, r"as many `clusters` as clips that differ \(9\), got 12"),
        (np.repeat(gaussian(0, 3, 4), 9, 0), KMEANS, {}, r"as clips that differ \(3\), got 12"),
        (np.ones((9, 4)) + 1e-9 * gaussian(0, 9, 4), Recipe(), {}, "features of all 9 clips are the same"),
        (1e-200 * gaussian(0, 9, 4), Recipe(), {}, "features of all 9 clips are the same"),
        (1e200 * gaussian(0, 9, 4), Recipe(), {}, "too large"),
        (gaussian(0, 9, 4), Recipe(), {"labels": ["a"]}, "one label per clip, got 1 labels for 9"),
        (gaussian(0, 9, 4), Recipe(), {"groups": ["a"]}, "one group per clip, got 1 groups for 9"),
    ],
)
def test_what_cannot_be_clustered_is_an_invalid_request(features, recipe, options, said):
    with pytest.raises(InvalidRequestError, match=said):
        plain(features, recipe, **options)


def test_it_stops_between_fits_when_the_caller_gave_up():
    given_up, stages = threading.Event(), []

    def check():
        if given_up.is_set():
            raise CancelledError("The request was cancelled.")

    def progress(stage, done, total, unit):
        stages.append((stage, done, total, unit))
        if stage == "evidence" and done == 12:
            given_up.set()

    with pytest.raises(CancelledError):
        cluster(gaussian(0, 60, 8), Recipe(), nulls=19, watch=Watch(check=check, progress=progress))
    assert [stage for stage, *_ in stages] == ["reduce", "cluster", "cluster"] + 12 * ["evidence"]
    assert stages[-1] == ("evidence", 12, 390, "bootstrap draws")


def test_noise_is_one_cluster_of_the_v_measure():
    labels, clusters = np.array(["a"] * 4 + ["b"] * 4), np.array([0, 0, 0, -1, 1, 1, -1, -1])
    found = label_agreement(clusters, labels, None, 0, permutations=1)
    assert (found.homogeneity, found.completeness, found.v_measure) == pytest.approx(
        homogeneity_completeness_v_measure(labels, np.where(clusters < 0, 2, clusters))
    )
    assert found.homogeneity < 1
    assert found.completeness < found.homogeneity
