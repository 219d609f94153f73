"""What a folder of Wav2Vec2ForCTC, HubertForCTC or WavLMForCTC holds beside its encoder.

`lm_head` (weight and bias) and vocab.json, read by transformers' Wav2Vec2CTCTokenizer. Both fit each other
and config.json, or the folder is refused: a head read with another vocabulary writes nonsense and no error.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gama_operations.errors import ModelInvalidError

if TYPE_CHECKING:  # transformers takes seconds, and most folders have no head
    from transformers import Wav2Vec2CTCTokenizer

    from gama_operations.models.wav2vec2_folder import Wav2Vec2Folder

HEAD = ("lm_head.weight", "lm_head.bias")


def read_tokenizer(folder: "Wav2Vec2Folder") -> "Wav2Vec2CTCTokenizer":
    """The tokenizer, whose blank is the model's.

    Raises:
        ModelInvalidError: the files make none, or not one for this model.
    """
    from transformers import Wav2Vec2CTCTokenizer

    try:
        tokenizer = Wav2Vec2CTCTokenizer.from_pretrained(folder.path, local_files_only=True)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelInvalidError(f"{folder.path / 'vocab.json'} makes no tokenizer: {error}") from error
    config = _config(folder)
    known, symbols = set(tokenizer.get_vocab().values()), int(config.vocab_size)
    if unknown := sorted(set(range(symbols)) - known):
        raise ModelInvalidError(
            f"{folder.path / 'vocab.json'} does not fit config.json: of {symbols} symbols (vocab_size) it "
            f"lacks {', '.join(map(str, unknown[:5]))}{' and more' if len(unknown) > 5 else ''}"
        )
    if tokenizer.pad_token_id != config.pad_token_id:
        raise ModelInvalidError(
            f"{folder.path}: the blank is {tokenizer.pad_token_id} in vocab.json ({tokenizer.pad_token}), "
            f"and {config.pad_token_id} in config.json (pad_token_id)"
        )
    return tokenizer


def read_head(folder: "Wav2Vec2Folder", weights: Literal["trained", "random"], seed: int) -> nn.Linear:
    """The layer from hidden states to symbols, on the CPU.

    Raises:
        ModelInvalidError: a tensor is missing, or of another shape.
    """
    config = _config(folder)
    shape = (int(config.vocab_size), folder.width)
    if weights == "random":
        head = nn.Linear(shape[1], shape[0], device="meta").to_empty(device="cpu")
        spread = float(config.initializer_range)  # as transformers initialises a linear layer
        drawn = torch.normal(0.0, spread, shape, generator=torch.Generator().manual_seed(seed))
        head.load_state_dict({"weight": drawn, "bias": torch.zeros(shape[0])})
    else:
        tensors = _head_tensors(folder.path)
        check_head(folder, tensors)
        head = nn.Linear(shape[1], shape[0], device="meta")
        head.load_state_dict({name.removeprefix("lm_head."): tensors[name] for name in HEAD}, assign=True)
    return head.eval().requires_grad_(requires_grad=False)


def check_head(folder: "Wav2Vec2Folder", tensors: Mapping[str, Tensor]) -> int:
    """The number of symbols of the head that config.json describes; no number of the tensors is needed.

    Raises:
        ModelInvalidError: one is missing, or of another shape.
    """
    shape = (int(_config(folder).vocab_size), folder.width)
    for name, wanted in zip(HEAD, (shape, shape[:1]), strict=True):
        found = tuple(tensors[name].shape) if name in tensors else None
        if found != wanted:
            what = f"lacks {name}" if found is None else f"holds misshapen {name} {list(found)}"
            raise ModelInvalidError(
                f"The weights in {folder.path} do not fit its config.json: it {what}, expected "
                f"{list(wanted)}",
                tensors=[name],
            )
    return shape[0]


def _config(folder: "Wav2Vec2Folder") -> Any:
    """With the defaults of the architecture; loading the encoder has found it sound."""
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(folder.path, local_files_only=True)


def _head_tensors(path: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for file in sorted(path.glob("*.safetensors")):
        try:
            with safe_open(file, framework="pt") as opened:
                names = [name for name in HEAD if name in set(opened.keys())]
                tensors |= {name: opened.get_tensor(name) for name in names}
        except (SafetensorError, OSError) as error:
            raise ModelInvalidError(f"{file} cannot be read: {error}") from error
    return tensors
