"""Probes on folds of a benchmark's own: taken as they are, checked, leaks named."""

import numpy as np
import pytest

from gama_operations.errors import InvalidRequestError
from gama_operations.probe_clips import FAILED
from gama_operations.probes import probe
from test_probes import clips, gaussian


def test_folds_that_are_given_are_taken_as_they_are():
    labels, groups = clips(sources_per_class=8)
    x = gaussian(labels, 8, 1.5)
    own = probe(x, labels, groups)
    assert probe(x, labels, groups, fold=own.fold) == own
    # a split: a quarter of the sources is judged, the others train
    fold = np.where([int(name[-1]) < 2 for name in groups], 0, -1)
    split = probe(x, labels, groups, fold=fold.tolist())
    judged = fold == 0
    assert split.fold == fold.tolist()
    assert split.accuracy == np.mean(np.array(split.correct)[judged])
    assert {split.predictions[index] for index in np.flatnonzero(~judged)} == {FAILED}
    assert split.sources == 10
    assert len(split.settings) == len(split.inner) == 1
    assert probe(x[judged], labels[judged], groups[judged]).accuracy != split.accuracy


def test_sources_on_both_sides_of_given_folds_are_named():
    labels, groups = clips()
    fold = np.array([np.sum(groups[:index] == name) % 2 for index, name in enumerate(groups)])
    outcome = probe(gaussian(labels, 8, 0.5), labels, groups, fold=fold.tolist())
    assert all("30 source(s) in training and test, 'source-0-0' first" in text for text in outcome.settings)


@pytest.mark.parametrize(
    ("fold", "said"),
    [
        ([0, 1], "got 2 for 120 clips"),
        ([0] * 120, "one fold of all clips"),
        ([0, 2] * 60, "without a gap"),
        ([-1] * 120, "without a gap"),
        ([-2, 0] * 60, "without a gap"),
    ],
)
def test_folds_that_are_none_are_refused(fold, said):
    labels, groups = clips()
    with pytest.raises(InvalidRequestError, match=said):
        probe(gaussian(labels, 8, 0.5), labels, groups, fold=fold)
