"""GAMA behind the surface that every model offers."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch

from gama_operations.errors import CancelledError, CapabilityError, InvalidRequestError, ModelInvalidError
from gama_operations.models.gama.intermediates import intermediates
from gama_operations.models.registry import load
from gama_operations.models.surface import Generation, RunContext
from gama_tiny import LANGUAGE_MODEL, description, noise, tokenizer, write_folder

CLIPS = [noise(200, 1), noise(9_000, 2, channels=2), noise(30_000, 3)]
SHORT = Generation(max_new_tokens=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(
        tmp_path_factory.mktemp("models") / "tiny",
        offers=("class",),
        questions={"class": r"\bwhat is it\b", "language": r"\blanguage\b"},
        default_prompt="What is it?",
    )


@pytest.fixture(scope="module")
def model(folder):
    return load(str(folder), device="cpu")


def test_it_says_what_it_is(model):
    info = model.info
    assert (info.model_id, info.family, info.weights, info.device) == ("tiny", "gama", "trained", "cpu")
    assert info.window_seconds == pytest.approx(1.28)
    assert info.layers == (
        *("encoder.0", "encoder.1", "encoder.2", "encoder.3"),
        *("encoder", "aggregator.0", "aggregator", "qformer.0", "qformer", "lm.0", "lm"),
    )
    assert info.default_layer == "encoder"
    assert info.capabilities == ("embed", "describe", "score")
    assert info.parameters == sum(parameter.numel() for parameter in model.model.parameters())
    assert info.offers == ("class",)
    assert model.default_prompt == "What is it?"


def test_every_layer_and_pooling_has_its_shape(model):
    for layer in model.info.layers:
        part = layer.partition(".")[0]
        frames = {"qformer": [4, 4, 4], "lm": [5, 8, 12]}.get(part, [1, 4, 8])
        width = 48 if part == "lm" else 32
        kinds = (("mean", [(width,)] * 3), ("mean_std", [(2 * width,)] * 3))
        for pooling, shapes in (*kinds, ("none", [(n, width) for n in frames])):
            found = model.embed(CLIPS, layer=layer, pooling=pooling)
            assert [one.features.shape for one in found] == shapes
            assert all(one.features.dtype == np.float32 for one in found)
            assert all(np.isfinite(one.features).all() for one in found)


@torch.inference_mode()
def test_every_layer_is_the_one_of_a_whole_forward_pass(model):
    fbank = model.frontend(CLIPS[2:])
    ids = torch.tensor([model.codec.encode("What is it?")])
    with intermediates(model.model) as caught:
        model.model(ids, fbank=fbank)
    encoder, prefix = model.model.audio.audio_encoder, model.folder.gama.prefix_tokens
    expected = {
        **{f"encoder.{n}": encoder.time_tokens(caught[f"enc.blocks_a.{n}"]) for n in range(3)},
        "encoder.3": encoder.time_tokens(caught["enc.blocks_u.0"]),
        "encoder": encoder.time_tokens(caught["enc.norm_a"]),
        "aggregator.0": caught["agg1.out"],
        "aggregator": caught["agg2.out"],
        "qformer.0": caught["qf.layer.0"],
        "qformer": caught["qf.last_hidden_state"],
        "lm.0": caught["llm.layer.0"][:, :prefix],
        "lm": caught["llm.norm"][:, :prefix],
    }
    assert tuple(expected) == model.info.layers
    for layer, tokens in expected.items():
        (found,) = model.embed(CLIPS[2:], layer=layer, pooling="none")
        # hidden states of the language model reach 100 here, so that its last digits are worth 1e-5
        assert found.features == pytest.approx(tokens[0, : len(found.features)].numpy(), abs=1e-4), layer


def test_layers_differ_and_pooling_is_of_the_frames(model):
    frames = model.embed(CLIPS, layer="encoder.1", pooling="none")[2].features
    pooled = model.embed(CLIPS, layer="encoder.1", pooling="mean_std")[2].features
    assert pooled[:32] == pytest.approx(frames.mean(0), abs=1e-5)
    assert pooled[32:] == pytest.approx(frames.std(0), abs=1e-5)
    means = [model.embed(CLIPS, layer=layer)[0].features for layer in model.info.layers]
    assert len({mean.tobytes() for mean in means}) == len(means)


def test_a_batch_embeds_as_single_clips_do(model):
    clips = [noise(1_000 * (1 + index), index) for index in range(20)]
    for one, clip in zip(model.embed(clips, layer="qformer"), clips, strict=True):
        assert one.features == pytest.approx(model.embed([clip], layer="qformer")[0].features, abs=1e-5)


def test_it_hears_one_window_and_says_so(model):
    heard = [one.seconds_heard for one in model.embed(CLIPS)]
    assert heard == pytest.approx([200 / 16_000, 9_000 / 16_000, 1.28])
    answers = model.describe(CLIPS, [None] * 3, generation=SHORT)
    assert [answer.seconds_heard for answer in answers] == pytest.approx(heard)


def test_a_batch_describes_as_single_clips_do(model):
    prompts = ["Describe!", None, "How many, and for how long do they go on?"]
    batch = model.describe(CLIPS, prompts, generation=SHORT)
    pairs = zip(CLIPS, prompts, strict=True)
    assert batch == [model.describe([clip], [prompt], generation=SHORT)[0] for clip, prompt in pairs]
    assert batch[1] == model.describe([CLIPS[1]], ["What is it?"], generation=SHORT)[0]


def test_the_sound_changes_the_answer(model):
    answers = model.describe(CLIPS, ["Describe!"] * 3, generation=SHORT)
    assert len({answer.text for answer in answers}) > 1


def test_an_unknown_layer_and_a_missing_prompt_are_refused(model):
    with pytest.raises(InvalidRequestError, match=r"no layer 'encoder\.9'.*qformer"):
        model.embed(CLIPS, layer="encoder.9")
    with pytest.raises(InvalidRequestError, match="3 waveforms, but 1 prompts"):
        model.describe(CLIPS, [None])


def test_a_question_of_a_kind_not_learnt_is_refused_with_the_kinds_that_are(model, folder):
    with pytest.raises(CapabilityError, match="of the kind language; it offers: class"):
        model.describe(CLIPS[:1], ["Which LANGUAGE is spoken?"])
    twin = load(str(folder), device="cpu", weights="random")
    assert twin.describe(CLIPS[:1], ["Which language is spoken?"], generation=SHORT)[0].tokens <= 8


def test_without_a_tokenizer_it_embeds_and_does_not_describe(tmp_path):
    silent = load(str(write_folder(tmp_path / "silent", with_tokenizer=False)), device="cpu")
    assert silent.info.capabilities == ("embed",)
    assert len(silent.embed(CLIPS)) == 3
    with pytest.raises(CapabilityError, match=r"no tokenizer\.json"):
        silent.describe(CLIPS, [None] * 3)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(tmp_path):
    small = description(language_model={**LANGUAGE_MODEL, "vocab_size": 100})
    small.write(tmp_path)
    tokenizer().save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelInvalidError, match=r"tokens, the language model 100"):
        load(str(tmp_path), device="cpu", weights="random")


def test_a_damaged_tokenizer_is_named(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelInvalidError, match=r"tokenizer\.json cannot be read"):
        load(str(tmp_path), device="cpu")


def test_the_random_twin_needs_config_alone(tmp_path):
    description().write(tmp_path)
    first, again = (load(str(tmp_path), device="cpu", weights="random", seed=3) for _ in range(2))
    other = load(str(tmp_path), device="cpu", weights="random", seed=4)
    assert first.info.model_id == f"{tmp_path.name}@random-3"
    assert first.info.offers == ()
    same = [model.embed(CLIPS)[0].features for model in (first, again)]
    assert np.array_equal(*same)
    assert not np.allclose(same[0], other.embed(CLIPS)[0].features)


def test_the_language_model_in_16_bits_answers_and_embeddings_stay(folder, model):
    half = load(str(folder), device="cpu", dtype="bfloat16")
    assert half.info.dtype == "bfloat16"
    assert np.array_equal(half.embed(CLIPS)[2].features, model.embed(CLIPS)[2].features)
    assert half.describe(CLIPS[:1], [None], generation=SHORT)[0].tokens > 0
    assert str(half.model.language_model.model.rotary_emb.inv_freq.dtype) == "torch.float32"


def test_phases_are_marked_and_a_cancelled_call_stops(model):
    phases = []

    @contextmanager
    def phase(name):
        phases.append(name)
        yield

    model.forget()
    for _ in range(2):
        model.describe(CLIPS[:1], [None], generation=SHORT, context=RunContext(phase=phase))
    assert phases == ["frontend", "encode", "generate", "generate"]

    def stop():
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        model.embed(CLIPS, context=RunContext(check=stop))
