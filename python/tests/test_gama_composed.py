"""A model out of a base and a stage checkpoint, in a folder that names both."""

import json
import logging

import pytest
import torch
from safetensors.torch import load_file, save_file

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.assembly import load_gama
from gama_operations.models.gama.composed import compose
from gama_operations.models.gama.tensor_names import PREFIX
from gama_operations.models.registry import load
from gama_parts import write_parts
from gama_reference import GAMA
from gama_tiny import logits, noise, tiny, tokenizer


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


def test_a_client_is_told_of_extras_by_the_result_and_by_a_log_event(process, tmp_path, parts):
    extra = f"{PREFIX}model.audio_encoder.mlp_head.weight"
    parts.write({**parts.tensors(), extra: torch.ones(2)})
    compose(tmp_path / "model", base=parts.base, checkpoint=parts.checkpoint, gama=parts.gama)
    request = process.send("load_model", {"model": str(tmp_path / "model"), "device": "cpu"})
    said = []
    while (message := process.receive()).get("id") != request or "event" in message:
        said += [message["data"]["message"]] if message.get("event") == "log" else []
    assert message["result"]["model"]["extras"] == [extra]
    assert any(extra in text for text in said)
    loaded = {model["model_id"]: model for model in process.result("status")["models"]}
    assert loaded["model"]["extras"] == [extra]
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
