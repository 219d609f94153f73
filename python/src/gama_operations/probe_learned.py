"""Classifiers that also learn how to pool: weights of layers, or attention over frames.

Both are a linear softmax classifier on a weighted mean: of a clip's layers, with one softmax over them for
all clips (as in SUPERB, Yang et al., Interspeech 2021), or of a clip's frames, with the softmax of a learnt
query for each clip. Everything, the scale of the features included, is fitted on the training clips. The
penalty, alpha / 2 times the squares of all weights, draws them to the plain mean; the training fold chooses
alpha. L-BFGS from zeros: there is no randomness.
Shapes: N training clips, M unseen clips, S layers or frames, D features, K classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gama_operations.probe_classifiers import Learned

Stack = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_STEPS = 40
"""Of L-BFGS for each alpha; each begins where the stronger one ended."""
SMALL_CHANGE = 1e-6
"""Of loss and weights: below it there are no further steps."""


@dataclass(frozen=True, slots=True)
class _Clips:
    """Standardised features [N, S, D], zero where `there` [N, S] is false."""

    x: Tensor
    there: Tensor


@dataclass(frozen=True, slots=True)
class _Pooling:
    """How a clip's layers or frames are weighed."""

    numbers: int
    """That are learnt for it."""
    weigh: Callable[[_Clips, Tensor], Tensor]
    """(clips, those numbers) -> logarithms of the weights [N, S], not yet normalised."""


def layer_answers(x: Stack, y: Indices, unseen: Stack, alphas: Sequence[float]) -> list[Learned]:
    """One softmax over the layers, the same for all clips; each layer's features are scaled by themselves."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    known, new = (_scaled(clips, mean, spread) for clips in (x, unseen))
    pooling = _Pooling(x.shape[1], lambda clips, weights: weights.expand(clips.there.shape))
    fits = _fit(pooling, known, y, new, alphas)
    return [Learned(answers, weights.softmax(0).numpy()) for answers, weights in fits]


def attention_answers(x: Stack, y: Indices, unseen: Stack, alphas: Sequence[float]) -> list[Learned]:
    """A softmax over the frames of each clip; frames beyond its end are NaN."""
    frames = x[np.isfinite(x).all(axis=2)]
    mean, spread = frames.mean(axis=0), frames.std(axis=0)
    known, new = (_scaled(clips, mean, spread) for clips in (x, unseen))
    width = x.shape[2]
    pooling = _Pooling(width, lambda clips, query: clips.x @ query / width**0.5)
    return [Learned(answers, None) for answers, _ in _fit(pooling, known, y, new, alphas)]


def _scaled(x: Stack, mean: NDArray[np.float64], spread: NDArray[np.float64]) -> _Clips:
    there = np.asarray(np.isfinite(x).all(axis=2), dtype=np.bool_)
    scaled = (x - mean) / np.where(spread == 0, 1, spread)
    return _Clips(torch.from_numpy(np.where(there[..., None], scaled, 0.0)), torch.from_numpy(there))


def _fit(
    pooling: _Pooling, known: _Clips, y: Indices, unseen: _Clips, alphas: Sequence[float]
) -> list[tuple[Indices, Tensor]]:
    """Per alpha: answers for the unseen clips, and the numbers of the pooling."""
    targets, classes = torch.from_numpy(y), int(y.max()) + 1
    learnt = torch.zeros(pooling.numbers, dtype=torch.float64, requires_grad=True)
    linear = torch.zeros((known.x.shape[2], classes), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)

    def scores(clips: _Clips) -> Tensor:
        weights = pooling.weigh(clips, learnt).masked_fill(~clips.there, -torch.inf).softmax(1)  # (N, S)
        return torch.einsum("ns,nsd->nd", weights, clips.x) @ linear + bias

    found: dict[float, tuple[Indices, Tensor]] = {}
    for alpha in sorted(alphas, reverse=True):
        steps = torch.optim.LBFGS([learnt, linear, bias], max_iter=MOST_STEPS, line_search_fn="strong_wolfe")

        def loss(alpha: float = alpha, steps: torch.optim.LBFGS = steps) -> Tensor:
            steps.zero_grad()
            penalty = alpha / 2 * (linear.square().sum() + learnt.square().sum())
            total = torch.nn.functional.cross_entropy(scores(known), targets) + penalty
            total.backward()
            return total

        steps.step(loss)
        with torch.no_grad():
            found[alpha] = scores(unseen).argmax(1).numpy(), learnt.detach().clone()
    return [found[alpha] for alpha in alphas]
