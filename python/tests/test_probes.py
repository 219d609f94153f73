"""Probes on features whose content is known: separable, empty, or a fingerprint of the source."""

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from gama_operations.errors import CancelledError, InvalidRequestError
from gama_operations.probe_classifiers import neighbour_answers, ridge_answers
from gama_operations.probe_clips import FAILED
from gama_operations.probe_folds import source_folds
from gama_operations.probes import probe

KINDS = ["linear", "knn"]


def clips(classes=5, sources_per_class=6, clips_per_source=4, seed=0):
    """Labels and sources, shuffled; every source has one class."""
    names = [(f"class-{c}", f"source-{c}-{s}") for c in range(classes) for s in range(sources_per_class)]
    rows = [name for name in names for _ in range(clips_per_source)]
    np.random.default_rng(seed).shuffle(rows)
    labels, groups = zip(*rows, strict=True)
    return np.array(labels), np.array(groups)


def gaussian(labels, dimensions, spread, seed=0):
    """Features around one centre per label."""
    rng = np.random.default_rng(seed)
    names, index = np.unique(labels, return_inverse=True)
    centres = rng.standard_normal((len(names), dimensions))
    return (centres[index] + spread * rng.standard_normal((len(labels), dimensions))).astype(np.float32)


def near_chance(outcome, chance):
    """Not above chance by more than 1 run in 1,000 is, where clips of a source stand or fall together."""
    return outcome.accuracy * outcome.sources <= stats.binom.ppf(0.999, outcome.sources, chance)


@pytest.mark.parametrize("kind", KINDS)
def test_separable_classes_are_read_off(kind):
    labels, groups = clips()
    outcome = probe(gaussian(labels, 32, 0.5), labels, groups, kind=kind)
    assert outcome.accuracy > 0.97
    assert outcome.accuracy == np.mean(outcome.correct)
    assert outcome.correct == [bool(p == y) for p, y in zip(outcome.predictions, labels, strict=True)]
    assert outcome.sources == 30
    assert outcome.majority <= 0.2


def test_the_interval_is_that_of_the_outcomes_by_source():
    labels, groups = clips(sources_per_class=8)
    outcome = probe(gaussian(labels, 8, 2.0), labels, groups)
    assert outcome.reason is None
    assert outcome.interval.method == "cluster jackknife, t(39)"
    assert outcome.interval.low < outcome.accuracy < outcome.interval.high
    few = probe(gaussian(labels, 8, 2.0), labels, np.array([f"s{int(g[-1]) % 4}" for g in groups]))
    assert few.interval is None
    assert few.reason == "no interval: 4 source(s), at least 10 are needed"


def test_a_network_reads_off_what_no_line_divides():
    labels, groups = clips(classes=2, sources_per_class=15)
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, len(labels))
    rings = np.where(labels == "class-0", 1.0, 2.0)[:, None] * np.stack(
        [np.cos(angle), np.sin(angle)], axis=1
    )
    assert near_chance(probe(rings, labels, groups, kind="linear"), 0.5)
    network = probe(rings, labels, groups, kind="mlp", folds=2)
    assert network.accuracy > 0.95
    assert network == probe(rings, labels, groups, kind="mlp", folds=2)


def test_what_a_probe_has_fitted_is_counted():
    labels, groups = clips(classes=3)
    x = gaussian(labels, 7, 0.5)
    network = MLPClassifier((128,), alpha=100, solver="lbfgs").fit(x, labels)
    size = sum(part.size for part in (*network.coefs_, *network.intercepts_))
    ridge = RidgeClassifier().fit(x, labels)
    assert probe(x, labels, groups, kind="linear").parameters == ridge.coef_.size + ridge.intercept_.size
    assert probe(x, labels, groups, kind="mlp", folds=2).parameters == size
    assert probe(x, labels, groups, kind="knn").parameters == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_fingerprint_of_the_source_is_worth_nothing(kind):
    labels, groups = clips(classes=4, sources_per_class=10, clips_per_source=6)
    features = gaussian(groups, 64, 0.05)  # says which source, and nothing else
    leaky = cross_val_score(
        KNeighborsClassifier(1), features, labels, cv=KFold(5, shuffle=True, random_state=0)
    )
    assert leaky.mean() > 0.99  # what folds by clip would report
    assert near_chance(probe(features, labels, groups, kind=kind), 0.25)


@pytest.mark.parametrize("kind", KINDS)
def test_permuted_labels_are_at_chance(kind):
    labels, groups = clips(classes=4, sources_per_class=15)
    features = gaussian(labels, 32, 0.5)
    names = np.unique(groups)
    moved = dict(zip(names, np.random.default_rng(1).permutation(names), strict=True))
    permuted = np.array([moved[name].rsplit("-", 1)[0].replace("source", "class") for name in groups])
    assert near_chance(probe(features, permuted, groups, kind=kind), 0.25)


def test_folds_are_disjoint_in_sources_balanced_and_the_same_for_every_model():
    labels, groups = clips()
    first = probe(gaussian(labels, 8, 0.5), labels, groups, kind="linear", seed=3)
    other = probe(gaussian(labels, 256, 5.0, seed=9), labels, groups, kind="knn", seed=3)
    assert first.fold == other.fold
    assert first.fold != probe(gaussian(labels, 8, 0.5), labels, groups, seed=4).fold
    fold = np.array(first.fold)
    assert set(fold) == set(range(5))
    assert all(len(set(fold[groups == name])) == 1 for name in groups)
    # six sources of four clips in five folds: every class is in every training fold, none in one fold alone
    assert all(len(set(fold[labels == name])) >= 4 for name in labels)


@pytest.mark.parametrize("seed", range(30))
def test_no_fold_is_empty_whatever_the_labels(seed):
    rng = np.random.default_rng(seed)
    count, sources, classes = int(rng.integers(6, 60)), int(rng.integers(2, 9)), int(rng.integers(2, 20))
    groups = np.concatenate([np.arange(sources), rng.integers(0, sources, count)]).astype(str)
    labels = rng.integers(0, classes, len(groups)).astype(str)
    fold = source_folds(labels, groups, 5, seed)
    assert set(fold) == set(range(min(5, sources)))
    assert all(len(set(fold[groups == name])) == 1 for name in groups)


@pytest.mark.parametrize("kind", KINDS)
def test_the_test_fold_has_no_part_in_scale_or_hyper_parameter(kind):
    labels, groups = clips(classes=6)
    features = gaussian(labels, 16, 2.0)
    plain = probe(features, labels, groups, kind=kind)
    for index in range(5):
        test = np.array(plain.fold) == index
        changed = features.copy()
        changed[test] = 1e4 * np.random.default_rng(index).standard_normal(changed[test].shape)
        outcome = probe(changed, labels, groups, kind=kind)
        assert outcome.settings[index] == plain.settings[index]
        one = np.flatnonzero(test)[0]
        alone = features.copy()
        alone[test & (np.arange(len(labels)) != one)] = -1e4
        # the prediction for one test clip does not change with the others of its fold
        assert probe(alone, labels, groups, kind=kind).predictions[one] == plain.predictions[one]


def test_the_hyper_parameter_follows_the_training_fold():
    labels, groups = clips(classes=3, sources_per_class=20)
    clear = probe(gaussian(labels, 4, 0.05), labels, groups, kind="linear").settings
    noisy = probe(gaussian(labels, 200, 12.0), labels, groups, kind="linear").settings
    strength = [[float(text.split("=")[1].split(";")[0]) for text in found] for found in (clear, noisy)]
    assert all(text.startswith("alpha=") for text in clear + noisy)
    assert strength[0] != strength[1]


@pytest.mark.parametrize("kind", KINDS)
def test_failed_clips_count_as_wrong_and_are_stated(kind):
    labels, groups = clips()
    features = gaussian(labels, 32, 0.3)
    assert probe(features, labels, groups, kind=kind).accuracy == 1.0
    features[::10] = np.nan
    features[5, 3] = np.inf
    failed = np.zeros(len(labels), dtype=bool)
    failed[::10] = failed[5] = True
    outcome = probe(features, labels, groups, kind=kind)
    assert outcome.accuracy == (~failed).mean()
    assert not np.array(outcome.correct)[failed].any()
    assert {outcome.predictions[index] for index in np.flatnonzero(failed)} == {FAILED}
    for index, setting in enumerate(outcome.settings):
        wrong = int((failed & (np.array(outcome.fold) == index)).sum())
        assert f"failed clips: {failed.sum() - wrong} not trained on, {wrong} counted wrong" in setting


def test_where_every_clip_failed_every_answer_is_wrong():
    labels, groups = clips()
    outcome = probe(np.full((len(labels), 4), np.nan), labels, groups)
    assert outcome.accuracy == 0.0
    assert all("no training clip has features" in setting for setting in outcome.settings)


def test_a_class_with_one_source_cannot_be_right_and_is_counted():
    labels, groups = clips()
    labels, groups = np.append(labels, ["rare"] * 3), np.append(groups, ["rare-source"] * 3)
    outcome = probe(gaussian(labels, 32, 0.3), labels, groups)
    assert outcome.correct[:-3] == [True] * (len(labels) - 3)
    assert outcome.correct[-3:] == [False] * 3
    assert outcome.settings[outcome.fold[-1]].endswith("3 clip(s) of 1 class(es) without a training source")
    assert outcome.accuracy == 1 - 3 / len(labels)


def test_fewer_sources_than_folds_gives_a_fold_per_source_and_says_so():
    labels = np.array(["zero", "one"] * 30)
    groups = np.repeat(["anna", "ben", "cleo"], 20)
    outcome = probe(gaussian(labels, 8, 0.2), labels, groups, folds=5)
    assert sorted(set(outcome.fold)) == [0, 1, 2]
    assert all(setting.endswith("; 3 folds, not 5: 3 sources") for setting in outcome.settings)
    assert outcome.accuracy == 1.0


def test_two_sources_leave_nothing_to_choose_from_and_the_default_is_named():
    labels = np.array(["zero", "one"] * 20)
    outcome = probe(gaussian(labels, 8, 0.2), labels, np.repeat(["anna", "ben"], 20), folds=2)
    assert outcome.settings == ["alpha=100 (default: one source in training)"] * 2
    assert outcome.accuracy == 1.0


def test_majority_is_the_accuracy_of_the_training_folds_most_frequent_label():
    groups = np.repeat(np.arange(20), 5).astype(str)
    labels = np.where(np.arange(100) % 5 < 3, "often", "seldom")
    outcome = probe(gaussian(labels, 4, 9.0), labels, groups)
    assert outcome.majority == 0.6


def test_the_check_ends_a_probe():
    labels, groups = clips()
    calls = []

    def cancelled():
        calls.append(1)
        if len(calls) > 4:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        probe(gaussian(labels, 8, 1.0), labels, groups, check=cancelled)
    assert len(calls) == 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"features": np.zeros(12)}, "shape"),
        ({"features": np.zeros((12, 0))}, "shape"),
        ({"labels": ["a"] * 11}, "11 labels and 12 groups for 12 rows"),
        ({"labels": ["a"] * 12}, "at least two labels, got 1"),
        ({"labels": ["a", ""] * 6}, "not empty"),
        ({"groups": ["s"] * 12}, "at least two sources, got 1"),
        ({"folds": 1}, "`folds` >= 2, got 1"),
    ],
)
def test_what_cannot_be_probed_is_an_invalid_request(change, says):
    request = {"features": np.eye(12), "labels": ["a", "b"] * 6, "groups": list("aabbccddeeff")}
    with pytest.raises(InvalidRequestError, match=says):
        probe(**request | change)


@pytest.mark.parametrize("dimensions", [5, 40, 300])
def test_ridge_answers_like_scikit_learn_on_either_side_of_as_many_features_as_clips(dimensions):
    labels, _ = clips(classes=7, sources_per_class=4, clips_per_source=3)
    x = StandardScaler().fit_transform(gaussian(labels, dimensions, 2.0).astype(np.float64))
    _, y = np.unique(labels, return_inverse=True)
    unseen = np.random.default_rng(5).standard_normal((50, dimensions))
    alphas = (0.5, 10.0, 1e3)
    for alpha, answer in zip(alphas, ridge_answers(x, y, unseen, alphas), strict=True):
        assert np.array_equal(answer, RidgeClassifier(alpha=alpha).fit(x, y).predict(unseen))


def test_neighbours_answer_like_scikit_learn_and_break_ties_by_nearness():
    labels, _ = clips(classes=4)
    x, (_, y) = gaussian(labels, 6, 1.0).astype(np.float64), np.unique(labels, return_inverse=True)
    unseen = np.random.default_rng(6).standard_normal((40, 6))
    nearest = KNeighborsClassifier(1, metric="cosine").fit(x, y).predict(unseen)
    assert np.array_equal(neighbour_answers(x, y, unseen, (1,))[0], nearest)
    angles = np.radians([10, 50, -20, -30])
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    query = np.array([[1.0, 0.0]])
    # nearest 0 (10 degrees); of three, 1 twice; of four a tie, in which 1 is nearer (20 + 30 against 10 + 50)
    answers = neighbour_answers(around, np.array([0, 0, 1, 1]), query, (1, 3, 4, 9))
    assert [int(answer[0]) for answer in answers] == [0, 1, 1, 1]
