"""Transcription: real CTC classes whose head is planted, one that has learnt words of tones, and refusals."""

import json

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCTC, Wav2Vec2CTCTokenizer

from ctc_models import FRAME, RATE, STRIDE, WORDS, build, plant, speak, train, write_vocabulary
from gama_operations.errors import InvalidRequestError, ModelInvalidError
from gama_operations.models.ctc_windows import Framing, frame_windows
from gama_operations.models.registry import load
from gama_operations.models.store.add import add
from gama_operations.models.store.entries import find_entry
from gama_operations.models.store.structure import check_encoder
from gama_operations.models.store.watch import Watch
from gama_operations.models.surface import can_transcribe
from wav2vec2_models import GROUP, LAYER, edit, noise

PLANTED = "__hhe_l_llo__|_w_o_rr_ld_|_"  # one symbol a frame, `_` the blank
UNWATCHED = Watch()
WHOLE = {"window_seconds": 30.0, "context_seconds": 5.0}


def planted(folder, kind="wav2vec2", said=PLANTED, **options):
    """A folder whose model says so about the clip that is returned with it."""
    symbols = write_vocabulary(folder, "helowrd")
    model = build(kind, len(symbols), **options)
    clip = noise(((len(said) - 1) * STRIDE + 400) / RATE)
    plant(model, clip, [symbols.get(letter, 0) for letter in said])
    model.save_pretrained(folder)
    return clip


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    return train(tmp_path_factory.mktemp("models") / "tones")


@pytest.mark.parametrize(("kind", "options"), [("wav2vec2", GROUP), ("wav2vec2", LAYER), ("hubert", GROUP)])
def test_planted_frames_give_their_words_times_and_confidence(tmp_path, kind, options):
    clip = planted(tmp_path / "planted", kind, **options)
    model = load(str(tmp_path / "planted"), device="cpu")
    assert model.info.capabilities == ("embed", "transcribe")
    (transcript,) = model.transcribe([clip], **WHOLE)
    assert [word.text for word in transcript.words] == ["hello", "world"]
    spans = [(PLANTED.index("h"), PLANTED.index("o") + 1), (PLANTED.index("w"), PLANTED.index("d") + 1)]
    assert [(word.start, word.end) for word in transcript.words] == [(a * FRAME, b * FRAME) for a, b in spans]
    # the planted logits are 8 for the symbol and 0 for the other nine
    for word in transcript.words:
        assert word.confidence == pytest.approx(np.exp(8) / (np.exp(8) + 9), abs=1e-4)
    assert transcript.seconds_heard == pytest.approx(clip.shape[1] / RATE)


def test_where_nothing_is_said_there_is_no_word(tmp_path):
    clip = planted(tmp_path / "planted", said="__|___|")
    (transcript,) = load(str(tmp_path / "planted"), device="cpu").transcribe([clip], **WHOLE)
    assert transcript.words == ()


def test_it_writes_what_transformers_own_class_and_tokenizer_write(tmp_path):
    folder = tmp_path / "random"
    symbols = write_vocabulary(folder, "abcdefgh")
    build("wav2vec2", len(symbols), **LAYER).save_pretrained(folder)
    clip = noise(1.5, 3)
    reference, tokenizer = (
        AutoModelForCTC.from_pretrained(folder),
        Wav2Vec2CTCTokenizer.from_pretrained(folder),
    )
    values = torch.from_numpy((clip - clip.mean()) / np.sqrt(clip.var() + 1e-7))
    with torch.no_grad():
        best = reference(values).logits[0].argmax(-1)
    expected = tokenizer.decode(best.tolist(), output_word_offsets=True)
    (transcript,) = load(str(folder), device="cpu").transcribe([clip], **WHOLE)
    assert [word.text for word in transcript.words] == [word["word"] for word in expected.word_offsets]
    assert len("".join(word.text for word in transcript.words)) > 10
    for ours, theirs in zip(transcript.words, expected.word_offsets, strict=True):
        assert ours.start == pytest.approx(theirs["start_offset"] * FRAME)
        assert ours.end == pytest.approx(theirs["end_offset"] * FRAME)


def test_words_of_tones_are_learnt_and_written_without_an_error_in_new_noise(learnt):
    model = load(str(learnt), device="cpu")
    rng = np.random.default_rng(99)
    said = [[str(word) for word in rng.choice(WORDS, count)] for count in (1, 2, 3, 4, 5, 6, 4, 4)]
    clips, times = zip(*(speak(words, (1_000, n)) for n, words in enumerate(said)), strict=True)
    together = model.transcribe(clips, **WHOLE)
    assert [[word.text for word in transcript.words] for transcript in together] == said
    for clip, transcript, true in zip(clips, together, times, strict=True):
        (alone,) = model.transcribe([clip], **WHOLE)
        assert [word.text for word in alone.words] == [word.text for word in transcript.words]
        for word, same, (start, end) in zip(transcript.words, alone.words, true, strict=True):
            assert (word.start, word.end) == (same.start, same.end)
            assert word.confidence == pytest.approx(same.confidence, abs=1e-4)
            assert word.start < (start + end) / 2 < word.end  # CTC peaks: the word lies around its middle


def test_a_long_clip_in_windows_has_each_word_once_with_the_time_that_it_has_in_the_whole(learnt):
    model = load(str(learnt), device="cpu")
    said = [str(word) for word in np.random.default_rng(5).choice(WORDS, 40)]
    clip, _ = speak(said, 2_000)
    (whole,) = model.transcribe([clip], **WHOLE)
    for window, context in ((4.0, 1.0), (2.0, 0.4)):
        (cut,) = model.transcribe([clip], window_seconds=window, context_seconds=context)
        assert len(cut.windows) > 5
        assert [word.text for word in cut.words] == said
        for word, same in zip(cut.words, whole.words, strict=True):
            assert abs(word.start - same.start) < 0.1
            assert abs(word.end - same.end) < 0.1


@pytest.mark.parametrize("seed", range(20))
def test_the_windows_of_a_clip_take_every_frame_once_and_are_of_one_length(seed):
    rng = np.random.default_rng(seed)
    framing = Framing(STRIDE, 400, RATE)
    samples = int(rng.integers(400, 60 * RATE))
    context = float(rng.uniform(0, 1))
    windows = frame_windows(samples, framing, 2 * context + float(rng.uniform(0.1, 5)), context)
    taken = [
        window.start // STRIDE + frame for window in windows for frame in range(window.first, window.end)
    ]
    assert taken == list(range(framing.frames(samples)))
    assert len({window.stop - window.start for window in windows}) == 1
    assert max(window.stop for window in windows) <= samples
    for window in windows[1:]:
        assert window.first >= round(context / framing.seconds)


def test_a_window_that_is_all_context_is_refused():
    with pytest.raises(InvalidRequestError, match="greater than two `context_seconds`"):
        frame_windows(RATE, Framing(STRIDE, 400, RATE), 2.0, 1.0)


def test_head_vocabulary_and_config_fit_each_other_or_are_refused(tmp_path):
    folder = tmp_path / "model"
    planted(folder)
    file = folder / "model.safetensors"
    assert "CTC head of 10 symbols" in check_encoder(folder)
    tensors = load_file(file)
    save_file({name: each for name, each in tensors.items() if name != "lm_head.bias"}, file)
    with pytest.raises(ModelInvalidError, match=r"it lacks lm_head\.bias"):
        load(str(folder), device="cpu")
    save_file(tensors | {"lm_head.weight": torch.zeros(3, 64)}, file)
    with pytest.raises(ModelInvalidError, match=r"misshapen lm_head\.weight \[3, 64\], expected \[10, 64\]"):
        check_encoder(folder)
    save_file(tensors, file)
    edit(folder / "config.json", pad_token_id=3)
    with pytest.raises(ModelInvalidError, match=r"the blank is 0 in vocab\.json .* 3 in config\.json"):
        load(str(folder), device="cpu")
    edit(folder / "config.json", pad_token_id=0)
    vocabulary = json.loads((folder / "vocab.json").read_text())
    del vocabulary["w"]
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    with pytest.raises(ModelInvalidError, match=r"of 10 symbols \(vocab_size\) it lacks 7"):
        load(str(folder), device="cpu")


def test_a_head_without_its_vocabulary_is_left_out_and_noted(tmp_path, monkeypatch):
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path / "cache"))
    planted(tmp_path / "model")
    entry = find_entry(add(tmp_path / "model", "whole", watch=UNWATCHED))
    assert entry.capabilities == ("embed", "transcribe")
    (tmp_path / "model" / "vocab.json").unlink()
    entry = find_entry(add(tmp_path / "model", "without", watch=UNWATCHED))
    assert entry.capabilities == ("embed",)
    model = load(str(tmp_path / "model"), device="cpu")
    assert not can_transcribe(model)
    assert model.info.notes == ("it does not transcribe: its CTC head came without vocab.json",)


def test_the_operation_answers_clip_by_clip_with_what_produced_it(process, learnt, tmp_path):
    said = ["bad", "cab", "abcd"]
    clip, _ = speak(said, 3_000)
    soundfile.write(tmp_path / "clip.wav", clip[0], RATE, subtype="FLOAT")
    asked = {"audios": [str(tmp_path / "clip.wav"), "/no/such/file.wav"], "model": str(learnt)}
    result = process.result("transcribe", asked)
    first, second = result["clips"]
    assert first["text"] == "bad cab abcd"
    assert [word["text"] for word in first["words"]] == said
    assert first["seconds_heard"] == pytest.approx(clip.shape[1] / RATE)
    assert first["windows"] == [{"start": 0.0, "end": pytest.approx(clip.shape[1] / RATE)}]
    assert second is None
    assert [(failure["index"], failure["code"]) for failure in result["failures"]] == [(1, "audio_not_found")]
    assert (result["model_id"], result["frame_seconds"], result["window_seconds"]) == ("tones", 0.02, 30.0)


def test_long_audio_is_heard_in_windows_or_cut_or_refused_as_asked(process, learnt):
    clip, _ = speak(["bad", "cab", "abcd", "dab", "cad", "cab", "dab", "bad"], 4_000)
    rule = {"window_seconds": 2.0, "context_seconds": 0.4}
    asked = {"audios": [clip[0].tolist()], "model": str(learnt), **rule}
    (heard,) = process.result("transcribe", asked)["clips"]
    assert heard["text"] == "bad cab abcd dab cad cab dab bad"
    assert len(heard["windows"]) > 1
    (cut,) = process.result("transcribe", {**asked, "long_audio": "truncate"})["clips"]
    assert cut["text"].startswith("bad cab")
    assert len(cut["words"]) < 6
    assert (cut["seconds_heard"], cut["seconds_given"]) == (2.0, pytest.approx(clip.shape[1] / RATE))
    error = process.error("transcribe", {**asked, "long_audio": "error"})
    assert error["code"] == "audio_too_long"
    error = process.error("transcribe", {**asked, "context_seconds": 1.0})
    assert error["code"] == "invalid_request"


def test_process_audio_of_a_model_that_only_transcribes_gives_the_transcript(process, learnt):
    clip, _ = speak(["dab", "cad"], 5_000)
    asked = {"audio": clip[0].tolist(), "model": str(learnt)}
    result = process.result("process_audio", asked)
    assert (result["result"], result["prompt"], result["stop_reason"]) == ("dab cad", "", "end")
    for more in ({"prompt": "Who speaks?"}, {"options": {"do_sample": True}}):
        assert process.error("process_audio", {**asked, **more})["code"] == "not_capable"


@pytest.mark.parametrize("model", ["wav2vec2-tiny", "gama-tiny", "fbank"])
def test_a_model_without_a_head_says_why_it_does_not_transcribe_and_which_can(process, model):
    error = process.error("transcribe", {"audios": [[0.0] * 8_000], "model": model})
    assert error["code"] == "not_capable"
    assert f"{model} cannot transcribe" in error["message"]
    assert "Wav2Vec2ForCTC" in error["message"]
