"""AST, CLAP and Whisper's encoder: real classes and feature extractors, small, from disk."""

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from family_models import ENCODERS, RATES, SAME, edit, load, noise, save
from gama_operations.errors import CapabilityError, InvalidRequestError, ModelInvalidError


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: save(tmp_path_factory.mktemp(kind) / kind, kind) for kind in ENCODERS}


@pytest.fixture(scope="module")
def loaded(folders):
    return {kind: load(folder) for kind, folder in folders.items()}


def clips_of(kind, *seconds, channels=1):
    rate = RATES.get(kind.removesuffix("-fused"), 16_000)
    return [noise(length, seed, rate, channels) for seed, length in enumerate(seconds)]


@pytest.mark.parametrize("kind", ENCODERS)
def test_what_a_clip_gives_does_not_depend_on_its_neighbours(loaded, kind):
    model = loaded[kind]
    clips = clips_of(kind, 0.7, 3, 0.02, 1.1)
    for layer in (model.info.layers[0], model.info.default_layer):
        together = model.embed(clips, layer=layer)
        alone = [model.embed([clip], layer=layer)[0] for clip in clips]
        for one, other in zip(together, alone, strict=True):
            np.testing.assert_allclose(one.features, other.features, atol=SAME)
        assert np.abs(together[0].features - together[3].features).max() > 100 * SAME


@pytest.mark.parametrize("kind", ENCODERS)
def test_seconds_heard_end_with_the_window_and_nothing_behind_it_is_heard(loaded, kind):
    model = loaded[kind]
    window = model.info.window_seconds
    assert window == {"ast": 1.28}.get(kind, 2.0)
    short, long = clips_of(kind, 0.5, 3 * window)
    cut = long[:, : round(window * model.info.sample_rate)]
    heard = model.embed([short, long, cut])
    assert [one.seconds_heard for one in heard] == pytest.approx([0.5, window, window])
    np.testing.assert_allclose(heard[1].features, heard[2].features, atol=SAME)


@pytest.mark.parametrize("kind", ENCODERS)
def test_channels_are_mixed_down_to_their_mean(loaded, kind):
    (stereo,) = clips_of(kind, 0.4, channels=2)
    two, one = loaded[kind].embed([stereo, stereo.mean(0, keepdims=True)])
    np.testing.assert_allclose(two.features, one.features, atol=SAME)


@pytest.mark.parametrize("kind", ["ast", "clap", "clap-fused", "whisper"])
def test_steps_of_the_first_layer_stand_in_the_order_of_time_and_padding_has_none(loaded, kind):
    model = loaded[kind]
    rate, window = model.info.sample_rate, model.info.window_seconds
    (clip,) = clips_of(kind, window)
    clip[:, : clip.shape[1] // 2] *= 4  # the loudest part, which Whisper's features are relative to
    other = clip.copy()
    other[:, round(0.75 * len(clip[0])) :] *= 0.3
    one, two = (found.features for found in model.embed([clip, other], layer="hidden.0", pooling="none"))
    moved = np.abs(one - two).max(1) > 1e-3
    assert not moved[: int(0.65 * len(moved))].any()
    assert moved[int(0.85 * len(moved)) :].all()
    (half,) = model.embed([clip[:, : round(window / 2 * rate)]], layer="hidden.0", pooling="none")
    assert len(half.features) == pytest.approx(len(one) / 2, abs=1)


def test_ast_is_that_of_transformers(folders, loaded):
    (clip,) = clips_of("ast", 0.8)
    extractor = transformers.ASTFeatureExtractor.from_pretrained(folders["ast"])
    model = transformers.ASTModel.from_pretrained(folders["ast"]).eval()
    with torch.no_grad():
        output = model(**extractor(clip[0], sampling_rate=16_000, return_tensors="pt"))
    (pooler,) = loaded["ast"].embed([clip])
    np.testing.assert_allclose(pooler.features, output.pooler_output[0].numpy(), atol=SAME)
    (frames,) = loaded["ast"].embed([clip], layer="hidden.2", pooling="none")
    # 12 bands of frequency, and the clip's 78 frames begin 8 of the 12 patches in time
    expected = output.last_hidden_state[0, 2:].reshape(12, 12, -1).mean(0)[:8]
    np.testing.assert_allclose(frames.features, expected.numpy(), atol=SAME)


def test_clap_is_what_its_whole_model_compares_with_texts(folders, loaded):
    (clip,) = clips_of("clap", 2)
    extractor = transformers.ClapFeatureExtractor.from_pretrained(folders["clap"])
    model = transformers.ClapModel.from_pretrained(folders["clap"]).eval()
    with torch.no_grad():
        made = extractor(clip[0], sampling_rate=48_000, return_tensors="pt")
        tower = model.audio_model(made["input_features"])
        expected = model.audio_projection(tower.pooler_output)
    (found,) = loaded["clap"].embed([clip])
    np.testing.assert_allclose(found.features, expected[0].numpy(), atol=SAME)
    assert loaded["clap"].info.notes == ("the text half of CLAP, 31 tensors, is not loaded",)


def test_a_fused_clap_draws_nothing_at_random(loaded):
    clips = clips_of("clap-fused", 0.6, 1.4, 5)
    first, again = loaded["clap-fused"].embed(clips), loaded["clap-fused"].embed(clips)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.features, other.features)


def test_whisper_is_the_encoder_of_transformers(folders, loaded):
    (clip,) = clips_of("whisper", 1)
    extractor = transformers.WhisperFeatureExtractor.from_pretrained(folders["whisper"])
    model = transformers.WhisperModel.from_pretrained(folders["whisper"]).eval()
    with torch.no_grad():
        made = extractor(clip[0], sampling_rate=16_000, return_tensors="pt")
        expected = model.encoder(made["input_features"]).last_hidden_state[0, :50]
    (found,) = loaded["whisper"].embed([clip], pooling="none")
    np.testing.assert_allclose(found.features, expected.numpy(), atol=SAME)
    (mean,) = loaded["whisper"].embed([clip])
    np.testing.assert_allclose(mean.features, expected.mean(0).numpy(), atol=SAME)


@pytest.mark.parametrize(
    ("kind", "tensor", "called"),
    [  # transformers has renamed some since the published files were written
        ("ast", "layer.0.attention.attention.key.bias", "layers.0.attention.k_proj.bias"),
        ("clap", "audio_encoder.batch_norm.bias", "audio_model.audio_encoder.batch_norm.bias"),
        ("whisper", "encoder.conv1.bias", "encoder.conv1.bias"),
    ],
)
def test_what_is_wrong_with_the_weights_is_named(tmp_path, kind, tensor, called):
    folder = save(tmp_path / kind, kind)
    file = folder / "model.safetensors"
    tensors = load_file(file)
    (name,) = (name for name in tensors if name.endswith(tensor))

    def write(**changes):
        changed = {key: value for key, value in (tensors | changes).items() if value is not None}
        save_file(changed, file, metadata={"format": "pt"})

    write(**{name: None})
    with pytest.raises(ModelInvalidError, match=f"it lacks {called}"):
        load(folder)
    write(**{name: torch.zeros(3, 1, 2)})
    with pytest.raises(ModelInvalidError, match=r"it holds misshapen .*\[3, 1, 2\] instead of"):
        load(folder)
    write(stranger=torch.zeros(1))
    with pytest.raises(ModelInvalidError, match="it also holds stranger"):
        load(folder)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(ModelInvalidError, match="cannot be read"):
        load(folder)
    file.rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelInvalidError, match=r"no \.safetensors file \(only pytorch_model\.bin"):
        load(folder)
    assert load(folder, weights="random", seed=3).info.model_id == f"{kind}@random-3"


def test_a_folder_without_its_feature_extractor_or_with_another_ones_is_refused(tmp_path):
    folder = save(tmp_path / "whisper", "whisper")
    edit(folder / "preprocessor_config.json", chunk_length=3)
    with pytest.raises(ModelInvalidError, match="makes 300 frames of 3 s, and the encoder hears 200"):
        load(folder)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ModelInvalidError, match="makes no WhisperFeatureExtractor"):
        load(folder)


def test_random_weights_come_from_their_seed_and_a_narrow_dtype_is_near(folders, loaded):
    (clip,) = clips_of("ast", 0.5)
    one, two, other = (
        load(folders["ast"], weights="random", seed=seed).embed([clip])[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.features, two.features)
    assert np.abs(one.features - other.features).max() > 0.01
    for kind in ("ast", "clap", "whisper"):
        (clip,) = clips_of(kind, 0.5)
        narrow = load(folders[kind], dtype="bfloat16")
        assert narrow.info.dtype == "bfloat16"
        wide, near = loaded[kind].embed([clip])[0].features, narrow.embed([clip])[0].features
        assert np.abs(wide - near).max() < 0.1 * np.abs(wide).max()
        fresh = load(folders[kind], dtype="bfloat16", weights="random")
        assert np.isfinite(fresh.embed([clip])[0].features).all()


def test_encoders_refuse_questions_and_layers_that_they_do_not_have(folders, loaded):
    (clip,) = clips_of("whisper", 0.3)
    with pytest.raises(CapabilityError, match="whisper cannot describe audio: it is an encoder"):
        loaded["whisper"].describe([clip], ["what?"])
    with pytest.raises(InvalidRequestError, match=r"no layer 'hidden\.3'; it has hidden\.0, hidden\.1"):
        loaded["whisper"].embed([clip], layer="hidden.3")
    edit(folders["ast"] / "config.json", grym={"embedding_layer": 1})
    assert load(folders["ast"]).info.default_layer == "hidden.1"
    edit(folders["ast"] / "config.json", grym={"embedding_layer": 7})
    with pytest.raises(ModelInvalidError, match="embedding_layer 7 is none of"):
        load(folders["ast"])
    edit(folders["ast"] / "config.json", grym={})


def test_attention_can_be_chosen_or_is_refused(folders):
    chosen = load(folders["whisper"], attention="eager")
    assert chosen.info.attention == "eager"
    whole = {kind: load(folders[kind]).info.attention for kind in ("whisper", "ast", "clap")}
    assert whole == {"whisper": "sdpa", "ast": "sdpa", "clap": "eager"}  # transformers has no other for CLAP
    assert chosen.transformer.config._attn_implementation == "eager"
    with pytest.raises(CapabilityError, match="flash_attention_2"):
        load(folders["whisper"], attention="flash_attention_2")


@pytest.mark.parametrize(
    ("model_type", "error", "says"),
    [
        ("bert", ModelInvalidError, "'bert' of config.json is none of gama, wav2vec2, .*docs/models.md"),
        ("voxtral", CapabilityError, "pip install mistral-common"),
    ],
)
def test_a_folder_of_another_kind_of_model_is_refused_by_name(tmp_path, model_type, error, says):
    (tmp_path / "config.json").write_text(f'{{"model_type": "{model_type}"}}')
    with pytest.raises(error, match=says):
        load(tmp_path)
