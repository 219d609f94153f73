"""CTC models in folders as transformers writes them: one whose head is planted, and one trained on tones."""

import json

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCTC, Wav2Vec2CTCTokenizer

from wav2vec2_models import RATE, SIZE

BLANK, UNKNOWN, SPACE = 0, 1, 2
STRIDE = 320
FRAME = STRIDE / RATE


def write_vocabulary(folder, letters):
    """vocab.json and what transformers writes beside it."""
    folder.mkdir(exist_ok=True)
    symbols = ["<pad>", "<unk>", "|", *letters]
    (folder / "plain.json").write_text(json.dumps({symbol: index for index, symbol in enumerate(symbols)}))
    Wav2Vec2CTCTokenizer(folder / "plain.json", bos_token=None, eos_token=None).save_pretrained(folder)
    (folder / "plain.json").unlink()
    return {symbol: index for index, symbol in enumerate(symbols)}


def build(kind, symbols, **options):
    """A real class with random weights of seed 1, whose hidden states differ from frame to frame."""
    config = AutoConfig.for_model(
        kind, **SIZE | {"hidden_size": 64, "vocab_size": symbols, "pad_token_id": BLANK} | options
    )
    torch.manual_seed(1)
    model = AutoModelForCTC.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(5)
    return model


def plant(model, waveform, symbols):
    """Sets the head so that frame n of the waveform says symbols[n], and nothing else does."""
    mono = waveform.mean(axis=0)
    values = torch.from_numpy((mono - mono.mean()) / np.sqrt(mono.var() + 1e-7))[None]
    with torch.no_grad():
        states = getattr(model, model.base_model_prefix)(values).last_hidden_state[0].double()  # (L, D)
        assert len(states) == len(symbols) <= states.shape[1]
        wanted = 8.0 * torch.eye(model.lm_head.out_features, dtype=torch.float64)[torch.tensor(symbols)]
        solved = torch.linalg.lstsq(states, wanted).solution.T  # (K, D)
        model.lm_head.weight.copy_(solved)
        model.lm_head.bias.zero_()


LETTERS = "abcd"
WORDS = ("bad", "cab", "dab", "cad", "abcd")
PITCHES = {letter: 170 * 1.8**index for index, letter in enumerate("|" + LETTERS)}
LETTER_SECONDS, REST_SECONDS = 0.1, 0.1


def speak(words, seed, noise=0.05):
    """Samples [1, T]: each letter is a tone, words are apart by a low one; and the words' times."""
    rng = np.random.default_rng(seed)
    parts, begins, ends = [_rest(rng)], [], []
    for index, letter in enumerate("|".join(words)):
        now = sum(map(len, parts)) / RATE
        if index == 0 or letter == "|":
            ends.append(now)
        length = round(LETTER_SECONDS * rng.uniform(0.9, 1.1) * RATE)
        pitch = PITCHES[letter] * rng.uniform(0.98, 1.02)
        phase = 2 * np.pi * (pitch * np.arange(length) / RATE + rng.uniform())
        parts.append(np.sin(phase) * np.hanning(length) * rng.uniform(0.6, 1.0))
        if letter == "|":
            parts.append(_rest(rng))
            begins.append(sum(map(len, parts)) / RATE)
    begins, ends = [ends[0], *begins], [*ends[1:], sum(map(len, parts)) / RATE]
    samples = np.concatenate([*parts, _rest(rng)])
    samples += noise * rng.standard_normal(len(samples))
    return samples[None].astype(np.float32), list(zip(begins, ends, strict=True))


def _rest(rng):
    return np.zeros(round(REST_SECONDS * rng.uniform(0.8, 1.2) * RATE))


def hear_tones(model):
    """Begins with filters at the letters' pitches, in four phases: learning those takes most of the time."""
    kernel = model.wav2vec2.feature_extractor.conv_layers[0].conv.weight.data  # (filters, 1, samples)
    time = torch.arange(kernel.shape[-1]) / RATE
    for index in range(kernel.shape[0]):
        pitch, phase = list(PITCHES.values())[index // 4], np.pi / 2 * (index % 4)
        kernel[index, 0] = torch.sin(2 * np.pi * pitch * time + phase) * torch.hann_window(len(time)) / 20


def train(folder, steps=140, clips=12, rate=1e-2):
    """A real Wav2Vec2ForCTC that has learnt the tones, saved: about 8 s of CPU."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small that two only wait for each other
    vocabulary = write_vocabulary(folder, LETTERS)
    config = AutoConfig.for_model(
        "wav2vec2",
        **SIZE
        | {
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "conv_dim": [4 * len(PITCHES), 32],
            "conv_kernel": [320, 3],
            "conv_stride": [160, 2],
            "vocab_size": len(vocabulary),
            "pad_token_id": BLANK,
            "feat_extract_norm": "layer",
            "do_stable_layer_norm": True,
            "ctc_zero_infinity": True,
            "ctc_loss_reduction": "mean",
            "initializer_range": 0.1,
            "mask_time_prob": 0.0,
            "layerdrop": 0.0,
            **{
                f"{part}_dropout": 0.0 for part in ("hidden", "attention", "feat_proj", "final", "activation")
            },
        },
    )
    torch.manual_seed(0)
    model = AutoModelForCTC.from_config(config).train()
    hear_tones(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    rng = np.random.default_rng(0)
    for step in range(steps):
        said = [rng.choice(WORDS, 1 + step % 2) for _ in range(clips)]
        sounds = [speak(words, (step, clip))[0][0] for clip, words in enumerate(said)]
        longest = max(map(len, sounds))
        values = np.zeros((clips, longest), dtype=np.float32)
        mask = torch.zeros((clips, longest), dtype=torch.long)
        for row, sound in enumerate(sounds):
            values[row, : len(sound)] = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
            mask[row, : len(sound)] = 1
        texts = [[vocabulary[symbol] for symbol in "|".join(words)] for words in said]
        width = max(map(len, texts))
        labels = torch.tensor([text + [-100] * (width - len(text)) for text in texts])
        loss = model(torch.from_numpy(values), attention_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval().save_pretrained(folder)
    torch.set_num_threads(threads)
    return folder
