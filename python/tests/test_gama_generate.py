"""Decoding: batch equals single, cache equals none, the processors equal those of transformers."""

from typing import get_args

import pytest
import torch
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from gama_operations import protocol
from gama_operations.errors import CancelledError, InvalidRequestError, NonFiniteResultError
from gama_operations.models import surface
from gama_operations.models.gama.generate import generate
from gama_operations.models.gama.sampling import OFFICIAL_SAMPLING, PRESETS, process_scores
from gama_operations.models.surface import Generation
from gama_tiny import tiny

MODEL = tiny(eos_token_id=None)
PROMPTS = [[1, 20, 21, 22, 23, 24, 25], [1, 30], [1, 40, 41, 42]]
GREEDY = Generation(max_new_tokens=12)
SAMPLED = Generation(max_new_tokens=12, do_sample=True, top_k=40, top_p=0.9, repetition_penalty=1.2, seed=7)


@pytest.fixture(scope="module")
def prefix():
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        return MODEL.audio_prefix(torch.randn(3, 128, 128, generator=generator))


@pytest.mark.parametrize("options", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
def test_a_left_padded_batch_answers_as_single_runs_do(prefix, options):
    batch = generate(MODEL, prefix, PROMPTS, options)
    single = [generate(MODEL, prefix[i : i + 1], [PROMPTS[i]], options)[0] for i in range(3)]
    assert batch == single
    assert len({tuple(answer.ids) for answer in batch}) == 3
    assert [len(answer.ids) for answer in batch] == [12] * 3


@torch.no_grad()
def test_the_cache_gives_what_a_full_pass_gives(prefix):
    (answer,) = generate(MODEL, prefix[:1], PROMPTS[:1], GREEDY)
    text = torch.tensor([PROMPTS[0] + answer.ids[:-1]])
    logits = MODEL(text, prefix=prefix[:1]).logits[0, -12:]
    assert logits.argmax(-1).tolist() == answer.ids


@torch.no_grad()
def test_text_without_audio_is_answered_too():
    (answer,) = generate(MODEL, None, PROMPTS[:1], GREEDY)
    logits = MODEL(torch.tensor([PROMPTS[0] + answer.ids[:-1]])).logits[0, -12:]
    assert logits.argmax(-1).tolist() == answer.ids


def test_an_answer_stops_at_the_end_token_and_leaves_it_out(prefix):
    free = generate(MODEL, prefix, PROMPTS, GREEDY)
    end = free[0].ids[5]
    stopping = tiny(eos_token_id=[299, end])
    answers = generate(stopping, prefix, PROMPTS, GREEDY)
    for before, answer in zip(free, answers, strict=True):
        if end in before.ids:
            assert answer.ids == before.ids[: before.ids.index(end)]
            assert answer.stop_reason == "end"
        else:
            assert answer == before
            assert answer.stop_reason == "length"
    assert answers[0].stop_reason == "end"


def test_the_same_seed_draws_the_same_answer_and_another_one_another(prefix):
    first, again = (generate(MODEL, prefix, PROMPTS, SAMPLED) for _ in range(2))
    other = generate(MODEL, prefix, PROMPTS, Generation(max_new_tokens=12, do_sample=True, seed=8))
    assert first == again
    assert first != other


def test_the_caller_is_asked_before_every_token_and_can_stop(prefix):
    asked = []

    def check():
        asked.append(1)
        if len(asked) == 4:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        generate(MODEL, prefix, PROMPTS, GREEDY, check)
    assert len(asked) == 4


@pytest.mark.parametrize("options", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_logits_that_are_not_finite_are_an_error_and_no_answer(prefix, options, wrong):
    damaged = tiny()
    with torch.no_grad():
        damaged.language_model.get_output_embeddings().weight[200] = wrong
    with pytest.raises(NonFiniteResultError, match="from a sound copy"):
        generate(damaged, prefix, PROMPTS, options)


def test_a_row_that_is_over_may_be_anything(prefix):
    free = generate(MODEL, prefix[:2], PROMPTS[:2], Generation(max_new_tokens=1))
    first, second = (answer.ids[0] for answer in free)
    assert first != second
    stopping = tiny(eos_token_id=[first])
    with torch.no_grad():  # who says the end token is over, and what it would say behind is NaN
        stopping.language_model.get_input_embeddings().weight[first] = torch.nan
    over, other = generate(stopping, prefix[:2], PROMPTS[:2], Generation(max_new_tokens=3))
    assert (over.ids, over.stop_reason) == ([], "end")
    assert other.ids[0] == second


def test_a_prompt_longer_than_the_positions_is_refused_and_a_long_answer_is_cut(prefix):
    with pytest.raises(InvalidRequestError, match="the prompt is too long: 262 positions"):
        generate(MODEL, prefix[:1], [[1] * 250], GREEDY)
    (answer,) = generate(MODEL, prefix[:1], [[1] * 240], GREEDY)
    assert len(answer.ids) == 256 - 240 - 12
    assert answer.stop_reason == "length"


def test_a_long_prompt_leaves_its_neighbours_in_the_batch_the_room_that_they_have_alone(prefix):
    prompts = [[1] * 240, [1, 30]]
    batch = generate(MODEL, prefix[:2], prompts, GREEDY)
    assert [len(answer.ids) for answer in batch] == [256 - 240 - 12, 12]
    assert batch == [generate(MODEL, prefix[i : i + 1], [prompts[i]], GREEDY)[0] for i in range(2)]


def test_every_preset_of_the_wire_is_there():
    assert tuple(PRESETS) == get_args(protocol.Preset) == get_args(surface.Preset)
    assert {preset.max_new_tokens for preset in PRESETS.values()} == {400}
    assert all(preset.do_sample and preset.temperature == 0.1 for preset in PRESETS.values())


@pytest.mark.parametrize(
    "options",
    [
        OFFICIAL_SAMPLING,
        Generation(do_sample=True, temperature=1.3, top_p=0.8, repetition_penalty=1.4),
        Generation(do_sample=True, top_k=7),
    ],
)
def test_scores_are_processed_as_transformers_does(options):
    logits = torch.randn(4, 600, generator=torch.Generator().manual_seed(3)) * 4
    ids = torch.randint(0, 600, (4, 30), generator=torch.Generator().manual_seed(4))
    oracle = LogitsProcessorList([RepetitionPenaltyLogitsProcessor(options.repetition_penalty)])
    oracle.append(TemperatureLogitsWarper(options.temperature))
    oracle.append(TopKLogitsWarper(options.top_k or 600))
    oracle.append(TopPLogitsWarper(options.top_p))
    seen = torch.zeros(4, 600, dtype=torch.bool).scatter_(1, ids, value=True)
    ours, theirs = process_scores(logits, seen, options), oracle(ids, logits.clone())
    assert torch.equal(ours.isfinite(), theirs.isfinite())
    finite = ours.isfinite()
    assert torch.allclose(ours[finite], theirs[finite], atol=1e-5)
    assert 0 < finite.sum() < finite.numel()
