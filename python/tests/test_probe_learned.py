"""Probes that learn how to pool, on simulated layers and frames: what tells is found."""

import numpy as np
import pytest
import torch

from gama_operations.errors import InvalidRequestError
from gama_operations.probe_clips import FAILED
from gama_operations.probes import probe
from test_probes import clips, gaussian, near_chance

LAYERS, WIDTH, INFORMATIVE = 5, 10, 3


def layered(labels, seed=0):
    """[N, LAYERS, WIDTH]: only layer INFORMATIVE tells the label; the others are louder noise."""
    rng = np.random.default_rng(seed)
    features = 10 * rng.standard_normal((len(labels), LAYERS, WIDTH))
    features[:, INFORMATIVE] = gaussian(labels, WIDTH, 0.7, seed)
    return features


def framed(labels, seed=0, longest=12):
    """[N, frames, WIDTH], NaN after a clip's end: one frame in a clip, which stands out, tells the label."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((len(labels), longest, WIDTH))
    lengths = rng.integers(5, longest + 1, len(labels))
    telling = [int(rng.integers(0, length)) for length in lengths]
    features[np.arange(len(labels)), telling, : WIDTH - 1] = gaussian(labels, WIDTH - 1, 0.5, seed) * 2
    features[..., WIDTH - 1] = -1
    features[np.arange(len(labels)), telling, WIDTH - 1] = 3
    for clip, length in zip(features, lengths, strict=True):
        clip[length:] = np.nan
    return features


def test_the_layer_that_tells_is_found_in_every_fold():
    labels, groups = clips(classes=4)
    outcome = probe(layered(labels), labels, groups, kind="layers", folds=3)
    assert outcome.accuracy > 0.9
    assert len(outcome.layer_weights) == 3
    for weights in outcome.layer_weights:
        assert sum(weights) == pytest.approx(1.0)
        assert int(np.argmax(weights)) == INFORMATIVE
        assert weights[INFORMATIVE] > 0.5
    mean = probe(layered(labels).mean(axis=1), labels, groups, kind="linear")
    assert outcome.accuracy > mean.accuracy + 0.2


def test_attention_finds_the_frame_that_tells():
    labels, groups = clips(classes=3)
    features = framed(labels)
    outcome = probe(features, labels, groups, kind="attention", folds=3)
    mean = probe(np.nanmean(features, axis=1), labels, groups, kind="linear")
    assert outcome.accuracy > 0.9
    assert outcome.accuracy > mean.accuracy + 0.1
    assert outcome.layer_weights is None
    assert all(text.startswith("alpha=") for text in outcome.settings)


@pytest.mark.parametrize(("kind", "make"), [("layers", layered), ("attention", framed)])
def test_labels_that_are_noise_stay_at_chance(kind, make):
    labels, groups = clips(classes=4, sources_per_class=8, clips_per_source=2)
    names = np.unique(groups)
    moved = dict(zip(names, np.random.default_rng(1).permutation(names), strict=True))
    permuted = np.array([moved[name].rsplit("-", 1)[0] for name in groups])
    assert near_chance(probe(make(labels), permuted, groups, kind=kind, folds=3), 0.25)


@pytest.mark.parametrize(("kind", "make"), [("layers", layered), ("attention", framed)])
def test_the_test_fold_has_no_part_and_two_runs_are_equal(kind, make):
    labels, groups = clips(classes=3, clips_per_source=2)
    features = make(labels)
    plain, again = (probe(features, labels, groups, kind=kind, folds=2) for _ in range(2))
    assert plain == again
    test = np.array(plain.fold) == 0
    changed = features.copy()
    changed[test] = 1e3 * np.random.default_rng(0).standard_normal(changed[test].shape)
    outcome = probe(changed, labels, groups, kind=kind, folds=2)
    assert outcome.settings[0] == plain.settings[0]
    if kind == "layers":
        assert outcome.layer_weights[0] == plain.layer_weights[0]
        assert outcome.layer_weights[1] != plain.layer_weights[1]


@pytest.mark.parametrize(("kind", "make"), [("layers", layered), ("attention", framed)])
def test_failed_clips_are_wrong_and_are_not_trained_on(kind, make):
    labels, groups = clips(classes=2, clips_per_source=3)
    features = make(labels)
    features[4] = np.nan
    features[9, 0, 0] = np.inf
    outcome = probe(features, labels, groups, kind=kind, folds=2)
    assert [outcome.predictions[index] for index in (4, 9)] == [FAILED, FAILED]
    assert any("failed clips" in text for text in outcome.settings)


@pytest.mark.parametrize(("kind", "shape"), [("layers", "layers"), ("attention", "frames")])
def test_features_of_another_shape_are_refused_with_the_expected_one(kind, shape):
    labels, groups = clips(classes=2)
    with pytest.raises(InvalidRequestError, match=rf"\[clips, {shape}, features\], got \[{len(labels)}, 4\]"):
        probe(np.zeros((len(labels), 4)), labels, groups, kind=kind)


def test_the_random_state_of_torch_is_left_alone():
    labels, groups = clips(classes=2, clips_per_source=2)
    state = torch.random.get_rng_state()
    probe(layered(labels), labels, groups, kind="layers", folds=2)
    assert torch.equal(torch.random.get_rng_state(), state)
