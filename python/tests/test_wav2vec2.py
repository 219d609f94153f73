"""Encoders of transformers: small random ones of every kind, and the shipped one where it is there."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoFeatureExtractor, AutoModel, Wav2Vec2ForCTC

from gama_operations.errors import CancelledError, CapabilityError, InvalidRequestError, ModelInvalidError
from gama_operations.models import wav2vec2
from gama_operations.models.registry import WEIGHTS
from gama_operations.models.surface import RunContext
from gama_operations.models.wav2vec2 import frame_count, load_wav2vec2, receptive_field

RATE = 16_000
LAYERS = 4
SAME = 2e-5  # float32 sums of another order
GROUP = {"feat_extract_norm": "group", "do_stable_layer_norm": False}  # as the base models
LAYER = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}  # as the large ones
SIZE = {
    "hidden_size": 32,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "conv_dim": [16] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 8,
}


def save(folder, kind="wav2vec2", head=False, **options):
    """A folder as save_pretrained writes it, with random weights of seed 1."""
    config = AutoConfig.for_model(kind, **SIZE | options)
    torch.manual_seed(1)
    model = Wav2Vec2ForCTC(config) if head else AutoModel.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(5)  # fresh weights are so small that attention and clips hardly matter
    model.save_pretrained(folder)
    return folder


def load(folder, **options):
    return load_wav2vec2(folder, **{"device": "cpu"} | options)


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def noise(seconds, seed=0, channels=1):
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))
    return (samples * 0.1).astype(np.float32)


@pytest.fixture(params=["wav2vec2", "hubert", "wavlm"])
def kind(request):
    return request.param


@pytest.mark.parametrize("norm", [GROUP, LAYER])
def test_every_layer_is_that_of_transformers(tmp_path, kind, norm):
    folder = save(tmp_path / "model", kind, **norm)
    model, clip = load(folder), noise(0.8)
    reference = AutoModel.from_pretrained(folder).eval()
    values = torch.from_numpy((clip - clip.mean()) / np.sqrt(clip.var() + 1e-7))
    with torch.inference_mode():
        output = reference(values, output_hidden_states=True)
    states = (*output.hidden_states[:-1], output.last_hidden_state)
    assert model.info.layers == tuple(f"hidden.{index}" for index in range(LAYERS + 1))
    for layer, state in zip(model.info.layers, states, strict=True):
        [frames] = model.embed([clip], layer=layer, pooling="none")
        assert frames.features.shape == (39, 32)
        assert np.abs(frames.features - state[0].numpy()).max() < SAME


@pytest.mark.parametrize("normalise", [True, False, None])
def test_normalisation_is_that_of_the_feature_extractor_and_may_be_off(tmp_path, normalise):
    folder, clip = save(tmp_path / "model"), 0.3 + 5 * noise(0.5)
    says = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": RATE}
    if normalise is not None:
        says["do_normalize"] = normalise
    (folder / "preprocessor_config.json").write_text(json.dumps(says))
    extractor = AutoFeatureExtractor.from_pretrained(folder)
    expected = extractor(clip[0], sampling_rate=RATE, return_tensors="np")["input_values"][0]
    [samples] = load(folder)._pieces(clip)
    assert np.abs(samples - expected).max() < 1e-5


@pytest.mark.parametrize("norm", [GROUP, LAYER])
@pytest.mark.parametrize("pooling", ["mean", "mean_std", "none"])
def test_a_clip_gives_the_same_features_alone_and_in_any_batch(tmp_path, kind, norm, pooling):
    model = load(save(tmp_path / "model", kind, **norm))
    clips = [noise(seconds, seed) for seed, seconds in enumerate([0.5, 1.0, 0.5, 0.03, 0.73, 1.0, 0.01])]
    together = model.embed(clips, layer=f"hidden.{LAYERS}", pooling=pooling)
    # the tolerance below means something: clips differ by far more
    assert np.abs(together[0].features - together[2].features).max() > 100 * SAME
    for clip, embedding in zip(clips, together, strict=True):
        [alone] = model.embed([clip], layer=f"hidden.{LAYERS}", pooling=pooling)
        assert embedding.features.shape == alone.features.shape
        assert np.abs(embedding.features - alone.features).max() < SAME
        assert embedding.seconds_heard == clip.shape[1] / RATE


def test_padding_would_leak_into_the_features_of_a_group_norm_model(tmp_path):
    """Why such models get batches of one length: mask or no mask, transformers gives other features."""
    reference = AutoModel.from_pretrained(save(tmp_path / "model", **GROUP)).eval()
    values = torch.from_numpy(noise(0.5) * 10)
    padded = torch.nn.functional.pad(values, (0, 8000))
    mask = (torch.arange(16_000) < 8000)[None].long()
    with torch.inference_mode():
        alone = reference(values).last_hidden_state[0]
        for given in (mask, None):
            state = reference(padded, attention_mask=given).last_hidden_state[0, : len(alone)]
            assert (state - alone).abs().max() > 1000 * SAME


def test_batches_have_one_length_where_padding_leaks_and_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(wav2vec2, "CHUNK_SECONDS", 1.0)
    lengths = [16_000, 4000, 6000, 4000, 4000, 4000, 4000, 6000]
    groups = list(load(save(tmp_path / "base", **GROUP))._batches(lengths))
    assert groups == [[0], [2, 7], [1, 3, 4, 5], [6]]
    padded = list(load(save(tmp_path / "large", **LAYER))._batches(lengths))
    assert padded == [[0], [2, 7], [1, 3, 4, 5], [6]]
    monkeypatch.setattr(wav2vec2, "CHUNK_SECONDS", 2.0)
    assert list(load(tmp_path / "large")._batches(lengths)) == [[0, 2], [7, 1, 3, 4, 5], [6]]


def test_pooling_is_over_the_frames(tmp_path):
    model, clip = load(save(tmp_path / "model")), noise(1)
    frames, mean, both = (
        model.embed([clip], pooling=pooling)[0].features for pooling in ("none", "mean", "mean_std")
    )
    assert frames.shape == (49, 32)
    assert frames.dtype == mean.dtype == both.dtype == np.float32
    assert np.allclose(mean, frames.mean(axis=0))
    assert np.allclose(both, np.concatenate([frames.mean(axis=0), frames.std(axis=0)]))


def test_channels_are_mixed_and_silence_and_single_samples_stay_finite(tmp_path):
    model = load(save(tmp_path / "model"))
    stereo = noise(0.5, channels=2)
    mixed = stereo.mean(axis=0, keepdims=True)
    assert np.array_equal(model.embed([stereo])[0].features, model.embed([mixed])[0].features)
    for clip in (np.zeros((1, RATE), np.float32), np.ones((1, 1), np.float32), noise(0.024)):
        [frames] = model.embed([clip], pooling="none")
        assert frames.features.shape[0] == max(1, frame_count(clip.shape[1], model._convolutions))
        assert np.isfinite(frames.features).all()
        assert frames.seconds_heard == clip.shape[1] / RATE


def test_one_frame_needs_400_samples_and_the_next_320_more(tmp_path):
    convolutions = load(save(tmp_path / "model"))._convolutions
    assert receptive_field(convolutions) == 400
    assert [frame_count(n, convolutions) for n in (400, 719, 720, RATE)] == [1, 1, 2, 49]


def test_a_long_clip_is_heard_whole_in_pieces(tmp_path, monkeypatch):
    model, clip = load(save(tmp_path / "model", **LAYER)), noise(3.4)
    assert model.info.window_seconds is None
    whole = model.embed([clip], pooling="none")[0].features
    monkeypatch.setattr(wav2vec2, "CHUNK_SECONDS", 1.0)
    passes = []
    [pieces] = model.embed([clip], pooling="none", context=RunContext(check=lambda: passes.append(1)))
    assert len(passes) == 4
    assert pieces.seconds_heard == 3.4
    # a frame less at each of the three seams, where a kernel would have reached across
    assert len(whole) - 3 <= len(pieces.features) <= len(whole)
    # the end is heard: its frames change with it (the others only by the clip's mean and variance)
    other = np.concatenate([clip[:, : 3 * RATE], noise(0.4, seed=9)], axis=1)
    [changed] = model.embed([other], pooling="none")
    moved = np.abs(changed.features - pieces.features).max(axis=1)
    assert moved[-15:].min() > 10 * moved[:100].max()


def test_a_caller_who_gave_up_is_noticed_before_the_next_pass(tmp_path):
    def give_up():
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        load(save(tmp_path / "model")).embed([noise(0.1)], context=RunContext(check=give_up))


def test_info_states_what_was_loaded(tmp_path):
    folder = save(tmp_path / "small-hubert", "hubert")
    info = load(folder).info
    assert (info.model_id, info.family, info.weights) == ("small-hubert", "wav2vec2", "trained")
    assert (info.sample_rate, info.embedding_dim, info.capabilities) == (RATE, 32, ("embed",))
    assert info.parameters == sum(t.numel() for t in load_file(folder / "model.safetensors").values())
    assert len(info.revision) == 12
    edit(folder / "config.json", revision="r7")
    assert load(folder).info.revision == "r7"


def test_the_default_layer_is_the_middle_one_unless_the_config_names_another(tmp_path):
    folder = save(tmp_path / "model")
    assert load(folder).info.default_layer == "hidden.2"
    for stated, expected in ((3, "hidden.3"), ("hidden.4", "hidden.4")):
        edit(folder / "config.json", grym={"embedding_layer": stated})
        model = load(folder)
        assert model.info.default_layer == expected
        named = model.embed([noise(0.2)], layer=expected)[0].features
        assert np.array_equal(model.embed([noise(0.2)])[0].features, named)
    for stated in (5, "hidden.x", "last"):
        edit(folder / "config.json", grym={"embedding_layer": stated})
        with pytest.raises(ModelInvalidError, match=r"grym\.embedding_layer"):
            load(folder)


def test_the_random_twin_needs_the_config_alone_and_follows_its_seed(tmp_path):
    folder, clip = save(tmp_path / "model"), noise(0.3)
    trained = load(folder).embed([clip])[0].features
    (folder / "model.safetensors").unlink()
    state = torch.random.get_rng_state()
    twins = [load(folder, weights="random", seed=seed) for seed in (7, 7, 8)]
    assert torch.equal(torch.random.get_rng_state(), state)
    assert (twins[0].info.model_id, twins[0].info.weights) == ("model@random-7", "random")
    first, again, other = (twin.embed([clip])[0].features for twin in twins)
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.05
    assert np.abs(first - trained).max() > 0.05


def test_a_model_with_a_head_and_old_names_loads_as_its_encoder(tmp_path):
    folder = save(tmp_path / "ctc", head=True)
    bare = save(tmp_path / "bare")
    clip = noise(0.3)
    with_head = load(folder)
    assert not any("lm_head" in name for name in with_head._model.state_dict())
    tensors = load_file(bare / "model.safetensors")
    old = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in tensors.items()
    }
    assert old.keys() != tensors.keys()
    expected = load(bare).embed([clip])[0].features
    save_file(old, bare / "model.safetensors")
    assert np.array_equal(load(bare).embed([clip])[0].features, expected)


def test_a_missing_tensor_is_named(tmp_path):
    folder = save(tmp_path / "model")
    file = folder / "model.safetensors"
    tensors = load_file(file)
    missing = "encoder.layers.2.attention.q_proj.weight"
    save_file({name: tensor for name, tensor in tensors.items() if name != missing}, file)
    with pytest.raises(ModelInvalidError, match=f"it lacks {missing}$"):
        load(folder)
    save_file(tensors | {"encoder.layers.9.final_layer_norm.bias": torch.zeros(32)}, file)
    with pytest.raises(ModelInvalidError, match=r"it also holds encoder\.layers\.9"):
        load(folder)
    save_file(tensors | {missing: torch.zeros(3, 3)}, file)
    with pytest.raises(ModelInvalidError, match=r"misshapen .*q_proj\.weight \[3, 3\] instead of \[32, 32\]"):
        load(folder)
    save_file({name: tensor for name, tensor in tensors.items() if name != "masked_spec_embed"}, file)
    assert load(folder).info.weights == "trained"  # only training needs that one


def test_a_folder_without_safetensors_or_with_broken_ones_is_invalid(tmp_path):
    folder = save(tmp_path / "model")
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelInvalidError, match=r"model\.safetensors cannot be read"):
        load(folder)
    file.rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelInvalidError, match=r"no \.safetensors file \(only pytorch_model\.bin"):
        load(folder)
    edit(folder / "config.json", model_type="bert")
    with pytest.raises(ModelInvalidError, match="'bert' is none of wav2vec2, hubert, wavlm"):
        load(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelInvalidError, match=r"config\.json cannot be read"):
        load(folder)


def test_weights_split_over_files_are_put_together(tmp_path):
    folder, clip = save(tmp_path / "model"), noise(0.3)
    expected = load(folder).embed([clip])[0].features
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    for part in (0, 1):
        names = sorted(tensors)[part::2]
        save_file({name: tensors[name] for name in names}, folder / f"model-{part}-of-2.safetensors")
    assert np.array_equal(load(folder).embed([clip])[0].features, expected)


def test_what_an_encoder_cannot_do_is_refused(tmp_path):
    model = load(save(tmp_path / "model"))
    with pytest.raises(CapabilityError, match="model cannot describe audio"):
        model.describe([noise(0.1)], ["What is it?"])
    with pytest.raises(InvalidRequestError, match=r"no layer 'hidden\.9'; it has hidden\.0, "):
        model.embed([noise(0.1)], layer="hidden.9")
    assert model.embed([]) == []


def test_half_precision_gives_float32_features_close_to_the_full_ones(tmp_path):
    folder, clip = save(tmp_path / "model"), noise(0.5)
    full, half = (load(folder, dtype=dtype).embed([clip])[0].features for dtype in ("float32", "bfloat16"))
    assert half.dtype == np.float32
    assert not np.array_equal(full, half)
    assert np.corrcoef(full, half)[0, 1] > 0.9


@pytest.mark.skipif(
    not (WEIGHTS / "wav2vec2-tiny" / "config.json").is_file(), reason="wav2vec2-tiny is not trained yet"
)
def test_the_shipped_model_hears():
    folder = Path(WEIGHTS / "wav2vec2-tiny")
    model, twin = load(folder), load(folder, weights="random")
    clips = [noise(1.0, 1), noise(0.4, 2)]
    for clip, embedding in zip(clips, model.embed(clips), strict=True):
        assert embedding.features.shape == (model.info.embedding_dim,)
        assert np.isfinite(embedding.features).all()
        assert np.abs(embedding.features - model.embed([clip])[0].features).max() < SAME
    assert not np.allclose(model.embed(clips)[0].features, twin.embed(clips)[0].features, atol=1e-2)
    assert model.info.model_id == "wav2vec2-tiny"
    assert model.info.parameters == twin.info.parameters
