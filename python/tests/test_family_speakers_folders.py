"""What is wrong with the folder of an audio language model is named."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from family_models import SPEAKERS, load, save
from gama_operations.errors import ModelInvalidError

every_model = pytest.mark.parametrize("kind", SPEAKERS)


@every_model
def test_what_is_wrong_with_a_folder_is_named(tmp_path, kind):
    folder = save(tmp_path / kind, kind)
    file = folder / "model.safetensors"
    tensors = load_file(file)
    (name,) = (name for name in tensors if name.endswith("lm_head.weight"))

    def write(**changes):
        changed = {key: value for key, value in (tensors | changes).items() if value is not None}
        save_file(changed, file, metadata={"format": "pt"})

    write(**{name: None})
    with pytest.raises(ModelInvalidError, match=r"it lacks lm_head\.weight"):
        load(folder)
    write(**{name: tensors[name][:5].clone()})
    with pytest.raises(
        ModelInvalidError, match=r"holds misshapen lm_head\.weight \[5, 32\] instead of \[272, 32\]"
    ):
        load(folder)
    write(stranger=torch.zeros(2))
    with pytest.raises(ModelInvalidError, match="it also holds stranger"):
        load(folder)
    write()
    assert load(folder).info.revision
    config = json.loads((folder / "config.json").read_text())
    key = next(key for key in ("audio_token_index", "audio_token_id") if key in config)
    (folder / "config.json").write_text(json.dumps(config | {key: 3}))
    with pytest.raises(ModelInvalidError, match=r"the processor marks audio by token .* the model by 3"):
        load(folder)
    (folder / "processor_config.json").unlink()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelInvalidError, match="Put the processor's files there"):
        load(folder)
