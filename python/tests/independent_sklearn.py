"""The numbers of a probe and a search once more, by a reader who trusts nobody.

Plain scikit-learn on embeddings, labels, sources and folds: nothing of ours is imported, and nothing here is
used by anything else. Where a rule is ours (which value wins a tie), it is written out again.
Shapes: N clips, D features.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import accuracy_score, average_precision_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ALPHAS = [1e5, 1e4, 1e3, 100, 10, 1]  # strongest first: GridSearchCV takes the first of equals
NEIGHBOURS = [15, 9, 5, 3, 1]


def _searched(model, grid, *, x, y, train, inner):
    """The model with the value that is best on the training clips' own folds, fitted on all of them."""
    search = GridSearchCV(
        make_pipeline(StandardScaler(), model), grid, cv=PredefinedSplit(inner), scoring="accuracy"
    )
    # scikit-learn takes the mean over folds; ours counts clips: both are told, and the counts decide.
    search.fit(x[train], y[train])
    right = np.zeros(len(search.cv_results_["params"]))
    for number in range(int(inner.max()) + 1):
        right += search.cv_results_[f"split{number}_test_score"] * (inner == number).sum()
    best = search.cv_results_["params"][int(np.round(right).argmax())]
    return search.estimator.set_params(**best).fit(x[train], y[train])


def linear(x, y, fold, inner):
    """[N] predictions of ridge classification; `inner` gives the folds of a fold's training clips."""
    said = np.empty_like(y)
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        grid = {"ridgeclassifier__alpha": ALPHAS}
        said[test] = _searched(RidgeClassifier(), grid, x=x, y=y, train=train, inner=inner(train)).predict(
            x[test]
        )
    return said


def _votes(distance):
    """One vote each, and so little more for the nearer ones that no vote is outweighed."""
    return 1 + (2 - distance) / (4 * max(NEIGHBOURS))


def nearest(x, y, fold, inner):
    """[N] predictions of kNN by cosine."""
    said = np.empty_like(y)
    model = KNeighborsClassifier(metric="cosine", algorithm="brute", weights=_votes)
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        grid = {"kneighborsclassifier__n_neighbors": NEIGHBOURS}
        said[test] = _searched(model, grid, x=x, y=y, train=train, inner=inner(train)).predict(x[test])
    return said


def few_shot(x, y, fold, *, per_label, draws, seed):
    """Accuracy of logistic regression after some examples, mean over draws."""
    scores = []
    for draw in range(draws):
        said = np.empty_like(y)
        for number in np.unique(fold):
            train, test = np.flatnonzero(fold != number), fold == number
            rng = np.random.default_rng([seed, int(number), draw])
            few = [rng.permutation(train[y[train] == name])[:per_label] for name in np.unique(y[train])]
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=100))
            said[test] = model.fit(x[np.concatenate(few)], y[np.concatenate(few)]).predict(x[test])
        scores.append(accuracy_score(y, said))
    return float(np.mean(scores))


def search(x, y, groups, k):
    """recall@k and mAP of every clip that another source's clip could answer."""
    cosine, recall, precision = cosine_similarity(x), [], []
    for at in range(len(y)):
        other = groups != groups[at]
        right = (y == y[at])[other]
        if right.any():
            precision.append(average_precision_score(right, cosine[at, other]))
            recall.append(right[np.argsort(-cosine[at, other])[:k]].any())
    return float(np.mean(recall)), float(np.mean(precision))
