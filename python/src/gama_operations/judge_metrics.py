"""Evidence about corpus metrics, which are computed again for each left-out source, swap and resample."""

from dataclasses import replace

import numpy as np
from msgspec import structs

from gama_operations import (
    statistics_corpus as corpus,
    statistics_metrics as metrics,
    statistics_pairs as pairs,
)
from gama_operations.clustering_watch import Watch
from gama_operations.errors import InvalidRequestError
from gama_operations.judge_evidence import Beside, Evidence
from gama_operations.judge_inputs import Answers, Clusterings, Settings, TagScores, WordErrors
from gama_operations.protocol import Interval
from gama_operations.statistics_flips import Counted
from gama_operations.statistics_ranking import mean_average_precision
from gama_operations.statistics_sources import Sources, checked, is_constant, jackknife_error, t_quantile

CorpusObservations = Answers | WordErrors | TagScores | Clusterings


def _metric_of(observed: CorpusObservations, sources: Sources) -> metrics.PairedMetric:
    if isinstance(observed, Answers):
        return metrics.macro_f1(sources, observed.truth, observed.a, observed.b)
    if isinstance(observed, TagScores):
        return mean_average_precision(sources, observed.tags, observed.a, observed.b)
    if isinstance(observed, WordErrors):
        names = sources.of_clip.astype(str).tolist()
        a, b, words = (checked(values, names) for values in (observed.a, observed.b, observed.words))
        if not (words > 0).all():
            raise InvalidRequestError("Expected at least one word in the truth of each clip")
        return metrics.ratio(sources, a, b, words)
    kinds = {
        "v_measure": metrics.v_measure,
        "ari": metrics.adjusted_rand,
        "ami": metrics.adjusted_mutual_information,
    }
    return kinds[observed.measure](sources, observed.labels, observed.a, observed.b)


def evidence_of_metric(
    observed: CorpusObservations, sources: Sources, settings: Settings, watch: Watch
) -> Evidence:
    """The metric of both arms, its difference, and what can be said about it."""
    metric, count = _metric_of(observed, sources), len(sources)
    score_a, score_b = corpus.score_of(metric, count)
    found = Evidence(
        difference=score_a - score_b,
        score_a=score_a,
        score_b=score_b,
        clips=sources.clips,
        sources=count,
        is_identical=bool(np.array_equal(np.asarray(observed.a), np.asarray(observed.b))),
        lower_is_better=isinstance(observed, WordErrors),
        reason=sources.too_few and f"no interval and no test: {sources.too_few}",
    )
    if isinstance(observed, Answers):
        truth, a, b = (np.asarray(words) for words in (observed.truth, observed.a, observed.b))
        only_a, only_b = pairs.discordant((a == truth).astype(float), (b == truth).astype(float))
        found = replace(found, only_a=only_a, only_b=only_b)
    return found if sources.too_few else _judged(found, metric, settings, watch)


def _judged(found: Evidence, metric: metrics.PairedMetric, settings: Settings, watch: Watch) -> Evidence:
    estimates = corpus.left_out_differences(
        metric, found.sources, check=watch.check, progress=_told(watch, "leave out sources", "sources")
    )
    if metric.swappable:
        p_value, test = corpus.swap_test(
            metric,
            found.sources,
            permutations=min(settings.permutations, metric.affordable),
            seed=settings.seed,
            check=watch.check,
            progress=_told(watch, "swap sources", "swaps"),
        )
        found = replace(found, p_value=p_value, test=test)
    if is_constant(estimates):
        return replace(
            found, reason=f"no interval: leaving out any of the {found.sources} sources changes nothing"
        )
    error = jackknife_error(estimates)
    if not metric.swappable:
        p_value, test = corpus.t_test(found.difference, error, found.sources)
        found = replace(found, p_value=p_value, test=test)
    interval = _around(found, error, settings.level)
    bootstrap = None
    if metric.resampled:
        bootstrap = corpus.bootstrap_of(
            metric,
            found.sources,
            level=settings.level,
            resamples=min(settings.resamples, metric.affordable),
            seed=settings.seed,
            check=watch.check,
            progress=_told(watch, "resample sources", "resamples"),
        )
        if metric.affordable < settings.resamples:
            method = f"{bootstrap.method}, {metric.affordable} resamples"
            bootstrap = structs.replace(bootstrap, method=method)
    return replace(
        found,
        interval=interval,
        margin_interval=_around(found, error, 1 - 2 * settings.alpha),
        error=error,
        beside=Beside(jackknife=interval, bootstrap=bootstrap),
    )


def _around(found: Evidence, error: float, level: float) -> Interval:
    half = t_quantile((1 + level) / 2, found.sources) * error
    method = f"cluster jackknife, t({found.sources - 1})"
    return Interval(low=found.difference - half, high=found.difference + half, level=level, method=method)


def _told(watch: Watch, stage: str, unit: str) -> Counted:
    return lambda done, total: watch.progress(stage, done, total, unit)
