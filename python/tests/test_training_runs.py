"""A run goes on where it stopped, on the data it began with, and never on what another run left."""

import copy
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training.checkpoints import StaleCheckpointError, checkpoint_files, load_checkpoint, save_checkpoint
from training.fingerprint import bare_code, code_id, synthesizers
from training.gama.encoder import TrainingData, train_encoder
from training.gama.features import FRAMES, MELS, Features
from training.gama.joint import train_joint
from training.gama.labels import build_labels
from training.gama.settings import EncoderSettings, JointSettings
from training.gama.tokenizer import load_tokenizer
from training.gama.vocabulary import build_vocabulary
from training.precision import BFLOAT16_UNITS, training_dtype, training_precision
from training.render import fluid, speech
from training.runs import SAVE_SECONDS, Run
from training.shards import PADDED, Shards, open_shards
from training.wav2vec2.settings import Wav2Vec2Settings
from training.wav2vec2.train import train as wav2vec2_train

needs_synthesizers = pytest.mark.skipif(
    (fluid.missing() or speech.missing()) is not None, reason=str(fluid.missing() or speech.missing())
)
CODE = '"""What it does."""\nx = 1  # why\n\n\ndef f() -> int:\n    """Says one."""\n    return x\n'


@dataclass(frozen=True)
class Settings:
    steps: int
    rate: float


def run(folder: Path, *, rate: float = 0.1, data: str = "aaaa", start: str = "") -> Run:
    return Run("encoder", Settings(10, rate), folder, data, start)


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, "joint-aaaa", 10, {"weight": torch.ones(1)})
    assert path.name == "joint-aaaa-step-0000010.pt"
    state = load_checkpoint(tmp_path, "joint-aaaa")
    assert state is not None
    assert state["step"] == 10
    with pytest.raises(StaleCheckpointError, match="joint-aaaa"):
        load_checkpoint(tmp_path, "joint-bbbb")


def test_the_same_run_goes_on_with_its_steps_clips_and_arithmetic(tmp_path: Path) -> None:
    first = run(tmp_path)
    assert first.begin() is None
    for _ in range(3):
        first.stepped(8)
    path = first.save({})
    assert first.id in path.name
    assert "aaaa" in path.name
    again = run(tmp_path)
    state = again.begin()
    assert state is not None
    assert state["data"] == "aaaa"
    assert (again.step, again.clips, again.dtypes) == (3, 24, first.dtypes)
    assert again.dtypes == [str(training_dtype()).removeprefix("torch.")]


@pytest.mark.parametrize("change", [{"rate": 0.2}, {"data": "bbbb"}, {"start": "encoder-of-before"}])
def test_other_settings_data_or_beginnings_are_another_run_and_touch_no_file_of_this_one(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    first = run(tmp_path)
    first.begin()
    first.step = 5
    path = first.save({})
    other = run(tmp_path, **change)
    assert other.id != first.id
    assert other.begin() is None
    other.save({})
    assert path.exists()
    assert run(tmp_path).begin() is not None


def test_of_its_own_checkpoints_a_run_keeps_the_two_newest(tmp_path: Path) -> None:
    mine = run(tmp_path)
    mine.begin()
    for mine.step in (1, 2, 3):
        mine.save({})
    assert [path.name[-10:] for path in checkpoint_files(mine.folder)] == ["0000002.pt", "0000003.pt"]


def test_a_checkpoint_is_due_at_the_last_step_and_after_some_minutes(tmp_path: Path) -> None:
    mine = run(tmp_path)
    mine.begin()
    mine.stepped(8)
    assert not mine.save_due(10)
    assert mine.save_due(1)
    mine._saved -= SAVE_SECONDS
    assert mine.save_due(10)
    mine.save({})
    assert not mine.save_due(10)


def test_the_log_says_how_long_the_rest_will_take(tmp_path: Path) -> None:
    mine = run(tmp_path)
    mine.begin()
    mine._began -= 60
    for _ in range(4):
        mine.stepped(8)
    mine.log(loss=1.0)
    line = json.loads((mine.folder / "log.jsonl").read_text())
    assert (line["step"], line["of"], line["clips"]) == (4, 10, 32)
    assert 1.5 <= line["minutes_left"] <= 1.6  # four steps took a minute, six are left
    mine.step = 10
    assert mine.minutes_left() == 0


def test_only_code_changes_an_id_and_not_its_comments(tmp_path: Path) -> None:
    same = CODE.replace("# why", "# because").replace("Says one.", "Gives one.").replace("\n\n\n", "\n\n")
    assert bare_code(CODE) == bare_code(same)
    assert bare_code(CODE) != bare_code(CODE.replace("x = 1", "x = 2"))
    ids: list[str] = []
    for text in (CODE, same, CODE.replace("x = 1", "x = 2")):
        (tmp_path / "code.py").write_text(text)
        ids.append(code_id([tmp_path / "code.py"]))
    assert ids[0] == ids[1] != ids[2]


@needs_synthesizers
def test_data_of_another_renderer_lie_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import clip_folders, fingerprint

    monkeypatch.setenv("GRYM_CACHE", str(tmp_path))
    now = clip_folders.clips_folder("train")
    now.mkdir()
    assert clip_folders.outdated_folders() == []
    ids = (fingerprint.features_id(), fingerprint.text_id())
    monkeypatch.setattr(fingerprint, "synthesizers", lambda: synthesizers() | {"espeak-ng": "another"})
    for function in (fingerprint.render_id, fingerprint.features_id, fingerprint.text_id):
        function.cache_clear()
    try:
        assert clip_folders.clips_folder("train") != now
        assert clip_folders.outdated_folders() == [now]
        assert fingerprint.features_id() != ids[0]
        assert fingerprint.text_id() != ids[1]
    finally:
        monkeypatch.undo()
        for function in (fingerprint.render_id, fingerprint.features_id, fingerprint.text_id):
            function.cache_clear()


@pytest.mark.parametrize("unit", [None, *BFLOAT16_UNITS])
def test_bfloat16_is_used_where_the_cpu_multiplies_it(
    unit: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {unit: True} if unit else {"avx512_f": True})
    with training_precision():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if unit else torch.float32)


def _event(name: str, count: int) -> dict[str, Any]:
    keys = ("count", "direction", "register", "tempo", "words", "language", "sex")
    times = {"onsets": [0.5 * index for index in range(count)], "start": 0.0, "end": 0.5 * count}
    return {"class": name, "kind": "effect"} | dict.fromkeys(keys) | {"count": count} | times


def _data() -> TrainingData:
    metas = [
        {"events": [_event(name, count)], "background": None, "loudness": "loud"}
        for name in ("dog", "cat")
        for count in (1, 2, 3, 4)
    ]
    vocabulary = build_vocabulary(metas)
    mel = np.random.default_rng(0).standard_normal((len(metas), FRAMES, MELS)).astype(np.float16)
    features = Features(mel, np.full(len(metas), 32), 0.0, 1.0)
    return TrainingData("data", features, build_labels(metas, vocabulary), vocabulary, metas)


def _shards(folder: Path) -> Shards:
    rng = np.random.default_rng(0)
    np.save(folder / "0000.npy", rng.integers(-9000, 9000, (12, PADDED)).astype(np.int16))
    line = json.dumps({"samples": 30_000})
    (folder / "0000.jsonl").write_text("\n".join([line] * 12) + "\n")
    return open_shards(folder)


def test_the_second_wav2vec2_belongs_to_the_first_and_goes_on(tmp_path: Path) -> None:
    size = {"hidden": 48, "heads": 3, "layers": 2, "conv": (8,) * 7, "teacher_layer": 1, "clusters": 4}
    first = Wav2Vec2Settings(batch=4, crop=24_080, steps=2, warmup=1, **size)
    second = Wav2Vec2Settings(batch=4, crop=24_080, steps=3, warmup=1, iteration=2, **size)
    shards = _shards(tmp_path)
    model, run_1 = wav2vec2_train(shards, first, tmp_path / "runs", data="clips")
    _, part = wav2vec2_train(
        shards, second, tmp_path / "runs", data="clips", student_of=(model, run_1), until=1
    )
    assert part.step == 1
    _, run_2 = wav2vec2_train(shards, second, tmp_path / "runs", data="clips", student_of=(model, run_1))
    assert (run_2.id, run_2.step, run_2.clips) == (part.id, 3, 12)
    _, other = wav2vec2_train(shards, replace(first, steps=1), tmp_path / "runs", data="clips")
    assert Run("wav2vec2-2", second, tmp_path / "runs", "clips", other.id).id != run_2.id


def test_captions_are_trained_on_the_texts_of_their_id(tmp_path: Path) -> None:
    size = EncoderSettings(clips=8, batch=4, steps=1, warmup=1, kept=16, width=64, heads=1, blocks=4)
    settings = JointSettings(
        clips=8, batch=4, steps=2, warmup=1, kept=16, questions=2, width=64, layers=1, intermediate=64,
        vocabulary=300, encoder=size,
    )  # fmt: skip
    data = _data()
    start, _ = train_encoder(data, size, tmp_path, lm_width=64)
    tokenizer = load_tokenizer(tmp_path / "tokenizer.json", data.metas, size=300, seed=1)
    _, first = train_joint(data, start, tokenizer, settings, tmp_path, texts="one", until=1)
    _, again = train_joint(data, start, tokenizer, settings, tmp_path, texts="one")
    _, other = train_joint(data, start, tokenizer, settings, tmp_path, texts="two", until=0)
    assert (first.id, again.step) == (again.id, 2)
    assert other.id != again.id
    assert other.step == 0


def test_gradient_checkpointing_trains_the_same_model(tmp_path: Path) -> None:
    size = EncoderSettings(clips=8, batch=4, steps=1, warmup=1, kept=16, width=64, heads=1, blocks=4)
    settings = JointSettings(
        clips=8, batch=4, steps=2, warmup=1, kept=16, questions=2, width=64, layers=2, intermediate=64,
        vocabulary=300, encoder=size,
    )  # fmt: skip
    data = _data()
    start, _ = train_encoder(data, size, tmp_path, lm_width=64)
    tokenizer = load_tokenizer(tmp_path / "tokenizer.json", data.metas, size=300, seed=1)
    start_again = copy.deepcopy(start)
    plain, first = train_joint(data, start, tokenizer, settings, tmp_path, texts="one")
    lean = replace(settings, gradient_checkpointing=True)
    checkpointed, second = train_joint(data, start_again, tokenizer, lean, tmp_path, texts="one")
    assert checkpointed.gama.language_model.is_activation_checkpointing
    assert first.id != second.id
    for one, other in zip(plain.parameters(), checkpointed.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_training_that_stops_and_goes_on_ends_where_training_in_one_piece_ends(tmp_path: Path) -> None:
    settings = EncoderSettings(clips=8, batch=4, steps=4, warmup=2, kept=16, width=64, heads=1, blocks=4)
    data = _data()
    whole, _ = train_encoder(data, settings, tmp_path / "whole", lm_width=64)
    train_encoder(data, settings, tmp_path / "parts", lm_width=64, until=2)
    parts, second = train_encoder(data, settings, tmp_path / "parts", lm_width=64)
    assert (second.step, second.clips) == (4, 16)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(one, other)
