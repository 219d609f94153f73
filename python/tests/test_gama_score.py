"""Scoring: all candidates in one pass, as each alone in a full forward pass."""

from dataclasses import replace

import pytest
import torch

from gama_official import case, needs_fixture, official
from gama_operations.errors import CapabilityError, InvalidRequestError
from gama_operations.models.gama import score
from gama_operations.models.gama.generate import generate
from gama_operations.models.gama.kept_audio import hear
from gama_operations.models.gama.prompt import instruction_prompt
from gama_operations.models.gama.score import likelihoods
from gama_operations.models.registry import load
from gama_operations.models.surface import Generation
from gama_tiny import noise, tiny, write_folder

HEAD = [1, 20, 21]
PROMPT = [*HEAD, 30, 31, 32]
ANSWERS = [[40], [40, 41], [42, 43, 44, 45, 46], [50, 51], [40, 41, 60]]
CLIPS = [noise(9_000, 2, channels=2), noise(30_000, 3)]
LABELS = ["dog", "a dog", "a dog barks twice", "rain", "a dog"]
TOLERANCE = 2e-5  # of a log probability in float32; the sums here are of some -30


def heard(model, seed=2):
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        return hear(model, model.audio_prefix(torch.randn(1, 128, 128, generator=generator)), HEAD)[0]


@torch.inference_mode()
def in_full(model, prefix, prompt, answer, *, ends=()):
    """Log probability of an answer from one forward pass over everything, nothing kept."""
    logits = model(torch.tensor([prompt + answer]), prefix=prefix.unsqueeze(0)).logits[0]
    scores = logits.double().log_softmax(-1)[len(prompt) - 1 :]
    said = sum(scores[place, token] for place, token in enumerate(answer))
    return float(said + scores[-1, list(ends)].logsumexp(-1)) if ends else float(said)


@pytest.mark.parametrize("ends", [(), (2,), (2, 7)], ids=["open", "ended", "two ends"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_each_candidate_has_the_likelihood_of_a_full_pass_of_its_own(ends, attention):
    model = tiny(eos_token_id=list(ends) or None)
    model.language_model.set_attn_implementation(attention)
    clip = heard(model)
    found = likelihoods(model, clip, PROMPT, ANSWERS, end=True)
    expected = [in_full(model, clip.prefix, PROMPT, answer, ends=ends) for answer in ANSWERS]
    assert [one.log_probability for one in found] == pytest.approx(expected, abs=TOLERANCE)
    assert [one.tokens for one in found] == [len(answer) + bool(ends) for answer in ANSWERS]


def test_candidates_do_not_see_each_other(monkeypatch):
    model = tiny()
    clip = heard(model)
    together = likelihoods(model, clip, PROMPT, ANSWERS, end=False)
    alone = [likelihoods(model, clip, PROMPT, [answer], end=False)[0] for answer in ANSWERS]
    monkeypatch.setattr(score, "TOKENS_AT_ONCE", 4)
    passes = likelihoods(model, clip, PROMPT, ANSWERS, end=False)
    for found in (alone, passes):
        assert [one.tokens for one in found] == [one.tokens for one in together]
        expected = [one.log_probability for one in together]
        assert [one.log_probability for one in found] == pytest.approx(expected, abs=TOLERANCE)


def test_one_pass_of_the_language_model_is_all_that_it_takes():
    model = tiny()
    clip, passes = heard(model), []
    model.language_model.register_forward_hook(lambda *_: passes.append(1))
    likelihoods(model, clip, PROMPT, [[n, n + 1] for n in range(40, 90)], end=True)
    assert passes == [1]


def test_probabilities_of_all_answers_of_one_token_are_one_in_all():
    model = tiny(eos_token_id=None)
    every = [[token] for token in range(model.vocabulary)]
    found = likelihoods(model, heard(model), PROMPT, every, end=True)
    total = torch.tensor([one.log_probability for one in found]).double().logsumexp(-1)
    assert float(total) == pytest.approx(0, abs=1e-4)


def test_without_kept_keys_the_likelihoods_are_the_same():
    model = tiny()
    clip = heard(model)
    kept, fresh = (
        [one.log_probability for one in likelihoods(model, which, PROMPT, ANSWERS, end=True)]
        for which in (clip, replace(clip, keys=(), head=()))
    )
    assert kept == pytest.approx(fresh, abs=TOLERANCE)


def test_16_bits_are_summed_in_32():
    model = tiny(initializer_range=0.1).to(torch.bfloat16)
    model.audio.float()
    clip = heard(model)
    found = likelihoods(model, clip, PROMPT, ANSWERS, end=False)
    # from the logits of 16 bits, which are what they are
    expected = [in_full(model, clip.prefix, PROMPT, answer) for answer in ANSWERS]
    assert [one.log_probability for one in found] == pytest.approx(expected, rel=0.02)
    assert any(float(torch.tensor(one.log_probability).bfloat16()) != one.log_probability for one in found)


def test_a_language_model_with_a_sliding_window_is_refused():
    model = tiny(model_type="mistral", sliding_window=6)
    with pytest.raises(CapabilityError, match=r"mistral with attention 'sdpa' cannot score.*full attention"):
        likelihoods(model, heard(model), PROMPT, ANSWERS, end=True)


def test_a_candidate_beyond_the_positions_is_refused():
    model = tiny()
    with pytest.raises(InvalidRequestError, match="the longest candidate is too long: 268 positions"):
        likelihoods(model, heard(model), PROMPT, [[40] * 250], end=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    questions = {"class": "what is it", "language": "language"}
    write_folder(folder, offers=("class",), questions=questions, default_prompt="What is it?")
    return load(str(folder), device="cpu")


def test_labels_are_scored_as_they_would_be_written_after_the_prompt(model):
    scored = model.score(CLIPS, None, LABELS)
    prompt = instruction_prompt("What is it?")
    prefix = model.model.audio_prefix(model.frontend(CLIPS))
    ids = model.codec.encode(prompt)
    for row, clip in enumerate(scored):
        assert clip.prompt == "What is it?"
        assert clip.seconds_heard == pytest.approx([9_000 / 16_000, 1.28][row])
        for label, found, tokens in zip(LABELS, clip.log_probabilities, clip.tokens, strict=True):
            answer = model.codec.encode(prompt + label)[len(ids) :]
            assert tokens == len(answer) + 1
            expected = in_full(model.model, prefix[row], ids, answer, ends=[2])
            assert found == pytest.approx(expected, abs=TOLERANCE * tokens)
        assert clip.log_probabilities[1] == clip.log_probabilities[4]
    assert scored[0].log_probabilities != scored[1].log_probabilities


def test_a_greedy_answer_of_one_token_is_the_likeliest_of_all_tokens():
    free = tiny(eos_token_id=None)
    clip = heard(free)
    (answer,) = generate(free, clip.prefix.unsqueeze(0), [PROMPT], Generation(max_new_tokens=1))
    found = likelihoods(free, clip, PROMPT, [[token] for token in range(free.vocabulary)], end=False)
    assert max(range(len(found)), key=lambda token: found[token].log_probability) == answer.ids[0]


def test_what_describe_has_heard_score_does_not_hear_again(model):
    model.forget()
    encoded = []
    hook = model.model.audio.audio_encoder.register_forward_hook(
        lambda _module, args, _output: encoded.append(len(args[0]))
    )
    model.describe(CLIPS[:1], [None], generation=Generation(max_new_tokens=2))
    scored = model.score(CLIPS, None, LABELS)
    apart = model.score(CLIPS, None, LABELS, cache=False)
    hook.remove()
    assert [clip.cached for clip in scored] == [True, False]
    assert encoded == [1, 1, 2]
    for one, other in zip(scored, apart, strict=True):
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=TOLERANCE)


def test_what_cannot_be_scored_is_refused(model):
    with pytest.raises(InvalidRequestError, match="no candidates"):
        model.score(CLIPS, None, [])
    with pytest.raises(InvalidRequestError, match="candidate '' cannot follow the prompt"):
        model.score(CLIPS, None, ["dog", ""])
    with pytest.raises(CapabilityError, match="of the kind language"):
        model.score(CLIPS, "Which language is spoken?", ["German"])
    with pytest.raises(CapabilityError, match="fbank cannot score audio"):
        load("fbank").score(CLIPS, None, LABELS)


@needs_fixture
@torch.inference_mode()
def test_the_official_answer_is_scored_from_the_official_logits():
    model, folder = official()
    waveform, instruction, ids = case(folder, "case1")
    entry = folder.expected["cases"]["case1"]
    model.score([waveform], instruction, ["A dog is barking."])
    kept = model.kept.get(model.kept.key(waveform))
    logits = folder.outputs["case1.greedy_step_logits"].double().log_softmax(-1)
    answer = entry["greedy_new_ids"]
    expected = float(sum(logits[place, token] for place, token in enumerate(answer)))
    found = likelihoods(model.model, kept, entry["input_ids"], [ids[:3], answer, ids[:7]], end=False)
    # summed over its tokens, each within the fixture's tolerance of a logit
    assert found[1].log_probability == pytest.approx(expected, abs=len(answer) * 5e-4)


@needs_fixture
def test_candidates_are_tokenised_as_the_official_training_tokenises_answers():
    model, folder = official()
    batch = folder.expected["batch"]
    for row, response in enumerate(batch["responses"]):
        instruction = folder.expected["cases"][f"case{row}"]["instruction"]
        answer = model.codec.encode_answer(instruction_prompt(instruction), response)
        assert [*answer, 2] == batch["input_ids"][row][-len(answer) - 1 :]
