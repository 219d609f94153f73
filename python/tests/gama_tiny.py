"""A tiny GAMA with random weights, and a tokenizer for it, shared by the GAMA tests."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.folder import GamaFolder, save_gama
from gama_operations.models.gama.model import Gama

CONFIG = GamaConfig(
    target_frames=128,
    norm_mean=-10.0,
    norm_std=5.0,
    embed_dim=32,
    encoder_heads=4,
    blocks_a=3,
    blocks_u=1,
    block_j=1,
    block_k=0,
    pool_divisor=1.0,
    bert_heads=4,
    bert_intermediate=64,
    qformer_layers=2,
    cross_attention_freq=1,
    query_tokens=4,
    aggregator_mode="paper",
    aggregator_dropout=0.0,
    projection_dim=48,
    lora=None,
)
LANGUAGE_MODEL = {
    "model_type": "llama",
    "vocab_size": 300,
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 256,
    "tie_word_embeddings": False,
    "initializer_range": 0.5,  # so that random weights give different answers to different sounds
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def description(**changes) -> GamaFolder:
    return replace(GamaFolder(gama=CONFIG, language_model=LANGUAGE_MODEL, name="tiny"), **changes)


def tiny(config: GamaConfig = CONFIG, seed: int = 0, **language_model) -> Gama:
    torch.manual_seed(seed)
    model = Gama.from_config(config, {**LANGUAGE_MODEL, **language_model})
    for parameter in model.audio.parameters():
        # the initial 0.02 leaves the audio almost without effect
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
    return model.eval()


def tokenizer() -> Tokenizer:
    built = Tokenizer(models.BPE())
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    built.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<pad>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=290, special_tokens=special, initial_alphabet=alphabet)
    built.train_from_iterator(["### Instruction:\nWhat is it?\n\n### Response:\n a dog"], trainer)
    return built


def write_folder(folder: Path, seed: int = 0, *, with_tokenizer: bool = True, **changes) -> Path:
    save_gama(folder, tiny(seed=seed), description(**changes))
    if with_tokenizer:
        tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def noise(samples: int, seed: int = 0, channels: int = 1) -> np.ndarray:
    generator = np.random.default_rng(seed)
    envelope = np.linspace(0.01, 0.3, samples)
    return (generator.standard_normal((channels, samples)) * envelope).astype(np.float32)


def logits(model, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        fbank = torch.randn(1, model.config.target_frames, model.config.mel_bins, generator=generator)
        return model(torch.tensor([[1, 20, 21, 22, 9]]), fbank=fbank).logits
