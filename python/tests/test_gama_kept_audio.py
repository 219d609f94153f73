"""What is kept of a clip: a further question only decodes, and its answer is the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gama_official import CASES, case, needs_fixture, official
from gama_operations.models.gama.generate import Decoding, generate
from gama_operations.models.gama.kept_audio import HeardAudio, KeptAudio, continued, hear, keeps_keys
from gama_operations.models.registry import load
from gama_operations.models.surface import Generation
from gama_tiny import noise, tiny, write_folder

MODEL = tiny(eos_token_id=None)
HEAD = [1, 20, 21, 22]
PROMPTS = [[*HEAD, 30, 31, 32, 33, 34], [*HEAD, 40], [1, 20, 50]]
CLIPS = [noise(9_000, 2, channels=2), noise(30_000, 3), noise(200, 1)]
SHORT = Generation(max_new_tokens=12)
LOGITS = 2e-5  # largest difference in float32 that is no difference


@pytest.fixture(scope="module")
def prefix():
    generator = torch.Generator().manual_seed(2)
    with torch.inference_mode():
        return MODEL.audio_prefix(torch.randn(3, 128, 128, generator=generator))


@pytest.fixture
def model(tmp_path):
    return load(str(write_folder(tmp_path / "tiny", language_model=NEVER_ENDING)), device="cpu")


NEVER_ENDING = {**MODEL.language_model.config.to_dict(), "model_type": "llama"}


def clips_encoded(model):
    """Counts the clips that go through the audio encoder from now on."""
    encoded = []
    encoder = model.model.audio.audio_encoder
    encoder.register_forward_hook(lambda _module, args, _output: encoded.append(len(args[0])))
    return encoded


def first_logits(model, begin):
    """Of the first step of a batch, [B, V]."""
    seen = []
    handle = model.language_model.register_forward_hook(
        lambda _module, _args, output: seen.append(output.logits[:, -1])
    )
    Decoding(model, begin, [[1]] * len(begin.mask), SHORT).step()
    handle.remove()
    return seen[0]


@torch.inference_mode()
def test_a_batch_on_kept_keys_gives_the_logits_of_full_passes(prefix):
    heard = hear(MODEL, prefix, HEAD)
    found = first_logits(MODEL, continued(MODEL, heard, PROMPTS))
    for row, prompt in enumerate(PROMPTS):
        full = MODEL(torch.tensor([prompt]), prefix=prefix[row : row + 1]).logits[0, -1]
        assert (found[row] - full).abs().max() < LOGITS


@torch.inference_mode()
def test_rows_with_and_without_keys_answer_together_as_each_alone(prefix):
    heard = hear(MODEL, prefix, HEAD)
    mixed = [heard[0], replace(heard[1], keys=()), heard[2]]
    for rows in (heard, mixed[1:2] * 3):
        decoding = Decoding(MODEL, continued(MODEL, rows, PROMPTS), PROMPTS, SHORT)
        while not decoding.over:
            decoding.step()
        alone = [
            generate(MODEL, row.prefix.unsqueeze(0), [prompt], SHORT)[0]
            for row, prompt in zip(rows, PROMPTS, strict=True)
        ]
        assert decoding.results() == alone


def test_keys_reach_as_far_as_the_prompt_begins_alike_and_leave_its_last_token():
    clip = HeardAudio(torch.zeros(5, 2), (1, 7, 8), ((torch.zeros(1, 8, 2),) * 2,))
    assert [clip.reach(prompt) for prompt in ([1, 7, 8, 9], [1, 7, 9], [2], [1, 7, 8], [1])] == [
        8,
        7,
        5,
        7,
        5,
    ]
    assert replace(clip, keys=()).reach([1, 7, 8, 9]) == 0


def test_a_further_question_encodes_nothing_and_is_answered_as_without_the_cache(model):
    prompts = ["Describe!", "What is it?", "How many, and for how long do they go on?", "Describe!"]
    encoded = clips_encoded(model)
    kept = [model.describe(CLIPS[:1], [prompt], generation=SHORT)[0] for prompt in prompts]
    assert encoded == [1]
    assert [answer.cached for answer in kept] == [False, True, True, True]
    fresh = [model.describe(CLIPS[:1], [prompt], generation=SHORT, cache=False)[0] for prompt in prompts]
    assert encoded == [1] * 5
    assert not any(answer.cached for answer in fresh)
    assert [replace(answer, cached=False) for answer in kept] == fresh
    assert kept[0].text == kept[3].text  # nothing of an answer stays in what is kept
    assert len({answer.text for answer in kept}) == 3


def test_sampled_answers_are_the_same_with_and_without_the_cache(model):
    drawn = Generation(max_new_tokens=12, do_sample=True, repetition_penalty=1.2, seed=5)
    for _ in range(2):
        kept = model.describe(CLIPS, ["What is it?"] * 3, generation=drawn)
    fresh = model.describe(CLIPS, ["What is it?"] * 3, generation=drawn, cache=False)
    assert [answer.cached for answer in kept] == [True] * 3
    assert [answer.text for answer in kept] == [answer.text for answer in fresh]


def test_a_batch_encodes_each_clip_once_and_only_those_that_are_new(model):
    encoded = clips_encoded(model)
    model.describe([CLIPS[1]], [None], generation=SHORT)
    asked = [CLIPS[0], CLIPS[1], CLIPS[0], CLIPS[2]]
    prompts = ["Describe!", "Describe!", "What is it?", None]
    batch = model.describe(asked, prompts, generation=SHORT)
    assert encoded == [1, 2]
    assert [answer.cached for answer in batch] == [False, True, False, False]
    pairs = zip(asked, prompts, strict=True)
    alone = [model.describe([clip], [prompt], generation=SHORT, cache=False)[0] for clip, prompt in pairs]
    assert [replace(answer, cached=False) for answer in batch] == alone


def test_a_clip_is_known_by_its_samples_and_by_nothing_else(model):
    model.describe(CLIPS[:1], [None], generation=SHORT)
    copy, other = CLIPS[0].copy(), CLIPS[0].copy()
    other[0, 8_000] += 1e-4
    mono, again = CLIPS[0][:1], np.asfortranarray(CLIPS[0])
    found = [
        model.describe([clip], [None], generation=SHORT)[0].cached for clip in (copy, other, mono, again)
    ]
    assert found == [True, False, False, True]


def test_models_of_other_weights_or_precision_do_not_share_a_key(tmp_path):
    folder = str(write_folder(tmp_path / "tiny"))
    twins = [
        load(folder, device="cpu"),
        load(folder, device="cpu", dtype="bfloat16"),
        load(folder, device="cpu", weights="random", seed=1),
        load(folder, device="cpu", weights="random", seed=2),
    ]
    assert len({twin.kept.key(CLIPS[0]) for twin in twins}) == 4


def test_what_was_not_used_for_longest_makes_room_and_too_large_a_clip_is_not_kept():
    def clip(positions):
        return HeardAudio(torch.zeros(positions, 1), (), ())

    kept = KeptAudio("model", max_bytes=100)
    for name in (b"a", b"b"):
        kept.put(name, clip(10))
    assert kept.get(b"a") is not None
    kept.put(b"c", clip(10))
    assert [kept.get(name) is not None for name in (b"a", b"b", b"c")] == [True, False, True]
    assert kept.nbytes == 80
    kept.put(b"d", clip(26))
    assert kept.get(b"d") is None
    assert kept.nbytes == 80
    kept.clear()
    assert (kept.nbytes, kept.get(b"a")) == (0, None)


def test_what_is_kept_is_what_it_says(model):
    model.describe(CLIPS[:1], [None], generation=SHORT)
    head = len(model.codec.encode("### Instruction:\n"))
    positions = model.folder.gama.prefix_tokens
    layers, width, float32 = 2, 48, 4
    keys = 2 * layers * (positions + head) * width * float32
    assert model.kept_bytes == keys + positions * width * float32
    model.forget()
    assert model.kept_bytes == 0


@torch.inference_mode()
def test_a_language_model_with_a_sliding_window_keeps_the_prefix_alone_and_answers_alike(prefix):
    mistral = {"model_type": "mistral", "sliding_window": 6, "num_key_value_heads": 2, "eos_token_id": None}
    sliding = tiny(**mistral)
    assert not keeps_keys(sliding)
    heard = hear(sliding, prefix, HEAD)
    assert all(clip.keys == () for clip in heard)
    decoding = Decoding(sliding, continued(sliding, heard, PROMPTS), PROMPTS, SHORT)
    while not decoding.over:
        decoding.step()
    assert decoding.results() == generate(sliding, prefix, PROMPTS, SHORT)


@needs_fixture
def test_the_official_answers_come_with_and_without_the_cache_alone_and_in_a_batch():
    model, folder = official()
    clips, instructions, ids = zip(*(case(folder, name) for name in CASES), strict=True)
    longest = Generation(max_new_tokens=max(map(len, ids)))
    expected = [model.codec.decode(answer) for answer in ids]
    for cache in (False, True, True):
        batch = model.describe(clips, instructions, generation=longest, cache=cache)
        single = [
            model.describe([clip], [text], generation=longest, cache=cache)[0]
            for clip, text in zip(clips, instructions, strict=True)
        ]
        assert [answer.text for answer in batch] == expected
        assert [answer.text for answer in single] == expected
    assert all(answer.cached for answer in batch)
