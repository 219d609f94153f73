"""Other language models as the base of a GAMA, and embeddings that are tied."""

from dataclasses import replace

import pytest
import torch

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.assembly import assemble, load_gama
from gama_operations.models.gama.checkpoint import official_state, save_weights
from gama_operations.models.gama.composed import compose
from gama_operations.models.gama.config import LoraConfig
from gama_operations.models.gama.folder import GamaFolder
from gama_operations.models.gama.model import Gama
from gama_operations.models.registry import load
from gama_parts import BASE_CONFIG, in_checkpoint
from gama_reference import GAMA
from gama_tiny import logits, noise, tiny, tokenizer

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
