"""The operations that judge: verdicts of a study, what its data can resolve, what its arms cost.

They need no model. The statistics know dataclasses; here the wire's data become these, and theirs results.
"""

from typing import TYPE_CHECKING

import msgspec

from gama_operations.call import Call
from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import (
    AnytimeData,
    AnytimeResult,
    JudgeCostData,
    JudgeCostResult,
    JudgeData,
    JudgedComparison,
    JudgeResult,
    Observed,
    ObservedAnswers,
    ObservedClips,
    ObservedClusters,
    ObservedTags,
    ObservedWordErrors,
    PilotOutcomes,
    PowerData,
    PowerResult,
)
from gama_operations.session import Session
from gama_operations.statistics_operations import costs, from_outcome

if TYPE_CHECKING:  # numpy and scipy come with the first operation that needs them
    from gama_operations.judge import PairedComparison
    from gama_operations.judge_inputs import Observations
    from gama_operations.statistics_power import Pilot


def judge(_session: Session, data: JudgeData, call: Call) -> JudgeResult:
    """Judge all comparisons of a study.

    Raises:
        InvalidRequestError: outcomes that do not fit each other; a claim without its margin.
    """
    with call.importing("gama_operations.judge"):
        from gama_operations.clustering_watch import Watch
        from gama_operations.judge import judge as run_judge
        from gama_operations.judge_inputs import Settings

    with call.memory.phase("judge"):
        outcome = run_judge(
            [_comparison(it, call) for it in data.comparisons],
            Settings(
                level=data.level,
                alpha=data.alpha,
                permutations=data.permutations,
                resamples=data.resamples,
                seed=data.seed,
            ),
            Watch(call.check, call.memory.phase, call.progress),
        )
    return from_outcome(outcome, JudgeResult, **costs(call))


def power(_session: Session, data: PowerData, call: Call) -> PowerResult:
    """Work out the power card of a data set.

    Raises:
        InvalidRequestError: a number outside its range; a pilot whose arms never differ.
    """
    with call.importing("gama_operations.statistics_power"):
        from gama_operations.statistics_power import CORRELATIONS, DISCORDANCES, power_card

    with call.memory.phase("power"):
        found = None if data.pilot is None else _pilot(data.pilot)
        discordances, correlations = data.discordances, data.correlations
        if discordances is None and found is not None:
            if found.discordance == 0:
                raise InvalidRequestError(
                    f"The arms of the pilot agree on all {found.clips} clips, which says nothing about the "
                    "others: give `discordances`, or a longer pilot."
                )
            discordances = [found.discordance]
        if correlations is None and found is not None and found.correlation is not None:
            correlations = [found.correlation]
        card = power_card(
            data.sizes,
            discordances=DISCORDANCES if discordances is None else discordances,
            correlations=CORRELATIONS if correlations is None else correlations,
            margin=data.margin,
            alpha=data.alpha,
            power=data.power,
        )
    return from_outcome(card, PowerResult, pilot=msgspec.to_builtins(found), **costs(call))


def anytime(_session: Session, data: AnytimeData, call: Call) -> AnytimeResult:
    """Follow a run, source by source.

    Raises:
        InvalidRequestError: sums and sizes that do not fit each other.
    """
    with call.importing("gama_operations.statistics_anytime"):
        from gama_operations.statistics_anytime import anytime as run_anytime

    with call.memory.phase("anytime"):
        outcome = run_anytime(
            data.sums,
            data.sizes,
            largest=data.largest,
            alpha=data.alpha,
            right_or_wrong=data.right_or_wrong,
        )
    return from_outcome(outcome, AnytimeResult, **costs(call))


def judge_cost(_session: Session, data: JudgeCostData, call: Call) -> JudgeCostResult:
    """Judge the cost metrics of two arms.

    Raises:
        InvalidRequestError: a value that is not above 0; a metric or a block without both arms.
    """
    with call.importing("gama_operations.judge_cost"):
        from gama_operations.judge_cost import Measurement, judge_cost as run_judge_cost

    with call.memory.phase("judge"):
        measurements = [Measurement(**msgspec.structs.asdict(it)) for it in data.measurements]
        verdicts = run_judge_cost(measurements, a=data.a, b=data.b, level=data.level, alpha=data.alpha)
    return from_outcome({"verdicts": verdicts}, JudgeCostResult, **costs(call))


def _comparison(given: JudgedComparison, call: Call) -> "PairedComparison":
    from gama_operations.judge import PairedComparison

    return PairedComparison(
        a=given.a,
        b=given.b,
        task=given.task,
        metric=given.metric,
        groups=given.groups,
        observed=_observed(given.observed, call),
        family=given.family,
        claim=given.claim,
        margin=given.margin,
        anytime=given.anytime,
    )


def _observed(given: Observed, call: Call) -> "Observations":
    from gama_operations import judge_inputs as inputs

    match given:
        case ObservedClips():
            return inputs.ClipOutcomes(given.a, given.b)
        case ObservedAnswers():
            return inputs.Answers(given.truth, given.a, given.b)
        case ObservedWordErrors():
            return inputs.WordErrors(given.a, given.b, given.words)
        case ObservedClusters():
            return inputs.Clusterings(given.labels, given.a, given.b, given.measure)
        case ObservedTags():
            tags, a, b = (call.tensors.read_rows(rows) for rows in (given.tags, given.a, given.b))
            return inputs.TagScores(tags != 0, a, b)


def _pilot(given: PilotOutcomes) -> "Pilot":
    from gama_operations.statistics_power import pilot

    return pilot(given.a, given.b, given.groups)
