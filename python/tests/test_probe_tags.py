"""Probes of tags: several labels a clip, against plain scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import StandardScaler

from gama_operations.errors import CancelledError, InvalidRequestError
from gama_operations.probe_tags import probe_tags


def tagged(spread, clips=200, sources=40, seed=0):
    """Features that are sums of the directions of a clip's tags, with noise."""
    rng = np.random.default_rng(seed)
    names = np.array(["bird", "rain", "speech", "tyre"])
    held = rng.random((clips, 4)) < [0.4, 0.3, 0.2, 0.1]
    x = held @ rng.standard_normal((4, 24)) + spread * rng.standard_normal((clips, 24))
    groups = [f"s{index}" for index in rng.integers(0, sources, clips)]
    return x, [names[row].tolist() for row in held], groups, held


def test_scores_and_average_precision_are_those_of_plain_scikit_learn():
    x, tags, groups, held = tagged(1.5)
    found = probe_tags(x, tags, groups)
    assert found.names == ["bird", "rain", "speech", "tyre"]
    fold = np.array(found.fold)
    assert all(len(set(fold[np.array(groups) == name])) == 1 for name in groups)
    for index, setting in enumerate(found.settings):
        train, test = fold != index, fold == index
        scaler = StandardScaler().fit(x[train])
        ridge = Ridge(float(setting.removeprefix("alpha="))).fit(scaler.transform(x[train]), held[train])
        np.testing.assert_allclose(found.scores[test], ridge.predict(scaler.transform(x[test])), atol=1e-6)
    expected = [average_precision_score(held[:, k], found.scores[:, k]) for k in range(4)]
    assert found.ap == pytest.approx(expected, abs=1e-6)
    assert found.mean_ap == pytest.approx(np.mean(expected), abs=1e-6)


def test_tags_are_read_off_where_they_are_and_not_where_they_are_not():
    x, tags, groups, held = tagged(0.1)
    assert probe_tags(x, tags, groups).mean_ap > 0.99
    noise = np.random.default_rng(1).standard_normal(x.shape)
    assert probe_tags(noise, tags, groups).mean_ap < held.mean() + 0.1


def test_a_test_split_is_judged_and_the_rest_trains():
    x, tags, groups, held = tagged(0.5)
    fold = [0 if int(name[1:]) < 10 else -1 for name in groups]
    found = probe_tags(x, tags, groups, fold=fold)
    judged = np.array(fold) == 0
    assert np.isnan(found.scores[~judged]).all()
    assert found.sources == len({name for name, of in zip(groups, fold, strict=True) if of == 0})
    expected = [average_precision_score(held[judged, k], found.scores[judged, k]) for k in range(4)]
    assert found.ap == pytest.approx(expected, abs=1e-6)


def test_failed_clips_stand_last_and_tags_that_nobody_has_count_nowhere():
    x, tags, groups, held = tagged(0.1)
    x[held[:, 0].argmax()] = np.nan
    found = probe_tags(x, tags, groups)
    assert 0.9 < found.ap[0] < 1
    fold = [-1 if "tyre" in of else index % 2 for index, of in enumerate(tags)]
    found = probe_tags(x, tags, groups, fold=fold)
    assert found.ap[3] is None
    assert found.mean_ap == pytest.approx(np.mean(found.ap[:3]))


def test_what_cannot_be_judged_is_refused_and_a_caller_may_give_up():
    x, tags, groups, _ = tagged(1.0)
    for wrong in ((x, [[]] * len(x), groups), (x, tags, ["one"] * len(x)), (x[:5], tags, groups)):
        with pytest.raises(InvalidRequestError):
            probe_tags(*wrong)

    def gone():
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        probe_tags(x, tags, groups, check=gone)
