"""What must not move an embedding of a shipped model does not; what cannot hold stands there in numbers."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from gama_operations.invariance import command
from gama_operations.invariance.command import SAMPLES, examine, main, read_clips
from gama_operations.invariance.expectations import expectation
from gama_operations.invariance.report import text
from gama_operations.models.registry import WEIGHTS, load
from gama_operations.models.surface import Embedding
from training.evaluate.card import write_card

RATE = 16_000
CLIPS = {"gama-tiny": 17, "wav2vec2-tiny": 6, "fbank": 6}  # of GAMA one more than it encodes at once
NOT_EXPECTED = {
    "gama-tiny": {
        "silence tail",
        "gain -20 dB",
        "gain +6 dB",
        "resample 48 kHz",
        "resample 8 kHz",
        "channel order",
        "window border",
    },
    "wav2vec2-tiny": {"silence tail", "resample 8 kHz", "chunk border"},
    "fbank": {"silence tail", "gain -20 dB", "gain +6 dB", "resample 48 kHz", "resample 8 kHz"},
}


@pytest.fixture(scope="module")
def clips():
    return read_clips(SAMPLES, max(CLIPS.values()), RATE)


class Leaking:
    """A model whose clips see each other in a batch."""

    def __init__(self, model):
        self._model = model
        self.info = model.info

    def embed(self, waveforms, **options):
        found = self._model.embed(waveforms, **options)
        shared = 1e-3 * np.mean([embedding.features for embedding in found], axis=0)
        return [Embedding(embedding.features + shared, embedding.seconds_heard) for embedding in found]


def rows_of(report):
    return {row["change"]: row for row in report["rows"]}


@pytest.mark.parametrize("name", NOT_EXPECTED)
def test_what_must_hold_holds_and_the_rest_is_measured(clips, name):
    model = load(name, device="cpu")
    narrow = load(name, device="cpu", dtype="bfloat16") if model.info.parameters else None
    report = examine(model, clips[: CLIPS[name]], narrow=narrow)
    rows = rows_of(report)
    assert [change for change, row in rows.items() if row["holds"] is False] == []
    # nobody weakens a promise without this test: what is not expected is named here
    assert {change for change, row in rows.items() if row["holds"] is None} == NOT_EXPECTED[name]
    assert all(row["expected"]["kind"] != "unstated" and row["expected"]["reason"] for row in rows.values())
    # none of the promises is kept by hearing nothing: other changes move the same embeddings
    assert all(rows[change]["difference"] > 0.005 for change in NOT_EXPECTED[name])
    if name == "gama-tiny":  # a tenth of the loudness is a good part of the way to another sound
        assert rows["gain -20 dB"]["of_distance"] > 0.2
    printed = text(report)
    for change in NOT_EXPECTED[name]:
        [line] = [line for line in printed.splitlines() if line.startswith(f"{change}  ")]
        assert f"{rows[change]['difference']:.2g}" in line
        assert "not expected" in line


def test_clips_that_see_each_other_are_found(clips):
    rows = rows_of(examine(Leaking(load("fbank")), clips[:4]))
    assert {change for change, row in rows.items() if row["holds"] is False} == {
        "batch composition",
        "padding",
    }
    assert rows["padding"]["difference"] > 1e-5


def test_a_family_of_which_nobody_has_said_anything_is_measured_only(clips):
    class Other(Leaking):
        def __init__(self, model):
            super().__init__(model)
            self.info = dataclasses.replace(model.info, family="clap")

    report = examine(Other(load("fbank")), clips[:2])
    assert {row["expected"]["kind"] for row in report["rows"]} == {"unstated"}
    assert "not stated" in text(report)


def test_the_command_prints_a_table_writes_json_and_says_whether_all_holds(tmp_path, capsys, monkeypatch):
    arguments = ["fbank", "--count", "3", "--json", str(tmp_path / "report.json")]
    assert main(arguments) == 0
    assert "what must hold holds" in capsys.readouterr().out
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["model"], report["layer"], report["clips"], report["dtype"]) == (
        "fbank",
        "fbank",
        3,
        "float32",
    )

    monkeypatch.setattr(command, "load", lambda name, **_options: Leaking(load(name)))
    assert main(arguments) == 1
    assert "does not hold: batch composition, padding" in capsys.readouterr().out


class Damaged(Leaking):
    """A model that gives the same in place of every embedding."""

    def __init__(self, model, value):
        super().__init__(model)
        self._value = value

    def embed(self, waveforms, **options):
        found = self._model.embed(waveforms, **options)
        return [Embedding(np.full_like(one.features, self._value), one.seconds_heard) for one in found]


def test_embeddings_of_nan_hold_nothing_and_are_no_json_number(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "load", lambda name, **_options: Damaged(load(name), np.nan))
    file = tmp_path / "report.json"
    assert main(["fbank", "--count", "2", "--json", str(file)]) == 1
    assert "does not hold: repetition, batch composition" in capsys.readouterr().out

    def refuse(constant):
        raise AssertionError(constant)

    rows = json.loads(file.read_text(), parse_constant=refuse)["rows"]
    assert {row["difference"] for row in rows} == {None}
    assert not any(row["holds"] for row in rows)


def test_embeddings_of_zero_differ_by_nothing(clips):
    rows = rows_of(examine(Damaged(load("fbank"), 0.0), clips[:2]))
    assert {(row["difference"], row["of_distance"]) for row in rows.values()} == {(0.0, 0.0)}


@pytest.mark.parametrize("count", ["1", "0", "-3"])
def test_fewer_than_two_clips_are_refused(count, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["fbank", "--count", count])
    assert ended.value.code == 2
    assert "it takes 2" in capsys.readouterr().err


def test_words_of_a_narrow_language_model_are_near_and_its_sounds_are_the_same():
    assert expectation("bfloat16", "gama", "encoder").kind == "exact"
    assert {expectation("bfloat16", "gama", layer).kind for layer in ("lm", "lm.0")} == {"within"}


def test_no_model_no_layer_and_no_clips_are_said_in_words(tmp_path, capsys):
    for arguments, says in (
        (["gama-huge"], "no model 'gama-huge'"),
        (["fbank", "--layer", "encoder.99"], "no layer 'encoder.99'"),
        (["fbank", "--clips", str(tmp_path)], "holds 0 audio files"),
    ):
        assert main(arguments) == 2
        assert says in capsys.readouterr().err


def test_the_card_shows_the_table_of_its_own_revision_only(tmp_path, clips):
    folder = tmp_path / "wav2vec2-tiny"
    folder.mkdir()
    for file in ("config.json", "training.json", "scores.json"):
        shutil.copy(WEIGHTS / "wav2vec2-tiny" / file, folder)
    write_card(folder)
    assert "What moves the embedding" not in (folder / "README.md").read_text()
    report = examine(load("fbank"), clips[:2]) | {
        "revision": json.loads((folder / "config.json").read_text())["revision"]
    }
    (folder / "invariance.json").write_text(json.dumps(report))
    write_card(folder)
    card = (folder / "README.md").read_text()
    assert "## What moves the embedding" in card
    assert "| gain -20 dB | each clip with a tenth of itself |" in card
    (folder / "invariance.json").write_text(json.dumps(report | {"revision": "0" * 12}))
    write_card(folder)
    assert "What moves the embedding" not in (folder / "README.md").read_text()
