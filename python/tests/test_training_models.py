"""Training sees what inference sees: packing, patchout, batches, masks, frames."""

from typing import Any

import numpy as np
import pytest
import torch

from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.model import Gama
from training.batches import batch_indices
from training.gama.packing import BOS, EOS, IGNORED, attention_mask, pack, position_ids
from training.gama.patchout import keep_patches
from training.wav2vec2.cepstra import CEPSTRA, cepstra
from training.wav2vec2.model import mask_spans
from training.wav2vec2.settings import Wav2Vec2Settings, wav2vec2_config

GAMA = GamaConfig(
    target_frames=64,
    mel_bins=32,
    embed_dim=32,
    encoder_heads=2,
    blocks_a=2,
    blocks_u=1,
    block_j=1,
    block_k=0,
    pool_divisor=1.0,
    bert_heads=2,
    bert_intermediate=64,
    qformer_layers=1,
    cross_attention_freq=1,
    query_tokens=4,
    aggregator_mode="paper",
    aggregator_dropout=0.0,
    projection_dim=64,
    lora=None,
)
LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "vocab_size": 50,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "tie_word_embeddings": True,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "pad_token_id": 0,
}


@torch.inference_mode()
def test_a_packed_question_gives_the_logits_that_it_gives_alone() -> None:
    torch.manual_seed(0)
    model = Gama.from_config(GAMA, LLAMA).eval()
    prefix = model.audio_prefix(torch.randn(1, 64, 32))
    segments = [([BOS, 7, 8, 9], [IGNORED] * 4), ([BOS, 20, 21, 22, 23, 24], [IGNORED] * 6)]
    packed = pack([segments])
    P = prefix.shape[1]
    hidden = model.language_model.base_model(
        inputs_embeds=torch.cat([prefix, model.embed_text(packed.input_ids)], 1),
        attention_mask=attention_mask(packed.segments, P),
        position_ids=position_ids(packed.positions, P),
        use_cache=False,
    ).last_hidden_state[:, P:]
    together = model.language_model.get_output_embeddings()(hidden)
    alone = [model(torch.tensor([ids]), prefix=prefix).logits for ids, _ in segments]
    torch.testing.assert_close(together, torch.cat(alone, 1), atol=1e-5, rtol=1e-4)


def test_packing_learns_the_answer_and_the_end_and_nothing_else() -> None:
    packed = pack([[([BOS, 5, 6], [IGNORED, 6, EOS])], [([BOS, 5], [5, EOS]), ([BOS], [EOS])]])
    assert packed.targets.tolist() == [[IGNORED, 6, EOS], [5, EOS, EOS]]
    assert packed.positions.tolist() == [[0, 1, 2], [0, 1, 0]]
    assert packed.segments.tolist() == [[0, 0, 0], [0, 0, 1]]


def test_patchout_keeps_different_patches_and_prefers_the_heard_ones() -> None:
    columns = np.array([8] * 200)
    keep = keep_patches(columns, kept=128, freq=8, time=32, generator=np.random.default_rng(0))
    assert all(len(set(row)) == 128 for row in keep.tolist())
    heard = (keep % 32 < 8).float().mean().item()
    assert heard > 8 / 32  # more often than their share of the patches
    assert heard * 128 < 64  # some padding stays


def test_an_epoch_shows_every_clip_once_and_the_next_one_in_another_order() -> None:
    epoch = np.concatenate([batch_indices(step, batch=4, total=22, seed=1) for step in range(5)])
    assert len(set(epoch.tolist())) == 20
    assert batch_indices(5, batch=4, total=22, seed=1).tolist() != epoch[:4].tolist()
    with pytest.raises(ValueError, match="do not fill one batch"):
        batch_indices(0, batch=4, total=3, seed=1)


def test_cepstra_stand_on_the_frames_of_wav2vec2() -> None:
    settings = Wav2Vec2Settings()
    features = cepstra(torch.randn(2, settings.crop))
    length = settings.crop
    config = wav2vec2_config(settings)
    for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
        length = (length - kernel) // stride + 1
    assert features.shape == (2, length, 2 * CEPSTRA)


def test_masked_spans_cover_about_half_of_the_frames() -> None:
    settings = Wav2Vec2Settings()
    mask = mask_spans(
        (64, 125), share=settings.mask_share, span=settings.mask_span, generator=np.random.default_rng(0)
    )
    assert 0.4 < mask.mean() < 0.6
    assert mask.any(1).all()
