"""The classifiers of a probe, each with one hyper-parameter, answering for a whole grid at once.

Shapes: N training clips, M unseen clips, S layers or frames, D features, K classes.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors
from sklearn.neural_network import MLPClassifier

Matrix = NDArray[np.float64]
Indices = NDArray[np.intp]

RIDGE_GRID = (1e5, 1e4, 1e3, 100, 10, 1)
LEARNED_GRID = (1.0, 0.1, 0.01)
HIDDEN = 128
"""Units of the network."""
MOST_STEPS = 200
"""Of L-BFGS."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Answers for the unseen clips, and what was learnt."""

    answers: Indices
    weights: NDArray[np.float64] | None
    """[S] of the layers; None where no such weights are learnt, or each clip has its own."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """A classifier and the values among which the training fold chooses, strongest smoothing first."""

    name: str
    grid: tuple[float, ...]
    default: float
    answers: Callable[[Matrix, Indices, Matrix, Sequence[float]], list[Learned]]
    """(training [N, D], class indices [N], unseen [M, D], values) -> class indices [M] per value."""
    parameters: Callable[[tuple[int, ...], int], int]
    """(shape of the training features, number of classes) -> numbers that are fitted."""
    shape: tuple[str, ...] = ("clips", "features")
    """Of its features; those of more than two dimensions it scales by itself."""
    pads: bool = False
    """Whether a clip may end before the longest one does, with NaN from there on."""


def _plain(
    answers: Callable[[Matrix, Indices, Matrix, Sequence[float]], list[Indices]],
) -> Callable[[Matrix, Indices, Matrix, Sequence[float]], list[Learned]]:
    return lambda x, y, unseen, values: [Learned(found, None) for found in answers(x, y, unseen, values)]


def ridge_answers(x: Matrix, y: Indices, unseen: Matrix, alphas: Sequence[float]) -> list[Indices]:
    """Ridge regression onto one-hot classes, the largest output wins."""
    targets = np.eye(int(y.max()) + 1)[y]  # (N, K)
    return [outputs.argmax(axis=1) for outputs in ridge_outputs(x, targets, unseen, alphas)]


def ridge_outputs(x: Matrix, targets: Matrix, unseen: Matrix, alphas: Sequence[float]) -> list[Matrix]:
    """Ridge regression onto targets [N, K] with an unpenalised intercept: outputs [M, K] per alpha.

    One eigendecomposition, of the smaller of X'X and XX', serves all alphas (Hastie, Tibshirani and Friedman,
    "The Elements of Statistical Learning", 2nd ed., sections 3.4.1 and 18.3.5).
    """
    x_mean, target_mean = x.mean(axis=0), targets.mean(axis=0)
    x, unseen, targets = x - x_mean, unseen - x_mean, targets - target_mean
    if x.shape[0] > x.shape[1]:
        values, vectors = linalg.eigh(x.T @ x)  # (D,), (D, D)
        left, right = unseen @ vectors, vectors.T @ (x.T @ targets)
    else:
        values, vectors = linalg.eigh(x @ x.T)  # (N,), (N, N)
        left, right = unseen @ x.T @ vectors, vectors.T @ targets
    values = np.maximum(values, 0)  # rounding may leave them a little below
    return [left @ (right / (values + alpha)[:, None]) + target_mean for alpha in alphas]


def neighbour_answers(x: Matrix, y: Indices, unseen: Matrix, ks: Sequence[float]) -> list[Indices]:
    """Vote of the k nearest clips by cosine; among equal votes the class with the nearer clips wins."""
    most = min(int(max(ks)), len(x))
    distance, nearest = (
        NearestNeighbors(n_neighbors=most, metric="cosine", algorithm="brute").fit(x).kneighbors(unseen)
    )
    # cosine distance is at most 2: a vote is worth more than any sum of nearnesses of `most` neighbours
    vote = 1 + (2 - distance) / (4 * most)  # (M, most)
    rows = np.arange(len(unseen))
    scores, answers = np.zeros((len(unseen), int(y.max()) + 1)), dict[int, Indices]()
    for rank in range(most):
        scores[rows, y[nearest[:, rank]]] += vote[:, rank]
        answers[rank + 1] = scores.argmax(axis=1)
    return [answers[min(int(k), most)] for k in ks]


def network_answers(x: Matrix, y: Indices, unseen: Matrix, penalties: Sequence[float]) -> list[Indices]:
    """One hidden layer of HIDDEN rectified units and a softmax, by L-BFGS from fixed random weights."""
    answers: list[Indices] = []
    for penalty in penalties:
        network = MLPClassifier((HIDDEN,), solver="lbfgs", alpha=penalty, max_iter=MOST_STEPS, random_state=0)
        with warnings.catch_warnings():
            # so many steps are the rule here, as few epochs are elsewhere
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(x, y)
        answers.append(np.asarray(network.predict(unseen), dtype=np.intp))
    return answers


def _linear_size(shape: tuple[int, ...], classes: int) -> int:
    return (shape[-1] + 1) * classes


def _network_size(shape: tuple[int, ...], classes: int) -> int:
    return (shape[-1] + 1) * HIDDEN + (HIDDEN + 1) * classes


def _layers(x: Matrix, y: Indices, unseen: Matrix, alphas: Sequence[float]) -> list[Learned]:
    from gama_operations.probe_learned import layer_answers  # torch takes seconds

    return layer_answers(x, y, unseen, alphas)


def _attention(x: Matrix, y: Indices, unseen: Matrix, alphas: Sequence[float]) -> list[Learned]:
    from gama_operations.probe_learned import attention_answers  # torch takes seconds

    return attention_answers(x, y, unseen, alphas)


CLASSIFIERS: dict[str, Classifier] = {
    "linear": Classifier("alpha", RIDGE_GRID, 100, _plain(ridge_answers), _linear_size),
    "knn": Classifier("k", (15, 9, 5, 3, 1), 5, _plain(neighbour_answers), lambda _shape, _classes: 0),
    "mlp": Classifier("alpha", (100, 10, 1), 10, _plain(network_answers), _network_size),
    "layers": Classifier(
        "alpha",
        LEARNED_GRID,
        0.1,
        _layers,
        lambda shape, classes: shape[1] + _linear_size(shape, classes),
        ("clips", "layers", "features"),
    ),
    "attention": Classifier(
        "alpha",
        LEARNED_GRID,
        0.1,
        _attention,
        lambda shape, classes: shape[2] + _linear_size(shape, classes),
        ("clips", "frames", "features"),
        pads=True,
    ),
}
