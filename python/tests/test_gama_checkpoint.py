"""Strict loading by official names, in every form that checkpoints come in."""

import json
import os
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.assembly import assemble, load_gama, random_gama
from gama_operations.models.gama.checkpoint import load_weights, official_state
from gama_operations.models.gama.config import GamaConfig, LoraConfig
from gama_operations.models.gama.folder import GamaFolder, save_gama
from gama_operations.models.gama.weight_files import WeightSource
from gama_operations.models.registry import load
from gama_tiny import CONFIG, LANGUAGE_MODEL, description, noise, tiny, write_folder

PREFIX = "base_model.model."


def same(a, b):
    mine, theirs = a.state_dict(), b.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def without(folder, *names):
    state = load_file(folder / "model.safetensors")
    for name in names:
        del state[name]
    save_file(state, folder / "model.safetensors")


def test_a_saved_model_loads_as_it_was(tmp_path):
    model = tiny(replace(CONFIG, lora=LoraConfig(r=4, alpha=8)), seed=3)
    save_gama(tmp_path / "m", model, description(gama=model.config))
    loaded = load_gama(tmp_path / "m").model
    assert same(model, loaded)
    ids, fbank = torch.tensor([[1, 5, 9, 7]]), torch.randn(1, 128, 128)
    assert torch.equal(model(ids, fbank=fbank).logits, loaded(ids, fbank=fbank).logits)


def test_an_audio_stack_that_was_saved_in_16_bits_computes_in_32(tmp_path):
    folder = write_folder(tmp_path)
    state = load_file(folder / "model.safetensors")
    save_file({name: tensor.bfloat16() for name, tensor in state.items()}, folder / "model.safetensors")
    (one,) = load(str(folder), device="cpu").embed([noise(8_000)])
    assert one.features.dtype == "float32"


@pytest.mark.parametrize(
    ("part", "change", "says"),
    [
        ("gama", {"aggregator_mode": "papr"}, "'papr' - at `\\$.aggregator_mode`"),
        ("gama", {"pool_divisor": 0}, "pool_divisor must be above 0"),
        ("gama", {"embed_dim": "wide"}, "Expected `int`, got `str` - at `\\$.embed_dim`"),
        ("gama", {"lora": {"rank": 8}}, "wrong type"),
        ("language_model", {"model_type": "abacus"}, "no abacus config"),
        ("language_model", {"hidden_size": "wide"}, "no llama config"),
    ],
)
def test_a_config_that_makes_no_model_is_an_invalid_model(tmp_path, part, change, says):
    folder = write_folder(tmp_path)
    values = json.loads((folder / "config.json").read_text())
    values[part] |= change
    (folder / "config.json").write_text(json.dumps(values))
    with pytest.raises(ModelInvalidError, match=says):
        load_gama(folder)


def test_an_index_that_names_no_shards_is_an_invalid_model(tmp_path):
    folder = write_folder(tmp_path)
    for text in ("{", "[]", "{}"):
        (folder / "model.safetensors.index.json").write_text(text)
        with pytest.raises(ModelInvalidError, match=r"index\.json names no shards"):
            load_gama(folder)


def test_names_on_disk_are_the_official_ones(tmp_path):
    names = set(load_file(write_folder(tmp_path) / "model.safetensors"))
    assert f"{PREFIX}model.query_tokens" in names
    assert f"{PREFIX}model.Qformer.bert.encoder.layer.1.crossattention.self.query.weight" in names
    assert f"{PREFIX}model.layers.0.self_attn.q_proj.weight" in names
    assert f"{PREFIX}lm_head.weight" in names
    assert all(name.startswith(PREFIX) for name in names)


def test_a_tied_output_matrix_is_not_written_and_is_tied_again(tmp_path):
    model = tiny(tie_word_embeddings=True)
    tied = description(language_model={**LANGUAGE_MODEL, "tie_word_embeddings": True})
    save_gama(tmp_path / "m", model, tied)
    assert f"{PREFIX}lm_head.weight" not in load_file(tmp_path / "m/model.safetensors")
    loaded = load_gama(tmp_path / "m").model
    lm = loaded.language_model
    assert lm.get_output_embeddings().weight is lm.get_input_embeddings().weight
    assert same(model, loaded)


def test_missing_tensors_are_named(tmp_path):
    gone = [f"{PREFIX}model.audio_encoder.norm_k.bias", f"{PREFIX}model.layers.1.mlp.up_proj.weight"]
    without(write_folder(tmp_path), *gone)
    with pytest.raises(ModelInvalidError, match="2 of") as caught:
        load_gama(tmp_path)
    assert all(name in str(caught.value) for name in gone)
    assert caught.value.details["missing"] == gone


def test_a_tensor_of_the_wrong_shape_is_named_with_both_shapes(tmp_path):
    state = load_file(write_folder(tmp_path) / "model.safetensors")
    name = f"{PREFIX}model.query_tokens"
    save_file({**state, name: torch.zeros(1, 5, 32)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelInvalidError, match=r"query_tokens is \[1, 5, 32\], expected \[1, 4, 32\]"):
        load_gama(tmp_path)


def test_extras_and_saved_buffers_are_listed_apart():
    model = tiny()
    buffer = f"{PREFIX}model.layers.0.self_attn.rotary_emb.inv_freq"
    extra = f"{PREFIX}model.audio_encoder.mlp_head.weight"
    tensors = {**official_state(model), buffer: torch.ones(6), extra: torch.ones(2)}
    report = load_weights(tiny(), WeightSource("here", tensors))
    assert report.buffers == (buffer,)
    assert report.extras == (extra,)
    assert report.loaded == len(model.state_dict())


def test_adapters_that_the_config_does_not_have_are_refused():
    adapted = tiny(replace(CONFIG, lora=LoraConfig()))
    with pytest.raises(ModelInvalidError, match=r"q_proj\.lora_A"):
        load_weights(tiny(), WeightSource("here", official_state(adapted)))


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.removeprefix(PREFIX),
        lambda name: name.removeprefix(PREFIX).removeprefix("model."),
        lambda name: f"module.{name}",
        lambda name: name.replace(".default.", "."),
    ],
    ids=["without peft prefix", "bare", "DataParallel", "LoRA without adapter name"],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".bin", ".pth", ".pt"])
def test_every_form_of_names_and_files_loads(tmp_path, rename, suffix):
    config = replace(CONFIG, lora=LoraConfig())
    model = tiny(config)
    torch.nn.init.normal_(model.language_model.model.layers[0].self_attn.q_proj.lora_B["default"].weight)
    state = {rename(name): tensor.clone() for name, tensor in official_state(model).items()}
    file = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        save_file(state, file)
    else:
        torch.save(state, file)
    assert same(assemble(description(gama=config), file).model, model)


def test_base_folder_and_stage_checkpoint_make_one_model(tmp_path):
    model = tiny()
    state = official_state(model)
    audio = {name: tensor for name, tensor in state.items() if "audio" in name or "ormer" in name}
    audio[f"{PREFIX}model.query_tokens"] = state[f"{PREFIX}model.query_tokens"]
    (tmp_path / "base").mkdir()
    rest = {name: tensor for name, tensor in state.items() if name not in audio}
    # in two shards, as large models come
    first = dict(list(rest.items())[:3])
    second = {name: tensor for name, tensor in rest.items() if name not in first}
    index = {"weight_map": dict.fromkeys(first, "a.safetensors") | dict.fromkeys(second, "b.safetensors")}
    (tmp_path / "base/model.safetensors.index.json").write_text(json.dumps(index))
    save_file(first, tmp_path / "base/a.safetensors")
    save_file(second, tmp_path / "base/b.safetensors")
    torch.save(audio, tmp_path / "stage.bin")
    assembled = assemble(description(), tmp_path / "base", tmp_path / "stage.bin")
    assert assembled.report.loaded == len(state)
    assert same(assembled.model, model)
    with pytest.raises(ModelInvalidError, match="tensors are missing") as caught:
        assemble(description(), tmp_path / "base")
    assert set(caught.value.details["missing"]) == set(audio)


class Touch:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (self.file,)


def test_a_pickle_that_runs_code_is_refused_and_not_run(tmp_path):
    marker = tmp_path / "ran"
    torch.save({"a": Touch(str(marker))}, tmp_path / "evil.bin")
    with pytest.raises(ModelInvalidError, match="cannot be read"):
        assemble(description(), tmp_path / "evil.bin")
    assert not marker.exists()


def test_a_checkpoint_with_more_than_tensors_is_refused(tmp_path):
    torch.save({"model": {"a": torch.ones(1)}}, tmp_path / "nested.pt")
    with pytest.raises(ModelInvalidError, match="flat dictionary"):
        assemble(description(), tmp_path / "nested.pt")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "model_type"),
        ('{"model_type": "wav2vec2"}', "model_type"),
        ('{"model_type": "gama", "gama": {}}', "lacks language_model"),
        ('{"model_type": "gama", "gama": {"blocks": 3}, "language_model": {}}', "unknown fields .* blocks"),
        (
            '{"model_type": "gama", "gama": {"target_frames": 500}, "language_model": {}}',
            "multiples of patch",
        ),
        ('{"model_type": "gama", "gama": {"block_j": 11}, "language_model": {}}', "block_j 11"),
        ('{"model_type": "gama", "gama": {"encoder_heads": 5}, "language_model": {}}', "encoder_heads"),
    ],
)
def test_a_wrong_config_says_what_is_wrong(tmp_path, config, message):
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelInvalidError, match=message):
        load_gama(tmp_path)


def test_a_folder_without_config_or_weights_says_so(tmp_path):
    with pytest.raises(ModelInvalidError, match=r"config\.json cannot be read"):
        load_gama(tmp_path)
    description().write(tmp_path)
    with pytest.raises(ModelInvalidError, match=r"neither model\.safetensors nor"):
        load_gama(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no tensors at all")
    with pytest.raises(ModelInvalidError, match="cannot be read as a checkpoint"):
        load_gama(tmp_path)


def test_a_language_model_of_another_width_is_refused():
    narrow = description(language_model={**LANGUAGE_MODEL, "hidden_size": 64})
    with pytest.raises(ModelInvalidError, match=r"projection_dim 48 .* 64"):
        random_gama(narrow, 0)


def test_the_config_survives_its_json_form(tmp_path):
    for gama in (CONFIG, GamaConfig.official()):
        written = description(gama=gama, offers=("class",), questions={"class": "what"}, revision="7")
        written.write(tmp_path)
        assert GamaFolder.read(tmp_path) == written


def test_a_random_twin_depends_on_its_seed_alone():
    twin = random_gama(description(), 5)
    torch.manual_seed(99)
    assert same(twin, random_gama(description(), 5))
    assert not same(twin, random_gama(description(), 6))
