"""Models by name and by folder."""

import json
import subprocess
import sys
import types

import numpy as np
import pytest
import torch

from gama_operations.errors import CapabilityError, InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models.gama.adapter import GamaModel, Identity
from gama_operations.models.gama.model import Gama
from gama_operations.models.registry import WEIGHTS, default_device, default_dtype, load, resolve
from gama_tiny import description, noise, tiny, write_folder
from wav2vec2_models import SAME, save


def test_baselines_and_folders_resolve(tmp_path):
    assert resolve("fbank") == "fbank"
    assert resolve("mfcc-20") == "mfcc-20"
    assert resolve(str(write_folder(tmp_path))) == tmp_path


@pytest.mark.parametrize("name", ["fbank", "mfcc-20"])
def test_baselines_load_by_name_and_embed(name):
    baseline = load(name)
    assert (baseline.info.model_id, baseline.info.family) == (name, "statistics")
    (one,) = baseline.embed([noise(16_000)])
    assert one.features.shape == (baseline.info.embedding_dim,)


def test_a_folder_of_another_architecture_goes_to_transformers(tmp_path):
    config = {"model_type": "wav2vec2", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    small = {**config, "intermediate_size": 64, "conv_dim": [32] * 7, "num_conv_pos_embedding_groups": 2}
    (tmp_path / "config.json").write_text(json.dumps(small))
    assert load(str(tmp_path), device="cpu", weights="random").info.family == "wav2vec2"


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_size": "wide"},
        {"num_attention_heads": 7},
        {"conv_dim": [8]},
        {"grym": [1]},
        {"hidden_size": 0},
    ],
)
def test_a_config_of_transformers_that_makes_no_model_is_an_invalid_model(tmp_path, change):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "wav2vec2", **change}))
    with pytest.raises(ModelInvalidError, match=r"config\.json"):
        load(str(tmp_path), device="cpu", weights="random")


def test_shipped_models_resolve_by_name():
    shipped = sorted(file.parent for file in WEIGHTS.glob("*/config.json"))
    if not shipped:
        pytest.skip(f"no model lies in {WEIGHTS} yet")
    assert [resolve(folder.name) for folder in shipped] == shipped


def test_an_unknown_model_is_named_with_what_there_is(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"no model 'whale': not one of .*fbank, mfcc-20"):
        resolve("whale")
    with pytest.raises(ModelNotFoundError, match=r"not a folder with a config\.json"):
        load(str(tmp_path))


def test_a_folder_that_states_no_model_type_is_refused(tmp_path):
    for text in ("{", "[]", "{}", '{"model_type": 3}'):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(ModelInvalidError, match=r"config\.json"):
            load(str(tmp_path), device="cpu")


def test_a_device_that_is_not_there_is_refused(tmp_path):
    folder = str(write_folder(tmp_path))
    with pytest.raises(InvalidRequestError, match="no device 'abacus'"):
        load(folder, device="abacus")
    with pytest.raises(InvalidRequestError, match="no device 'cuda:77'"):
        load(folder, device="cuda:77")


@pytest.mark.parametrize("device", ["meta", "xpu", "mps:7"])
def test_a_device_that_torch_knows_and_this_machine_lacks_is_refused_before_anything_is_read(
    tmp_path, device
):
    with pytest.raises(InvalidRequestError, match=r"no device .*: ask for `cpu`"):
        load(str(write_folder(tmp_path)), device=device)


@pytest.mark.parametrize("name", ["~nobody-of-that-name/model", "x" * 5000, "a\0b"])
def test_a_name_that_is_no_path_is_no_model(name):
    with pytest.raises(ModelNotFoundError, match="no model"):
        resolve(name)


@pytest.mark.parametrize(("named", "dtype"), [("", "float32"), ("none", "float32"), ("BF16", "bfloat16")])
def test_the_seeds_quantization_is_the_default_dtype_of_gama(tmp_path, monkeypatch, named, dtype):
    monkeypatch.setenv("GAMA_QUANTIZATION", named)
    folder = str(write_folder(tmp_path))
    assert load(folder, device="cpu").info.dtype == dtype
    assert load(folder, device="cpu", dtype="float16").info.dtype == "float16"


@pytest.mark.parametrize("named", ["8bit", "4bit"])
def test_weights_of_few_bits_are_refused_off_cuda_and_never_ignored(tmp_path, monkeypatch, named):
    folder = str(write_folder(tmp_path))
    with pytest.raises(CapabilityError, match=rf"{named} need CUDA .* device is cpu: ask for"):
        load(folder, device="cpu", quantization=named)
    monkeypatch.setenv("GAMA_QUANTIZATION", named)
    for dtype in (None, "float32"):
        with pytest.raises(CapabilityError, match=rf"{named} need CUDA"):
            load(folder, device="cpu", dtype=dtype)
    assert load(folder, device="cpu", quantization="none", dtype="float32").info.dtype == "float32"
    assert load("fbank").info.dtype == "float32"


def test_the_default_dtype_is_the_one_that_goes_with_the_quantization_that_is_wanted(tmp_path, monkeypatch):
    folder = write_folder(tmp_path)
    assert [default_dtype(folder, bits) for bits in ("8bit", "4bit", "none", None)] == [
        *("float16", "bfloat16", "float32", "float32")
    ]
    monkeypatch.setenv("GAMA_QUANTIZATION", "8bit")
    assert [default_dtype(folder, bits) for bits in ("4bit", "none", None)] == [
        *("bfloat16", "float32", "float16")
    ]
    unquantized = load(str(folder), device="cpu", quantization="none").info
    assert (unquantized.dtype, unquantized.quantization) == ("float32", "none")
    monkeypatch.setenv("GAMA_QUANTIZATION", "bf16")
    assert default_dtype(folder, "none") == "bfloat16"


def test_weights_become_few_bits_before_they_go_to_the_device(monkeypatch):
    """With a stand-in for bitsandbytes, which computes on CUDA only: it shows the order of the steps."""
    came_from = []

    class Small(torch.nn.Linear):
        def __init__(self, inputs, outputs, bias, **_options):
            super().__init__(inputs, outputs, bias)

    def parameter(weight, **_options):
        return torch.nn.Parameter(weight.half(), requires_grad=False)

    bnb = types.SimpleNamespace(nn=types.SimpleNamespace(Linear8bitLt=Small, Int8Params=parameter))
    monkeypatch.setitem(sys.modules, "bitsandbytes", bnb)
    model, whole = tiny(), sum(parameter.numel() for parameter in tiny().parameters())
    to = Gama.to
    monkeypatch.setattr(Gama, "to", lambda self, device: (came_from.append(small(self)), to(self, device))[1])

    def small(gama):
        return sum(type(module) is Small for module in gama.modules())

    loaded = GamaModel(model, description(), None, Identity("m", "r", "trained", "meta", "float16"), "8bit")
    assert came_from == [14]  # seven of each of two layers, none of the head
    assert {parameter.device.type for parameter in model.parameters()} == {"meta"}
    assert (loaded.info.quantization, loaded.info.parameters) == ("8bit", whole)


def test_a_quantization_that_nobody_knows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMA_QUANTIZATION", "int8")
    with pytest.raises(InvalidRequestError, match=r"GAMA_QUANTIZATION=int8 is none of 8bit, 4bit"):
        load(str(write_folder(tmp_path)), device="cpu")


def test_attention_is_what_was_asked_for_and_changes_no_answer(tmp_path):
    folder = str(write_folder(tmp_path))
    answers = {}
    for attention in ("eager", "sdpa"):
        model = load(folder, device="cpu", attention=attention)
        assert model.model.language_model.config._attn_implementation == attention
        assert model.info.attention == attention
        answers[attention] = model.describe([noise(16_000)], [None])[0].text
    assert answers["eager"] == answers["sdpa"]
    assert load(folder, device="cpu").info.attention == "sdpa"
    assert load("fbank").info.attention is None
    with pytest.raises(CapabilityError, match="attention 'flash_attention_2' cannot be had"):
        load(folder, device="cpu", attention="flash_attention_2")


def test_attention_of_an_encoder_is_chosen_in_the_same_way(tmp_path):
    folder = str(save(tmp_path))
    encoders = [load(folder, device="cpu", attention=attention) for attention in ("eager", "sdpa")]
    assert [encoder.info.attention for encoder in encoders] == ["eager", "sdpa"]
    assert load(folder, device="cpu").info.attention == "sdpa"
    eager, sdpa = (encoder.embed([noise(16_000)])[0].features for encoder in encoders)
    np.testing.assert_allclose(eager, sdpa, atol=SAME)


def test_the_device_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("GAMA_DEVICE", "cuda:3")
    monkeypatch.delenv("GRYM_DEVICE", raising=False)
    assert default_device() == "cuda:3"
    monkeypatch.setenv("GRYM_DEVICE", "cpu")
    assert default_device() == "cpu"


def test_loading_reports_its_stages_in_order(tmp_path):
    stages = []
    load(str(write_folder(tmp_path)), device="cpu", progress=lambda *report: stages.append(report))
    assert [stage for stage, _, _ in stages] == ["import", "read", "build", "build"]
    assert stages[-1] == ("build", 3, 3)


def test_the_revision_is_stated_or_follows_the_weights(tmp_path):
    stated = load(str(write_folder(tmp_path / "a", revision="2026-11-21")), device="cpu")
    assert stated.info.revision == "2026-11-21"
    folders = (
        write_folder(tmp_path / "b"),
        write_folder(tmp_path / "c"),
        write_folder(tmp_path / "d", seed=1),
    )
    same, again, other = (load(str(folder), device="cpu").info.revision for folder in folders)
    assert same == again != other
    assert len(same) == 12
    twins = [load(str(folder), device="cpu", weights="random", seed=5).info.revision for folder in folders]
    assert len(set(twins)) == 1
    assert twins[0] not in (same, other)


def test_importing_the_registry_and_the_protocol_does_not_import_torch():
    modules = ("protocol", "models.registry", "models.gama.config")
    imports = "".join(f"import gama_operations.{module}; " for module in modules)
    code = f"{imports}import sys; sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    finished = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert finished.returncode == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        *(({"offers": wrong}, r"`\$\.offers") for wrong in (5, "abc", [1])),
        ({"questions": [r"\bdog\b"]}, r"`\$\.questions`"),
        ({"questions": {"class": "("}}, "no regular expression"),
        ({"embedding": "encoder"}, r"`\$\.embedding`"),
        ({"embedding": {"layer": "encoder.99"}}, r"embedding\.layer 'encoder\.99' is none of encoder\.0"),
        ({"default_prompt": 5}, r"`\$\.default_prompt`"),
    ],
)
def test_a_field_of_a_gama_that_is_of_another_kind_is_named(tmp_path, change, says):
    file = write_folder(tmp_path) / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(ModelInvalidError, match=says):
        load(str(tmp_path), device="cpu")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        *(({"lora": {"r": r}}, "r of lora .* at least 1") for r in (0, -1)),
        ({"lora": True}, "`object"),
        ({"embed_dim": 64.5}, "`int`.*embed_dim"),
        *(({"norm_std": wrong}, "norm_std") for wrong in (float("nan"), 0.0, "x")),
        ({"norm_mean": "x"}, "norm_mean"),
    ],
)
def test_a_size_of_a_gama_that_makes_no_model_is_named(tmp_path, change, says):
    file = write_folder(tmp_path) / "config.json"
    values = json.loads(file.read_text())
    file.write_text(json.dumps({**values, "gama": {**values["gama"], **change}}))
    with pytest.raises(ModelInvalidError, match=says):
        load(str(tmp_path), device="cpu")
