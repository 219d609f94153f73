"""Qwen2-Audio and Audio Flamingo 3: real classes and processors, small, from disk."""

import numpy as np
import pytest
import torch
import transformers

from family_models import SAME, SPEAKERS, load, noise, save
from gama_operations.errors import CapabilityError, InvalidRequestError
from gama_operations.models.surface import Generation

PROMPTS = ("What?", "Is there a sound that goes on for a while?", None, "Is it loud?")
BRIEF = Generation(max_new_tokens=8)
CLASSES = {
    "qwen2-audio": ("Qwen2AudioForConditionalGeneration", "Qwen2AudioProcessor"),
    "audio-flamingo-3": ("AudioFlamingo3ForConditionalGeneration", "AudioFlamingo3Processor"),
}
every_model = pytest.mark.parametrize("kind", SPEAKERS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: save(tmp_path_factory.mktemp(kind) / kind, kind) for kind in SPEAKERS}


@pytest.fixture(scope="module")
def loaded(folders):
    return {kind: load(folder) for kind, folder in folders.items()}


@pytest.fixture(scope="module")
def clips():
    return [noise(length, seed) for seed, length in enumerate((0.7, 1.9, 0.02, 1.2))]


def of_transformers(folder, kind):
    """Model and processor as anyone would load them."""
    model, processor = (getattr(transformers, name).from_pretrained(folder) for name in CLASSES[kind])
    return model.eval(), processor


def asked(processor, clip, text):
    """Inputs of the model's forward pass, made as its documentation says."""
    content = [{"type": "audio", "audio": "clip"}, {"type": "text", "text": text}]
    messages = [{"role": "user", "content": content}]
    rendered = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return processor(text=[rendered], audio=[clip], sampling_rate=16_000, return_tensors="pt")


@every_model
def test_answers_are_those_of_the_models_own_generate(folders, loaded, clips, kind):
    model, processor = of_transformers(folders[kind], kind)
    for clip in clips[:2]:
        inputs = asked(processor, clip[0], "What?")
        with torch.no_grad():
            whole = model.generate(**inputs, max_new_tokens=8, do_sample=False)
        new = whole[:, inputs["input_ids"].shape[1] :]
        expected = processor.batch_decode(new, skip_special_tokens=True)[0].strip()
        (answer,) = loaded[kind].describe([clip], ["What?"], generation=BRIEF)
        assert answer.text == expected
        assert answer.tokens == (new[0] != model.generation_config.eos_token_id[0]).sum()


@every_model
def test_answers_of_a_batch_are_those_of_each_clip_alone_with_and_without_what_was_kept(loaded, clips, kind):
    model = loaded[kind]
    model.forget()
    first = model.describe(clips, PROMPTS, generation=BRIEF)
    kept = model.describe(clips, PROMPTS, generation=BRIEF)
    assert [one.cached for one in (*first, *kept)] == [False] * 4 + [True] * 4
    for clip, prompt, one, again in zip(clips, PROMPTS, first, kept, strict=True):
        (alone,) = model.describe([clip], [prompt], generation=BRIEF, cache=False)
        assert one.text == alone.text == again.text
        assert (one.tokens, one.stop_reason) == (alone.tokens, alone.stop_reason)
        assert one.seconds_heard == pytest.approx(clip.shape[1] / 16_000)
        pieces = list(model.describe_in_pieces(clip, prompt, generation=BRIEF))
        assert "".join(pieces) == one.text
    assert len({one.text for one in first}) > 1
    assert model.kept_bytes > 0
    model.forget()
    assert model.kept_bytes == 0


@every_model
def test_a_score_is_the_likelihood_by_the_models_own_logits(folders, loaded, clips, kind):
    candidates = ("a dog", "a cat barks", "no")
    found = loaded[kind].score(clips, "What is it?", candidates)
    alone = [loaded[kind].score([clip], "What is it?", candidates, cache=False)[0] for clip in clips]
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_allclose(one.log_probabilities, other.log_probabilities, atol=1e-4)
    assert np.ptp([one.log_probabilities[0] for one in found]) > 0.01
    model, processor = of_transformers(folders[kind], kind)
    ends = model.generation_config.eos_token_id
    for candidate, sum_, tokens in zip(candidates, found[1].log_probabilities, found[1].tokens, strict=True):
        inputs = asked(processor, clips[1][0], "What is it?")
        begin = inputs["input_ids"].shape[1]
        ids = processor.tokenizer(candidate, return_tensors="pt")["input_ids"]
        inputs["input_ids"] = torch.cat([inputs["input_ids"], ids], 1)
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        with torch.no_grad():
            says = model(**inputs).logits[0].log_softmax(-1)
        each = says[begin - 1 : -1].gather(1, ids[0].unsqueeze(1))
        expected = each.sum() + says[-1, ends].logsumexp(-1)
        assert sum_ == pytest.approx(float(expected), abs=1e-4)
        assert tokens == ids.shape[1] + 1


@every_model
def test_layers_go_from_the_tower_to_the_words_and_hold_no_padding(folders, loaded, clips, kind):
    model = loaded[kind]
    names = ("encoder.0", "encoder.1", "encoder", "projector", "lm.0", "lm")
    assert model.info.layers == names
    steps = {"encoder.0": 95, "encoder.1": 95}  # 50 a second, 25 after pooling
    for name in names:
        (frames,) = model.embed([clips[1]], layer=name, pooling="none")
        assert frames.features.shape == (steps.get(name, 47), 16 if "encoder" in name else 32)
        together = model.embed(clips, layer=name)
        np.testing.assert_allclose(together[1].features, frames.features.mean(0), atol=SAME)
        assert np.abs(together[0].features - together[3].features).max() > 10 * SAME
    real, processor = of_transformers(folders[kind], kind)
    inputs = asked(processor, clips[1][0], model.default_prompt)
    with torch.no_grad():
        hidden = real(**inputs, output_hidden_states=True).hidden_states
    places = inputs["input_ids"][0] == processor.audio_token_id
    for name, state in (("projector", hidden[0]), ("lm.0", hidden[1]), ("lm", hidden[2])):
        (found,) = model.embed([clips[1]], layer=name, pooling="none")
        np.testing.assert_allclose(found.features, state[0, places].numpy(), atol=SAME)
    with pytest.raises(InvalidRequestError, match=r"no layer 'encoder\.2'; it has encoder\.0"):
        model.embed(clips, layer="encoder.2")


def test_qwen_hears_one_window_and_flamingo_several(loaded):
    long = noise(9, seed=5)
    for kind, seconds in (("qwen2-audio", 2), ("audio-flamingo-3", 6)):
        model = loaded[kind]
        assert model.info.window_seconds == seconds
        cut = long[:, : seconds * 16_000]
        (whole,), (part,) = model.embed([long], pooling="none"), model.embed([cut], pooling="none")
        np.testing.assert_array_equal(whole.features, part.features)
        assert whole.seconds_heard == seconds
        assert len(whole.features) == 25 * seconds
        (answer,) = model.describe([long], ["What?"], generation=BRIEF)
        assert answer.seconds_heard == seconds
    (two,) = loaded["audio-flamingo-3"].embed([long[:, :56_000]], pooling="none")
    (first,) = loaded["audio-flamingo-3"].embed([long[:, :32_000]], pooling="none")
    assert len(two.features) == 87  # the rest of 1.5 s is a window of its own
    np.testing.assert_allclose(two.features[:50], first.features, atol=SAME)


@every_model
def test_a_prompt_that_holds_the_audios_token_is_refused(loaded, clips, kind):
    token = loaded[kind].processor.audio_token
    with pytest.raises(InvalidRequestError, match="stands for audio: leave it out"):
        loaded[kind].describe(clips[:1], [f"What is {token}?"])


@every_model
def test_a_prompt_longer_than_the_model_and_candidates_that_cannot_follow_are_refused(loaded, clips, kind):
    with pytest.raises(InvalidRequestError, match="the prompt is too long"):
        loaded[kind].describe(clips[:1], ["x" * 2000])
    with pytest.raises(InvalidRequestError, match="cannot follow the prompt"):
        loaded[kind].score(clips[:1], "What?", ["a", ""])
    with pytest.raises(InvalidRequestError, match="no candidates"):
        loaded[kind].score(clips[:1], "What?", [])


@every_model
def test_sampling_is_drawn_from_its_seed(loaded, clips, kind):
    def sampled(seed):
        options = Generation(max_new_tokens=12, do_sample=True, temperature=2.0, seed=seed)
        return [one.text for one in loaded[kind].describe(clips, PROMPTS, generation=options)]

    assert sampled(1) == sampled(1) != sampled(2)


@every_model
def test_narrow_and_random_weights_and_another_attention_answer_too(folders, loaded, clips, kind):
    narrow = load(folders[kind], dtype="bfloat16")
    wide, near = (one.embed(clips[:1])[0].features for one in (loaded[kind], narrow))
    assert np.abs(wide - near).max() < 0.05 * np.abs(wide).max()
    scores = [one.score(clips[:1], "What?", ["a dog"])[0] for one in (loaded[kind], narrow)]
    assert scores[0].log_probabilities == pytest.approx(scores[1].log_probabilities, rel=0.05)
    random = load(folders[kind], weights="random", seed=4)
    assert random.info.model_id == f"{kind}@random-4"
    assert random.describe(clips[:1], [None], generation=BRIEF)[0].tokens > 0
    eager = load(folders[kind], attention="eager")
    assert [one.info.attention for one in (loaded[kind], eager)] == ["sdpa", "eager"]
    assert eager._inner.language_model.config._attn_implementation == "eager"
    assert eager.info.quantization == "none"
    (one,) = eager.describe(clips[:1], ["What?"], generation=BRIEF)
    assert one.text == loaded[kind].describe(clips[:1], ["What?"], generation=BRIEF)[0].text
    with pytest.raises(CapabilityError, match="8bit are made of GAMA's language model only"):
        load(folders[kind], quantization="8bit")
