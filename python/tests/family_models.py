"""Small random models of the family, in folders as transformers writes them, with their real processors."""

import json

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from gama_operations.models import registry

SAME = 2e-5  # float32 sums of another order
WINDOW_SECONDS = 2  # of Whisper's encoder and of those that have taken it
RATES = {"clap": 48_000}
ENCODERS = ("ast", "clap", "clap-fused", "whisper")
SPEAKERS = ("qwen2-audio", "audio-flamingo-3")
WHISPER = {"feature_size": 16, "chunk_length": WINDOW_SECONDS}
TOWER = {
    "num_mel_bins": 16,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "d_model": 16,
    "max_source_positions": 50 * WINDOW_SECONDS,
}
TEXT = {
    "model_type": "qwen2",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "vocab_size": 272,
}
# the question stands behind the audio, as in the published one
FLAMINGO_TEMPLATE = """\
{% for message in messages %}<|im_start|>{{ message.role }}
{% for part in message.content %}{% if part.type == 'audio' %}<sound>{% else %}{{ part.text }}{% endif %}\
{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def save(folder, kind):
    """A folder as save_pretrained writes it, with random weights of seed 1."""
    torch.manual_seed(1)
    model, processor = MAKERS[kind]()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= 2:
                parameter.mul_(4)  # fresh weights are so small that attention and clips hardly matter
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def load(folder, **options):
    return registry.load(str(folder), **{"device": "cpu"} | options)


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def noise(seconds, seed=0, rate=16_000, channels=1):
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))
    return (samples * 0.1).astype(np.float32)


def tokenizer(*special):
    """Bytes as tokens, and no others but the special ones."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={one: number for number, one in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=made)
    ends = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    fast.add_special_tokens({**ends, "additional_special_tokens": ["<|im_start|>", *special]})
    return fast


def _ast():
    config = transformers.ASTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_length=128
    )
    extractor = transformers.ASTFeatureExtractor(max_length=128)
    return transformers.ASTForAudioClassification(config), extractor


def _clap(*, fused=False):
    audio = transformers.ClapAudioConfig(
        window_size=4,
        num_mel_bins=16,
        spec_size=64,
        patch_size=4,
        patch_stride=[4, 4],
        hidden_size=32,
        patch_embeds_hidden_size=8,
        depths=[1, 1, 1],
        num_attention_heads=[1, 1, 2],
        enable_fusion=fused,
        aff_block_r=2,
    )
    text = transformers.ClapTextConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=8,
        max_position_embeddings=16,
    )
    config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=24)
    extractor = transformers.ClapFeatureExtractor(
        feature_size=16, max_length_s=2, truncation="fusion" if fused else "rand_trunc"
    )
    return transformers.ClapModel(config), extractor


def _whisper():
    config = transformers.WhisperConfig(
        **TOWER,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=16,
        vocab_size=16,
        max_target_positions=16,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    model = transformers.WhisperForConditionalGeneration(config)
    return model, transformers.WhisperFeatureExtractor(**WHISPER)


def _speaking(model, words):
    model.generation_config.eos_token_id = [words.eos_token_id, words.pad_token_id]
    return model


def _qwen2_audio():
    words = tokenizer("<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>")
    config = transformers.Qwen2AudioConfig(
        audio_config=TOWER, text_config=TEXT, audio_token_index=words.convert_tokens_to_ids("<|AUDIO|>")
    )
    model = transformers.Qwen2AudioForConditionalGeneration(config)
    extractor = transformers.WhisperFeatureExtractor(**WHISPER)
    return _speaking(model, words), transformers.Qwen2AudioProcessor(extractor, words)


def _audio_flamingo_3():
    words = tokenizer("<sound>")
    tower = {
        "num_mel_bins": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "hidden_size": 16,
        "max_source_positions": 50 * WINDOW_SECONDS,
    }
    config = transformers.AudioFlamingo3Config(
        audio_config=tower, text_config=TEXT, audio_token_id=words.convert_tokens_to_ids("<sound>")
    )
    model = transformers.AudioFlamingo3ForConditionalGeneration(config)
    extractor = transformers.WhisperFeatureExtractor(**WHISPER)
    processor = transformers.AudioFlamingo3Processor(
        extractor, words, chat_template=FLAMINGO_TEMPLATE, max_audio_len=3 * WINDOW_SECONDS
    )
    return _speaking(model, words), processor


MAKERS = {
    "ast": _ast,
    "clap": _clap,
    "clap-fused": lambda: _clap(fused=True),
    "whisper": _whisper,
    "qwen2-audio": _qwen2_audio,
    "audio-flamingo-3": _audio_flamingo_3,
}
