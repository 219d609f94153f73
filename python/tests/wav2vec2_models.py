"""Small random encoders of every kind, in folders as transformers writes them."""

import json

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, Wav2Vec2ForCTC

from gama_operations.models.wav2vec2 import load_wav2vec2

KINDS = ("wav2vec2", "hubert", "wavlm")
RATE = 16_000
LAYERS = 4
SAME = 2e-5  # float32 sums of another order
GROUP = {"feat_extract_norm": "group", "do_stable_layer_norm": False}  # as the base models
LAYER = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}  # as the large ones
SIZE = {
    "hidden_size": 32,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "conv_dim": [16] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 8,
}


def save(folder, kind="wav2vec2", head=False, **options):
    """A folder as save_pretrained writes it, with random weights of seed 1."""
    config = AutoConfig.for_model(kind, **SIZE | options)
    torch.manual_seed(1)
    model = Wav2Vec2ForCTC(config) if head else AutoModel.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(5)  # fresh weights are so small that attention and clips hardly matter
    model.save_pretrained(folder)
    return folder


def load(folder, **options):
    return load_wav2vec2(folder, **{"device": "cpu"} | options)


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def noise(seconds, seed=0, channels=1):
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))
    return (samples * 0.1).astype(np.float32)
