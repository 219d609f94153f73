"""A model out of a base and a stage checkpoint; LoRA merged or not; other language models; LTU."""

import json
import logging
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from gama_operations.errors import InvalidRequestError, ModelInvalidError
from gama_operations.models.gama.assembly import assemble, load_gama
from gama_operations.models.gama.checkpoint import official_state, save_weights
from gama_operations.models.gama.composed import compose, released_config
from gama_operations.models.gama.config import GamaConfig, LoraConfig
from gama_operations.models.gama.folder import GamaFolder, save_gama
from gama_operations.models.gama.lora import merge_lora
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.tensor_names import PREFIX
from gama_operations.models.registry import load
from gama_parts import BASE_CONFIG, in_checkpoint, write_ltu, write_parts
from gama_reference import GAMA
from gama_tiny import noise, tiny, tokenizer


def logits(model, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        fbank = torch.randn(1, model.config.target_frames, model.config.mel_bins, generator=generator)
        return model(torch.tensor([[1, 20, 21, 22, 9]]), fbank=fbank).logits


@pytest.fixture
def parts(tmp_path):
    return write_parts(tmp_path / "parts")


@pytest.fixture
def folder(tmp_path, parts):
    compose(
        tmp_path / "model", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama, name="two parts"
    )
    return tmp_path / "model"


def test_a_composed_folder_loads_by_its_path_and_answers(folder):
    model = load(str(folder), device="cpu")
    assert model.info.capabilities == ("embed", "describe", "score")
    assert (model.info.extras, model.info.notes) == ((), ())
    (answer,) = model.describe([noise(16_000)], [None])
    assert answer.tokens > 0
    whole = tiny(GAMA)
    assert model.info.parameters == sum(parameter.numel() for parameter in whole.parameters())
    assert not (folder / "model.safetensors").exists()
    assert not (folder / "tokenizer.json").exists()


def test_three_fields_by_hand_are_enough(tmp_path, parts):
    values = {"model_type": "gama", "gama": parts.gama.to_dict(), "base": "parts/base"}
    values["checkpoint"] = str(parts.checkpoint)
    (tmp_path / "config.json").write_text(json.dumps(values))
    model = load(str(tmp_path), device="cpu")
    assert len(model.info.revision) == 12
    parts.write({name: tensor * 1.5 for name, tensor in parts.tensors().items()})
    assert load(str(tmp_path), device="cpu").info.revision != model.info.revision


def test_parts_inside_the_folder_move_with_it(tmp_path):
    parts = write_parts(tmp_path / "here")
    compose(tmp_path / "here", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    before = logits(load_gama(tmp_path / "here").model)
    linked = parts.checkpoint.rename(tmp_path / "elsewhere.safetensors")
    parts.checkpoint.symlink_to(linked)
    compose(tmp_path / "here", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    assert json.loads((tmp_path / "here/config.json").read_text())["checkpoint"] == "stage.safetensors"
    (tmp_path / "here").rename(tmp_path / "there")
    assert torch.equal(logits(load_gama(tmp_path / "there").model), before)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"base": "b"}, "lacks gama and language_model and checkpoint"),
        ({"base": "b", "checkpoint": 3}, "`checkpoint` is no path"),
        ({"base": "nowhere", "checkpoint": "c"}, r"nowhere/config\.json cannot be read"),
        ({"base": "parts/base", "checkpoint": "c", "language_model": {}}, "the base's own config counts"),
        ({"base": "parts/base", "checkpoint": "c", "expects": {"sha": 1}}, "`expects` must state"),
        ({"base": "parts/base", "checkpoint": "c"}, "projection_dim 4096 is not the width 48"),
    ],
)
def test_a_folder_that_names_its_parts_wrongly_says_so(tmp_path, parts, values, says):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gama", **values}))
    (tmp_path / "c").write_bytes(parts.checkpoint.read_bytes())
    (tmp_path / "c").rename(tmp_path / "c.safetensors")
    if "checkpoint" in values and values["checkpoint"] == "c":
        values = {**values, "checkpoint": "c.safetensors"}
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "gama", **values}))
    with pytest.raises(ModelInvalidError, match=says):
        load(str(tmp_path), device="cpu")


def test_another_base_in_its_place_is_named_by_everything_that_differs(folder, parts):
    parts.change_base(rms_norm_eps=1e-6)
    with pytest.raises(ModelInvalidError, match="rms_norm_eps is 1e-06, expected 1e-05"):
        load_gama(folder)
    parts.change_base(rms_norm_eps=1e-5)
    load_gama(folder)

    spoilt = tokenizer()
    spoilt.add_tokens(["### Instruction"])
    spoilt.save(str(parts.base / "tokenizer.json"))
    with pytest.raises(ModelInvalidError, match=r"its tokenizer makes \[1, .* of the prompt, expected \[1, "):
        load_gama(folder)
    tokenizer().save(str(parts.base / "tokenizer.json"))

    weights = load_file(parts.base / "model.safetensors")
    weights["model.layers.1.mlp.up_proj.weight"][0, 0] += 0.5  # a chat model instead of the plain one, say
    save_file(weights, parts.base / "model.safetensors")
    with pytest.raises(
        ModelInvalidError, match=r"its weights are others .* put the model together again"
    ) as caught:
        load_gama(folder)
    assert str(parts.base) in str(caught.value)


def test_what_does_not_make_a_model_is_not_written(tmp_path, parts):
    parts.write({**parts.tensors(), f"{PREFIX}model.query_tokens": torch.zeros(1, 1, 32)})
    with pytest.raises(ModelInvalidError, match="wrong shape"):
        compose(tmp_path / "model", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    assert not (tmp_path / "model").exists()
    with pytest.raises(ModelInvalidError, match="is the base itself"):
        compose(parts.base, base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)


def test_extras_and_replaced_tensors_are_told_by_the_model_and_in_the_log(tmp_path, parts, caplog):
    extra, twice = f"{PREFIX}model.audio_encoder.mlp_head.weight", "model.query_tokens"
    parts.write({**parts.tensors(), extra: torch.ones(2)})
    base = load_file(parts.base / "model.safetensors")
    save_file({**base, twice: torch.zeros(GAMA.query_tokens)}, parts.base / "model.safetensors")
    compose(tmp_path / "model", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        info = load(str(tmp_path / "model"), device="cpu").info
    assert info.extras == (extra,)
    assert info.notes == (f"1 tensors of the base were replaced by the checkpoint's: {PREFIX}{twice}",)
    assert extra in caplog.text
    assert info.notes[0] in caplog.text


def test_a_client_is_told_of_extras_by_the_result_and_by_a_log_event(start, tmp_path, parts):
    extra = f"{PREFIX}model.audio_encoder.mlp_head.weight"
    parts.write({**parts.tensors(), extra: torch.ones(2)})
    compose(tmp_path / "model", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    process = start()
    request = process.send("load_model", {"model": str(tmp_path / "model"), "device": "cpu"})
    said = []
    while (message := process.receive()).get("id") != request or "event" in message:
        said += [message["data"]["message"]] if message.get("event") == "log" else []
    assert message["result"]["model"]["extras"] == [extra]
    assert any(extra in text for text in said)
    assert process.result("status")["models"][0]["extras"] == [extra]
    parts.change_base(rms_norm_eps=1e-6)
    process.result("unload_model", {"model_id": "model"})
    error = process.error("load_model", {"model": str(tmp_path / "model"), "device": "cpu"})
    assert error["code"] == "model_invalid"
    assert "rms_norm_eps is 1e-06, expected 1e-05" in error["message"]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_base_in_16_bits_and_a_checkpoint_in_32_make_one_model(folder, parts, tmp_path, dtype):
    base = load_file(parts.base / "model.safetensors")
    save_file({name: tensor.half() for name, tensor in base.items()}, parts.base / "model.safetensors")
    compose(tmp_path / "mixed", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    mixed = load(str(tmp_path / "mixed"), device="cpu", dtype=dtype)
    types = {parameter.dtype for parameter in mixed.model.language_model.parameters()}
    assert types == {getattr(torch, dtype)}
    (answer,) = mixed.describe([noise(16_000)], [None])
    assert answer.tokens > 0
    with pytest.raises(ModelInvalidError, match="its weights are others"):
        load(str(folder), device="cpu")  # half precision rounded them: the folder from before knows


def test_a_folder_in_place_of_a_checkpoint_is_told(tmp_path, parts):
    with pytest.raises(ModelInvalidError, match="is a folder: name the file in it"):
        compose(tmp_path / "model", base=parts.base, checkpoint=parts.base, gama=parts.gama)


def test_merged_lora_is_the_same_model(parts):
    description = GamaFolder(parts.gama, BASE_CONFIG)
    apart = assemble(description, parts.base, parts.checkpoint).model
    merged = assemble(description, parts.base, parts.checkpoint).model
    assert merge_lora(merged.language_model) == 4  # q and v of two layers
    assert not any(".lora_" in name for name in merged.state_dict())
    one, other = logits(apart), logits(merged)
    assert not torch.equal(one, logits(tiny(replace(GAMA, lora=None), **BASE_CONFIG)))
    scale = float(one.abs().max())
    assert float((one - other).abs().max()) <= 1e-5 * scale
    name = "language_model.model.layers.1.self_attn.q_proj"
    q = apart.get_submodule(name)
    by_hand = (
        q.weight.double() + 2.0 * q.lora_B["default"].weight.double() @ q.lora_A["default"].weight.double()
    )
    assert torch.allclose(merged.get_submodule(name).weight.double(), by_hand, atol=1e-7)


def test_merged_weights_load_under_a_config_with_lora_and_say_so(tmp_path, parts, caplog):
    merged = assemble(GamaFolder(parts.gama, BASE_CONFIG), parts.base, parts.checkpoint).model
    merge_lora(merged.language_model)
    save_gama(tmp_path / "merged", merged, GamaFolder(parts.gama, BASE_CONFIG))
    with caplog.at_level(logging.WARNING):
        loaded = load_gama(tmp_path / "merged")
    assert loaded.report.merged_lora
    assert "LoRA is taken as merged" in caplog.text
    assert "LoRA is taken as merged" in load(str(tmp_path / "merged"), device="cpu").info.notes[0]
    assert torch.equal(logits(loaded.model), logits(merged))
    # a stage file that carries the changed matrices replaces the base's
    changed = {
        n: t for n, t in official_state(merged).items() if in_checkpoint(n) or "q_proj" in n or "v_proj" in n
    }
    parts.write(changed)
    beside = assemble(GamaFolder(parts.gama, BASE_CONFIG), parts.base, parts.checkpoint)
    assert beside.report.merged_lora
    assert len(beside.report.replaced) == 4
    assert torch.equal(logits(beside.model), logits(merged))


OTHERS = {
    "qwen3": ({"num_key_value_heads": 2, "head_dim": 12, "rms_norm_eps": 1e-6}, ("q_proj", "v_proj")),
    "gpt_neox": ({"layer_norm_eps": 1e-5, "rotary_pct": 0.5}, ("query_key_value",)),
    "gemma3_text": ({"num_key_value_heads": 1, "head_dim": 12, "rms_norm_eps": 1e-6}, ("q_proj",)),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_language_model_is_a_base_as_transformers_saves_it(tmp_path, kind):
    fields, targets = OTHERS[kind]
    common = {k: BASE_CONFIG[k] for k in BASE_CONFIG if k not in ("rms_norm_eps", "num_key_value_heads")}
    tied = kind == "gemma3_text"
    config = {**common, **fields, "model_type": kind, "tie_word_embeddings": tied}
    gama = replace(GAMA, lora=LoraConfig(4, 8, targets))
    torch.manual_seed(5)
    model = Gama.from_config(gama, config).eval()
    for name, parameter in model.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(parameter, std=0.1)
    state = official_state(model)
    checkpoint = tmp_path / "stage.bin"
    torch.save({name: tensor for name, tensor in state.items() if in_checkpoint(name)}, checkpoint)
    expected = logits(model)
    merge = replace(gama, lora=None)
    plain = Gama.from_config(merge, config)
    plain.load_state_dict({n: t for n, t in model.state_dict().items() if ".lora_" not in n})
    plain.language_model.save_pretrained(tmp_path / "base")
    tokenizer().save(str(tmp_path / "base/tokenizer.json"))
    compose(tmp_path / "model", base=tmp_path / "base", checkpoint=checkpoint, gama=gama)
    loaded = load_gama(tmp_path / "model")
    assert loaded.report.extras == ()
    assert torch.equal(logits(loaded.model), expected)
    if tied:
        language_model = loaded.model.language_model
        assert language_model.get_output_embeddings().weight is language_model.get_input_embeddings().weight
    (answer,) = load(str(tmp_path / "model"), device="cpu").describe([noise(16_000)], ["What is it?"])
    assert answer.tokens > 0


def test_tied_embeddings_that_differ_in_the_file_are_refused(tmp_path):
    description = GamaFolder(replace(GAMA, lora=None), {**BASE_CONFIG, "tie_word_embeddings": False})
    save_weights(tiny(description.gama, **BASE_CONFIG), tmp_path / "untied.safetensors")
    tied = replace(description, language_model={**BASE_CONFIG, "tie_word_embeddings": True})
    with pytest.raises(ModelInvalidError, match=r"lm_head\.weight .* differ, and the config ties them"):
        assemble(tied, tmp_path / "untied.safetensors")


def test_ltu_is_composed_as_such_and_says_that_it_is_untested(tmp_path):
    parts = write_ltu(tmp_path)
    names = parts.tensors()
    assert f"{PREFIX}model.audio_proj.1.weight" in names
    assert not any("norm_j" in name or "Qformer" in name or "aggregator" in name for name in names)
    assert released_config(parts.checkpoint) == GamaConfig.ltu()
    assert released_config(write_parts(tmp_path / "gama").checkpoint) == GamaConfig.official()
    compose(tmp_path / "ltu", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    model = load(str(tmp_path / "ltu"), device="cpu")
    assert "never compared with numbers of the official code" in model.info.notes[-1]
    (answer,) = model.describe([noise(16_000)], [None])
    assert answer.tokens > 0
    (embedded,) = model.embed([noise(16_000)], layer="encoder")
    assert embedded.features.shape == (GAMA.embed_dim,)
    clips = [noise(200), noise(8_000), noise(16_000)]
    for layer in (name for name in model.info.layers if name.startswith("lm")):
        found = model.embed(clips, layer=layer, pooling="none")
        # a prefix token is of two columns of 160 ms: what stands for padding is left out
        assert [one.features.shape for one in found] == [(count, 48) for count in (1, 2, 4)]
    assert "qformer" not in model.info.layers
    with pytest.raises(InvalidRequestError):
        model.embed([noise(16_000)], layer="qformer")


def test_the_prefix_of_ltu_is_what_its_source_computes():
    """Written out once more, after modeling_llama.py of YuanGongND/ltu: no numbers of the official code."""
    model = tiny(replace(GAMA, architecture="ltu", lora=None))
    encoder, (_, projection) = model.audio.audio_encoder, model.audio.audio_proj
    fbank = torch.randn(2, GAMA.target_frames, GAMA.mel_bins)
    with torch.inference_mode():
        patches = encoder(fbank).last
        grid = patches.reshape(2, GAMA.freq_patches, GAMA.time_patches, GAMA.embed_dim)
        pooled = torch.nn.functional.avg_pool2d(grid.mean(1), (2, 1)) / GAMA.pool_divisor
        expected = projection(torch.nn.functional.layer_norm(pooled, (GAMA.embed_dim,)))
        prefix = model.audio_prefix(fbank)
    assert prefix.shape[1] == model.config.prefix_tokens == GAMA.time_patches // 2
    assert torch.allclose(prefix, expected, atol=1e-6)
