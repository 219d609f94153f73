"""Retrieval: nearest clips of other sources, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from sklearn.metrics.pairwise import cosine_similarity

from gama_operations.errors import CancelledError, InvalidRequestError
from gama_operations.retrieval import retrieve
from test_probes import clips, gaussian


def test_average_precision_and_recall_are_those_of_plain_scikit_learn():
    labels, groups = clips()
    x = gaussian(labels, 16, 3.0).astype(np.float64)
    found = retrieve(x, labels, groups, ks=[1, 3])
    cosine = cosine_similarity(x)
    for at in range(len(labels)):
        other = groups != groups[at]
        relevant, scores = (labels == labels[at])[other], cosine[at, other]
        assert found.ap[at] == pytest.approx(average_precision_score(relevant, scores), abs=1e-9)
        ranked = relevant[np.argsort(-scores)]
        assert found.hits[at] == [bool(ranked[:1].any()), bool(ranked[:3].any())]
    assert found.mean_ap == pytest.approx(np.mean(found.ap))
    assert found.recall == pytest.approx(np.mean(found.hits, axis=0))
    assert 0.2 < found.recall[0] < found.recall[1] < 1


def test_a_clip_does_not_find_its_own_source():
    labels, groups = clips(classes=4, sources_per_class=10, clips_per_source=6)
    fingerprint = gaussian(groups, 64, 0.01)
    found = retrieve(fingerprint, labels, groups, ks=[1])
    assert found.recall[0] < 0.5  # with its own source it would be 1


def test_features_that_tell_nothing_apart_find_nothing_first():
    labels, groups = clips()
    found = retrieve(np.ones((len(labels), 4)), labels, groups, ks=[1, 10])
    assert found.recall == [0.0, 0.0]
    assert found.mean_ap < 0.2


def test_failed_clips_find_nothing_and_are_found_by_nobody():
    labels, groups = clips()
    x = gaussian(labels, 32, 0.05)
    assert retrieve(x, labels, groups).recall == [1.0, 1.0, 1.0]
    x[0], x[1] = np.nan, 0
    found = retrieve(x, labels, groups, ks=[1])
    assert found.failed == 2
    assert not np.any(found.hits[0] + found.hits[1])
    assert found.recall[0] == pytest.approx(1 - 2 / len(labels))


def test_a_label_of_one_source_is_not_asked_for():
    labels, groups = clips()
    labels, groups = np.append(labels, ["rare"] * 3), np.append(groups, ["rare-source"] * 3)
    found = retrieve(gaussian(labels, 32, 0.05), labels, groups, ks=[1])
    assert found.asked == [True] * (len(labels) - 3) + [False] * 3
    assert found.recall == [1.0]


def test_what_cannot_be_asked_is_refused_and_a_caller_may_give_up():
    labels, groups = clips()
    x = gaussian(labels, 8, 1.0)
    with pytest.raises(InvalidRequestError, match="at least 1"):
        retrieve(x, labels, groups, ks=[0])
    with pytest.raises(InvalidRequestError, match="nothing to retrieve"):
        retrieve(x[:2], ["a", "b"], ["s", "t"])

    def gone():
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        retrieve(x, labels, groups, check=gone)
