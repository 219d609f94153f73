"""The verdict: structure where clusters were planted, and none in noise of any kind. Seeds are fixed.

GRYM_SOAK=1 adds the long form: ten seeds of each kind, twice as many clips, with the default draws and nulls,
each rate printed.
"""

import json

import numpy as np
import pytest

from clustering_data import CLIPS, blob, copies, gaussian, planted, uneven, uniform
from gama_operations.clustering_fit import NOISE, Recipe, fit
from gama_operations.clustering_nulls import NULLS, Parts
from gama_operations.clustering_stability import Evidence, agreement, stability

soak = pytest.mark.soak


def judge(features, seed=0, draws=2, *, groups=None, recipe=None):
    """The evidence for the clusters of features, with few draws."""
    recipe = recipe or Recipe()
    evidence = Evidence(draws, 19, seed, groups)
    return stability(features, fit(features, recipe, seed), recipe, evidence)


def test_planted_clusters_are_structure():
    result = judge(planted(0, clips=240)[0])
    assert result.verdict == "structure"
    assert result.bootstrap > 0.95
    assert result.seeds > 0.95
    assert result.p_value == 0.05  # the smallest that 19 nulls of each kind allow
    assert max(result.permuted_columns) < 0.5
    assert result.reason.startswith("More stable than features without structure: bootstrap stability")


@pytest.mark.parametrize("kind", [gaussian, uniform, blob])
def test_noise_is_no_structure_even_where_it_is_correlated(kind):
    result = judge(kind(1, CLIPS // 2))
    assert result.verdict == "no structure"
    assert result.p_value > 0.05
    assert "Not more stable" in result.reason


def test_k_means_divides_a_blob_alike_each_time_and_yet_it_is_no_structure():
    features = blob(0, 240, 64)
    recipe = Recipe(method="kmeans", clusters=4)
    result = judge(features, recipe=recipe)
    # far above features whose columns are permuted: held against them alone, it would be structure
    assert result.bootstrap > max(result.permuted_columns) + 0.1
    assert result.verdict == "no structure"


def test_sources_of_which_some_are_more_alike_than_others_are_no_structure():
    features, groups = uneven(0)
    result = judge(features, groups=groups)
    assert result.bootstrap > 0.4  # the tight sources come out again, each time
    assert result.verdict == "no structure"
    assert judge(features).verdict == "structure"  # of clips that come from nowhere it would be


def test_below_ten_sources_the_reason_says_that_clips_were_drawn():
    features, truth = planted(0, clips=90, width=32, clusters=6)
    reason = judge(features, groups=truth.astype(str)).reason
    assert "Clips were drawn, not sources: 6 are too few (at least 10 are needed)" in reason


def test_fewer_than_19_nulls_cannot_show_structure_and_it_is_said():
    features = planted(0, clips=120, width=32, clusters=4)[0]
    result = stability(features, fit(features, Recipe(), 0), Recipe(), Evidence(2, 4))
    assert result.verdict == "no structure"
    assert "ask for 19 or more" in result.reason


def test_noise_clips_agree_about_nothing():
    noise = np.full(100, NOISE)
    one, other = noise.copy(), noise.copy()
    one[:4], one[4:8] = 0, 1
    other[8:12], other[12:16] = 0, 1
    assert agreement(noise, noise) == 0
    assert agreement(one, one) == 1
    assert abs(agreement(one, other)) < 0.01  # 84 of 100 clips are noise in both
    assert agreement(np.zeros(100, np.int64), np.zeros(100, np.int64)) == 0  # one cluster is none


def test_nulls_keep_what_they_promise():
    features, groups = copies(0, 300, 6)
    rng = np.random.default_rng(0)
    alone = Parts.of(features, None)
    permuted = NULLS["permuted_columns"](alone, rng)
    assert np.array_equal(np.sort(permuted, axis=0), np.sort(features, axis=0))
    for parts in (alone, Parts.of(features, groups)):
        drawn = np.concatenate([NULLS["gaussian"](parts, rng) for _ in range(400)])
        expected = np.cov(features.T)
        assert np.abs(np.cov(drawn.T) - expected).max() < 0.1 * np.abs(expected).max()
    of_sources = NULLS["gaussian"](Parts.of(features, groups), rng)
    assert np.corrcoef(of_sources[0::3, 0], of_sources[1::3, 0])[0, 1] > 0.9  # clips of a source stay alike
    # a source whose clips are many is no more than one source
    unequal = np.repeat(groups[::3], np.arange(1, 101))
    assert NULLS["gaussian"](Parts.of(gaussian(0, len(unequal), 3), unequal), rng).shape == (5050, 3)


def test_sources_are_drawn_whole_from_ten_on():
    groups = np.array([f"s{index % 9}" for index in range(90)])
    assert Evidence(groups=groups).sources is None
    assert Evidence(groups=np.append(groups, "s9")).sources is not None


@pytest.fixture
def tell(capsys):
    """Prints one line of JSON past pytest's capture."""

    def line(**numbers):
        with capsys.disabled():
            print(f"\n{json.dumps(numbers)}", end="", flush=True)  # noqa: T201 # the numbers are the point

    return line


@soak
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("planted", {10}),
        ("unequal", {10}),
        ("gaussian", {0, 1}),
        ("uniform", {0, 1}),
        ("blob", {0, 1}),
        ("copies", {0, 1}),
        ("uneven", {0, 1}),
    ],
)
@pytest.mark.parametrize("method", ["hdbscan", "kmeans"])
def test_soak_verdicts_of_ten_seeds(tell, kind, expected, method):
    recipe = Recipe(method=method, clusters=12 if method == "kmeans" else None)
    found = []
    for seed in range(10):
        groups = None
        if kind in ("planted", "unequal"):
            features, _ = planted(seed, equal=kind == "planted")
        elif kind in ("copies", "uneven"):
            features, groups = {"copies": copies, "uneven": uneven}[kind](seed)
        else:
            features = {"gaussian": gaussian, "uniform": uniform, "blob": blob}[kind](seed)
        found.append(judge(features, seed, 10, groups=groups, recipe=recipe))
    structure = sum(result.verdict == "structure" for result in found)
    tell(
        rate="structure",
        of=kind,
        method=method,
        value=structure / 10,
        stability=float(np.median([result.bootstrap for result in found])),
        p=[round(result.p_value, 2) for result in found],
    )
    assert structure in expected
