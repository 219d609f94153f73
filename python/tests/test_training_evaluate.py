"""Evaluations choose on training folds, measure what they say, and print cards from their figures."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from gama_operations.models.registry import WEIGHTS, load
from gama_operations.probes import probe
from training.evaluate.asking import Asked, all_questions, audio_prefixes
from training.evaluate.card import write_card
from training.evaluate.chosen import Candidate, choose, judge
from training.evaluate.clips import Clip, sample_clips
from training.evaluate.confusions import class_rows, count_rows
from training.evaluate.diagnose import diagnose
from training.evaluate.layers import layer_statistics
from training.evaluate.paraphrases import Exam, chosen_questions, printed, reworded, wordings_of
from training.evaluate.probe_report import probe_report
from training.evaluate.probe_sets import ProbeSet, fsdd_folder, real_digits, real_speakers, word_clip
from training.evaluate.probes import printed as printed_probes
from training.evaluate.refitted_heads import Labelled, head_answers, reduced
from training.evaluate.sections import gama
from training.render import speech
from training.render.classes import thinly_tested, untested
from training.render.families import FAMILIES
from training.wordings import HELD_OUT, KINDS, WORDINGS

needs_voice = pytest.mark.skipif(speech.missing() is not None, reason=str(speech.missing()))
RNG = np.random.default_rng(0)
SOURCES = [f"source {k // 4}" for k in range(120)]
LABELS = [("a", "b", "c")[k // 4 % 3] for k in range(120)]


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    """Shipped samples at even distances."""
    return sample_clips()[::8]


def features(strength: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    index = np.array([("a", "b", "c").index(label) for label in LABELS])
    return strength * np.eye(3)[index] + rng.standard_normal((120, 3))


def candidate(layer: str) -> Candidate:
    return Candidate("model", layer, "mean", "linear")


def test_features_that_tell_the_classes_are_chosen_in_every_fold() -> None:
    judged = judge({candidate("noise"): features(0), candidate("good"): features(4)}, LABELS, SOURCES)
    found = choose(judged)
    assert set(found.choices) == {candidate("good").name}
    assert found.correct == judged[candidate("good")].correct


def test_the_choice_never_looks_at_the_clips_that_judge_it() -> None:
    outcome = probe(features(0), LABELS, SOURCES)
    fold = np.array(outcome.fold)
    # right on the test clips of fold 0 only, and there its training clips speak against it
    tempting = _with(outcome, (fold == 0).tolist(), [0.1, 0.9, 0.9, 0.9, 0.9])
    modest = _with(outcome, (fold != 0).tolist(), [0.2, 0.1, 0.1, 0.1, 0.1])
    found = choose({candidate("tempting"): tempting, candidate("modest"): modest})
    assert found.choices == [candidate("modest").name] + [candidate("tempting").name] * 4
    assert not any(found.correct)


def _with(outcome: Any, correct: list[bool], inner: list[float]) -> Any:
    return replace(outcome, correct=correct, inner=inner)


def test_the_inner_score_is_of_sources_that_the_inner_fit_did_not_see() -> None:
    # every source has a direction of its own: clips of a source resemble each other, classes do not
    own = np.eye(30)[np.array([int(source.split()[1]) for source in SOURCES])]
    assert max(probe(own, LABELS, SOURCES).inner) < 0.5


@pytest.mark.parametrize("name", ["gama-tiny", "wav2vec2-tiny", "mfcc-20"])
def test_layers_of_one_pass_are_the_layers_that_embed_gives(name: str, clips: list[Clip]) -> None:
    model = load(name, device="cpu")
    waveforms = [clip.waveform for clip in clips[:2]]
    for waveform, layers in zip(waveforms, layer_statistics(model, waveforms), strict=True):
        # inside of aggregator, Q-Former and language model looks `embed` alone
        inside = re.compile(r"(aggregator|qformer)\.|lm")
        assert tuple(layers) == tuple(layer for layer in model.info.layers if not inside.match(layer))
        for layer, found in layers.items():
            expected = model.embed([waveform], layer=layer, pooling="mean_std")[0].features
            np.testing.assert_allclose(found, expected, atol=2e-5)


def test_a_probe_report_names_every_arm_and_is_kept_in_the_cache(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path))
    few = [clip for clip in clips if clip.label in ("dog", "speech", "rain", "alarm")]
    question = ProbeSet(
        "few", [c.waveform for c in few], [c.label for c in few], [c.source for c in few], "a test"
    )
    report = probe_report("wav2vec2-tiny", question)
    assert {row["arm"] for row in report["chosen"]} == {
        "mean, chosen",
        "mean_std, chosen",
        "random weights, chosen",
        "baseline, chosen",
    }
    assert len(report["paired"]) == 6
    # five layers, two of the twin, by pooling and classifier; four baselines
    assert len(report["rows"]) == (5 + 2) * 4 + 4
    kept = sorted((tmp_path / "training" / "embedded").iterdir())
    assert len(kept) == 4
    times = [path.stat().st_mtime_ns for path in kept]
    assert probe_report("wav2vec2-tiny", question) == report
    assert [path.stat().st_mtime_ns for path in kept] == times
    assert "baseline best on the test" in printed_probes(report)


@needs_voice
def test_a_word_of_an_unseen_voice_repeats_from_its_name() -> None:
    first, again, other = (word_clip("seven", "f3", take) for take in (0, 0, 1))
    assert np.array_equal(first, again)
    assert first.dtype == np.float32
    assert first.ndim == 2
    assert np.abs(first).max() > 0.01
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_real_recordings_carry_digit_and_speaker_in_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recordings").mkdir()
    for name in ("3_ann_0", "3_bob_1", "7_ann_12"):
        soundfile.write(tmp_path / "recordings" / f"{name}.wav", RNG.standard_normal(4000) * 0.1, 8000)
    monkeypatch.setenv("GRYM_DATA_FSDD", str(tmp_path))
    digits, speakers = real_digits(), real_speakers()
    assert (digits.labels, digits.sources) == (["3", "3", "7"], ["ann", "bob", "ann"])
    assert (speakers.labels, len(set(speakers.sources))) == (["ann", "bob", "ann"], 3)
    assert all(waveform.shape == (1, 8000) for waveform in digits.waveforms)
    monkeypatch.setenv("GRYM_DATA_FSDD", str(tmp_path / "nothing"))
    with pytest.raises(FileNotFoundError, match="GRYM_DATA_FSDD"):
        fsdd_folder()


def test_a_refitted_head_reads_what_lies_linearly_in_a_view() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((400, 6)).astype(np.float32)
    answers = ["yes" if value > 0 else "no" for value in x[:, 0] + x[:, 1]]
    known = Labelled(x[:300], answers[:300], [str(k % 30) for k in range(300)])
    right = [a == b for a, b in zip(head_answers(known, x[300:]), answers[300:], strict=True)]
    assert np.mean(right) > 0.9


def test_wide_views_are_cut_by_the_clips_that_heads_are_fitted_on() -> None:
    rng = np.random.default_rng(3)
    wide, narrow = rng.standard_normal((50, 90)), rng.standard_normal((50, 4))
    fitted, other = reduced(
        {"wide": wide, "narrow": narrow}, {"wide": wide[:7] + 1, "narrow": 2 * narrow[:7]}
    )
    assert fitted["wide"].shape == (50, 49)
    assert other["wide"].shape == (7, 49)
    assert abs(fitted["narrow"].std(axis=0) - 1).max() < 1e-6
    np.testing.assert_allclose(
        other["narrow"], 2 * narrow[:7] / narrow.std(0) - narrow.mean(0) / narrow.std(0), atol=1e-5
    )


def _counted(number: int, count: int, end: float, tempo: str | None) -> Clip:
    event = {"class": "dog", "kind": "effect", "count": count, "start": 0.0, "end": end, "tempo": tempo}
    meta = {"events": [event], "background": None, "loudness": "loud"}
    return Clip(str(number), np.zeros((1, 16), np.float32), meta, f"dsp:dog-{number}")


def test_confusions_count_what_was_said_in_place_of_what_was_rendered() -> None:
    heard = [_counted(0, 3, 0.9, "fast"), _counted(1, 3, 2.4, "slow"), _counted(2, 1, 0.2, None)]
    asked = [Asked(n, "count", "?", text, "") for n, text in enumerate(("three", "three", "one"))]
    rows = count_rows(heard, asked, ["two", "three", "one"])
    assert {row["value"]: row["mean"] for row in rows["tempo"]} == {"fast": 0.0, "slow": 1.0, "not set": 1.0}
    assert {row["value"]: row["mean error"] for row in rows["count"]} == {"three": -0.5, "one": 0.0}
    assert [row["value"] for row in rows["spacing"]] == ["0.30-0.45 s", "0.70-1.00 s", "one"]
    named = [Asked(n, "class", "?", "a dog", "") for n in range(3)]
    (row,) = class_rows(heard, named, {"generated": ["a cat", "a dog", "a cat"]})
    assert (row["clips"], row["sources"], row["generated"]) == (3, 3, 0.3333)
    assert row["mistaken for"] == ["a cat (2)"]


def test_a_diagnosis_sets_answers_beside_heads_on_both_sides(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path))
    model = gama("gama-tiny", "trained")
    timed = [
        Clip(clip.id, clip.waveform, _with_times(clip), clip.source)
        for clip in clips
        if clip.kind == "effect" or clip.label == "speech"
    ]
    report = diagnose(model, timed[0:24:2], timed[1:24:4], timed[3:24:4])
    for rows in report["sides"].values():
        assert {"class", "count"} <= {row["kind"] for row in rows}
        for row in rows:
            assert 0 <= row["generated"]["mean"] <= 1
            assert {"head on queries", "head on encoder, in time"} <= set(row)
    assert report["classes"]
    assert (tmp_path / "training" / "evaluation" / f"diagnosis-{model.info.revision}.json").exists()


def _with_times(clip: Clip) -> dict[str, Any]:
    seconds = clip.waveform.shape[-1] / 16_000
    return clip.meta | {"events": [event | {"start": 0.0, "end": seconds} for event in clip.meta["events"]]}


def test_paraphrases_ask_the_same_about_the_same_clips(clips: list[Clip]) -> None:
    asked = all_questions(clips)
    item = next(item for item in asked if item.kind == "has")
    for wording in HELD_OUT["has"]:
        other = reworded(item, wording)
        assert item.subject in other.question
        assert (other.clip, other.answer) == (item.clip, item.answer)
    chosen = chosen_questions(asked, "loudness", 5)
    assert len({item.clip for item in chosen}) == 5
    model = gama("gama-tiny", "trained")
    trained = {kind: list(wordings[:3]) for kind, wordings in WORDINGS.items()}
    exam = Exam(model, clips, audio_prefixes(model, clips), trained, {})
    report = exam.report(chosen_questions(asked, "loudness", 20))
    assert [row["side"] for row in report["wordings"]] == ["trained"] * 2 + ["held out"] * 3
    assert report["first"]["mean"] > 0.6
    assert "loudness" in printed(report)


def test_a_wording_that_was_trained_is_not_called_held_out() -> None:
    for kind in KINDS:
        assert "held out" in wordings_of(kind, {name: list(WORDINGS[name]) for name in KINDS}).values()
    with pytest.raises(ValueError, match="were trained"):
        wordings_of("class", {"class": [*WORDINGS["class"], HELD_OUT["class"][0]]})


def test_nothing_is_claimed_for_classes_that_no_test_source_has() -> None:
    assert untested() == ("piano", "harpsichord", "accordion", "harp", "sitar", "banjo", "koto")
    assert thinly_tested() == ("choir", "woodblock")
    assert all(not FAMILIES[name].test for name in untested())
    card = (WEIGHTS / "gama-tiny" / "README.md").read_text()
    assert all(f"`{name}`" in card for name in (*untested(), *thinly_tested()))


@pytest.mark.parametrize("name", ["gama-tiny", "wav2vec2-tiny"])
def test_the_shipped_card_is_what_the_figures_print(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    for file in WEIGHTS.glob(f"{name}/*.json"):
        shutil.copy(file, folder)
    write_card(tmp_path / name)
    assert (tmp_path / name / "README.md").read_text() == (WEIGHTS / name / "README.md").read_text()
