"""Models by name and by folder."""

import json
import subprocess
import sys

import pytest

from gama_operations.errors import InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models.registry import WEIGHTS, default_device, load, resolve
from gama_tiny import noise, write_folder


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


@pytest.mark.parametrize("named", ["8bit", "4bit", "int8"])
def test_a_quantization_that_we_lack_is_refused_and_never_ignored(tmp_path, monkeypatch, named):
    monkeypatch.setenv("GAMA_QUANTIZATION", named)
    for dtype in (None, "float32"):
        with pytest.raises(InvalidRequestError, match=rf"GAMA_QUANTIZATION={named}.*bfloat16"):
            load(str(write_folder(tmp_path)), device="cpu", dtype=dtype)
    assert load("fbank").info.dtype == "float32"


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
