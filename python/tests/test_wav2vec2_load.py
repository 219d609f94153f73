"""Folders of encoders: what is loaded is stated, what is missing is named; and the shipped one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from gama_operations.errors import ModelInvalidError
from gama_operations.models.registry import WEIGHTS
from wav2vec2_models import RATE, SAME, edit, load, noise, save


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
    assert not any("lm_head" in name for name in with_head._encoder.state_dict())
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
