"""What `model verify` says of the family's folders, by the headers of their files alone."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from family_models import ENCODERS, SPEAKERS, load, save
from gama_operations.errors import ModelInvalidError
from gama_operations.models.family.catalogue import check_family
from gama_operations.models.store.headers import read_header

UNUSED = ("classifier", "text_model", "text_projection", "logit_scale_a", "logit_scale_t")


@pytest.mark.parametrize("kind", [*ENCODERS, *SPEAKERS])
def test_headers_are_judged_as_the_loader_judges_the_tensors(tmp_path, kind):
    folder = save(tmp_path / kind, kind)
    config = json.loads((folder / "config.json").read_text())
    parameters = load(folder).info.parameters
    if kind != "whisper":  # whose decoder is checked, too, and not kept
        assert check_family(folder, config, read_header) == parameters
    else:
        assert check_family(folder, config, read_header) > parameters
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in sorted(tensors) if name.split(".")[0] not in UNUSED)
    for changed in ({name: None}, {name: torch.zeros(3, 1, 2)}, {"stranger": torch.zeros(1)}):
        kept = {key: value for key, value in (tensors | changed).items() if value is not None}
        save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ModelInvalidError, match="do not fit") as checked:
            check_family(folder, config, read_header)
        with pytest.raises(ModelInvalidError) as loaded:
            load(folder)
        assert str(checked.value) == str(loaded.value)
