"""Few-shot probes: a handful of examples a label, drawn alike for every model."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from gama_operations.errors import CancelledError, InvalidRequestError
from gama_operations.few_shot import few_shot
from test_probes import clips, gaussian, near_chance


def test_the_mean_over_draws_is_that_of_plain_scikit_learn():
    labels, groups = clips()
    x = gaussian(labels, 16, 2.0).astype(np.float64)
    found = few_shot(x, labels, groups, per_label=4, draws=3, seed=7)
    expected = np.zeros((3, len(labels)))
    for index in range(5):
        train = np.flatnonzero(np.array(found.fold) != index)
        test = np.flatnonzero(np.array(found.fold) == index)
        for draw in range(3):
            rng = np.random.default_rng([7, index, draw])
            chosen = np.concatenate(
                [rng.permutation(train[labels[train] == name])[:4] for name in np.unique(labels[train])]
            )
            scaler = StandardScaler().fit(x[chosen])
            model = LogisticRegression(max_iter=100).fit(scaler.transform(x[chosen]), labels[chosen])
            expected[draw, test] = model.predict(scaler.transform(x[test])) == labels[test]
    assert found.share == expected.mean(axis=0).tolist()
    assert found.draws == expected.mean(axis=1).tolist()
    assert found.accuracy == pytest.approx(expected.mean(), abs=1e-12)
    assert 0.2 < found.accuracy < 1
    assert found.interval.method == "cluster jackknife, t(29)"


def test_every_model_learns_from_the_same_clips():
    labels, groups = clips()
    good = few_shot(gaussian(labels, 32, 0.3), labels, groups, draws=2)
    assert good.accuracy == 1.0
    assert good.fold == few_shot(gaussian(labels, 8, 5.0, seed=3), labels, groups, draws=2).fold
    assert good.notes == []


def test_the_source_of_a_clip_is_worth_nothing():
    labels, groups = clips(classes=4, sources_per_class=10, clips_per_source=6)
    assert near_chance(few_shot(gaussian(groups, 64, 0.05), labels, groups, draws=2), 0.25)


def test_labels_with_few_clips_and_failed_clips_are_said():
    labels, groups = clips(classes=3, sources_per_class=10, clips_per_source=1)
    x = gaussian(labels, 16, 0.1)
    x[0] = np.nan
    found = few_shot(x, labels, groups, per_label=9, draws=2)
    assert found.share[0] == 0.0
    assert found.accuracy == pytest.approx(29 / 30)
    assert found.notes[-1] == "1 failed clip(s): wrong, and no examples"
    assert any("fewer than 9 clips of class-" in note for note in found.notes)


def test_clips_of_a_training_split_are_examples_and_are_not_judged():
    labels, groups = clips(sources_per_class=8)
    fold = np.where([int(name[-1]) < 2 for name in groups], 0, -1)
    found = few_shot(gaussian(labels, 16, 1.0), labels, groups, fold=fold.tolist())
    assert not np.array(found.share)[fold == -1].any()
    assert found.accuracy == np.mean(np.array(found.share)[fold == 0])
    assert found.sources == 10


def test_what_cannot_be_judged_is_refused_and_a_caller_may_give_up():
    labels, groups = clips()
    with pytest.raises(InvalidRequestError, match="at least two sources"):
        few_shot(gaussian(labels, 4, 1.0), labels, ["one"] * len(labels))

    def gone():
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        few_shot(gaussian(labels, 4, 1.0), labels, groups, check=gone)
