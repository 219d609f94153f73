"""Writes a folder of reference numbers from our own tiny model, with dimensions of its own."""

import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from gama_operations.models.gama.checkpoint import save_weights
from gama_operations.models.gama.config import LoraConfig
from gama_operations.models.gama.frontend import MelFrontend
from gama_operations.models.gama.generate import generate
from gama_operations.models.gama.intermediates import intermediates
from gama_operations.models.surface import Generation
from gama_tiny import CONFIG, LANGUAGE_MODEL, noise, tiny

GAMA = replace(
    CONFIG, mel_bins=64, blocks_u=2, pool_divisor=3.0, aggregator_mode="official", lora=LoraConfig(4, 8)
)
SECTIONS = {
    "audio": {
        "sample_rate": 16_000,
        "mel_bins": 64,
        "target_frames": 128,
        "norm_mean": -10.0,
        "norm_std": 5.0,
        "frame_length_ms": 25,
        "frame_shift_ms": 10,
        "preemphasis": 0.97,
        "n_fft": 512,
        "low_freq": 20.0,
    },
    "encoder": {
        "embed_dim": 32,
        "num_heads": 4,
        "mlp_ratio": 4,
        "patch": 16,
        "blocks_a": 3,
        "blocks_u": 2,
        "layer_norm_eps": 1e-5,
        "intermediate_j_block_index": 1,
        "intermediate_k_block_index": 0,
    },
    "pool": {"divide_by": 3.0},
    "bert_common": {"num_heads": 4, "intermediate_size": 64, "layer_norm_eps": 1e-12},
    "qformer": {"layers": 2, "query_tokens": 4, "cross_attention_freq": 1},
    "aggregator": {"layers": 2},
    "projections": {"shape": [32, 48, 48]},
    "lora": {"r": 4, "alpha": 8, "target_modules": ["q_proj", "v_proj"]},
}
PROMPT = [1, 20, 21, 22]


@torch.no_grad()
def write_reference(folder: Path) -> Path:
    (folder / "base").mkdir(parents=True)
    model = tiny(GAMA)
    waveform = torch.from_numpy(noise(20_000)[0])
    fbank = MelFrontend(GAMA)([waveform])
    with intermediates(model) as caught:
        caught["logits"] = model(torch.tensor([PROMPT]), fbank=fbank).logits
    answers = [
        generate(model, model.audio_prefix(fbank), [PROMPT], Generation(6, repetition_penalty=penalty))[0].ids
        for penalty in (1.0, 1.1)
    ]
    names = ("greedy_new_ids", "greedy_rep1p1_new_ids")
    case = {"audio": 0, "input_ids": PROMPT, **dict(zip(names, answers, strict=True))}
    files = {
        "config.json": SECTIONS,
        "base/config.json": LANGUAGE_MODEL,
        "expected.json": {"cases": {"only": case}},
        "tolerances.json": {name: {"recommended_atol": 2e-5} for name in caught}
        | {"bfloat16": {"recommended_atol": 0.15}},
    }
    for name, values in files.items():
        (folder / name).write_text(json.dumps(values))
    save_weights(model, folder / "full_state.safetensors")
    save_file({"audio0.waveform": waveform, "audio0.fbank": fbank[0]}, folder / "inputs.safetensors")
    outputs = {f"only.{name}": tensor.clone().contiguous() for name, tensor in caught.items()}
    save_file(outputs, folder / "outputs.safetensors")
    return folder
