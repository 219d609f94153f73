"""Near duplicates: candidates by planted copies, certainty by waveforms; by hand and over the wire."""

import base64
from collections import Counter

import numpy as np
import pytest
import soundfile

from gama_operations.clustering_watch import Watch
from gama_operations.errors import CancelledError, InvalidRequestError
from gama_operations.near_duplicates import ArmFeatures, near_duplicates
from gama_operations.same_sound import RATE

CLIPS, COPIES, WIDTH = 60, 20, 32


def waves(seed, count, seconds=0.5):
    rng = np.random.default_rng(seed)
    return list(rng.standard_normal((count, round(seconds * RATE))))


@pytest.fixture
def study():
    """Clips of which the last is a copy of the first, with features that say so."""
    rng = np.random.default_rng(0)
    sounds = waves(0, CLIPS)
    sounds[-1] = sounds[0] * 0.5
    features = rng.standard_normal((CLIPS, WIDTH)) + 5  # a mean that all share
    features[-1] = features[0] + 0.1 * rng.standard_normal(WIDTH)
    planted = features[:COPIES] + 0.1 * rng.standard_normal((COPIES, WIDTH))
    sides = [f"source {at}" for at in range(CLIPS)]
    return sounds, features, planted, sides


def search(study, arms=None, *, sides=None, watch=None, copies=None):
    sounds, features, planted, own = study
    copies = sounds[:COPIES] if copies is None else copies
    return near_duplicates(
        arms or [ArmFeatures(features, planted)],
        sides or own,
        list(range(COPIES)),
        hear=sounds.__getitem__,
        hear_copy=copies.__getitem__,
        watch=watch or Watch(),
    )


def test_a_planted_duplicate_is_found_among_strangers(study):
    found = search(study)
    assert [(pair.a, pair.b) for pair in found.duplicates] == [(0, CLIPS - 1)]
    assert found.duplicates[0].correlation == pytest.approx(1)
    assert (found.planted, found.planted_found, found.nearest) == (COPIES, COPIES, 5)
    assert found.candidates == found.alike + 1 < CLIPS
    threshold = found.arms[0].threshold
    assert threshold is not None
    assert 0.8 < threshold < 1


def test_what_stands_on_one_side_may_be_as_alike_as_it_likes(study):
    sides = [*study[3][:-1], study[3][0]]
    assert search(study, sides=sides).duplicates == []


def test_near_features_alone_are_no_duplicate(study):
    sounds, *rest = study
    changed = [*sounds[:-1], waves(9, 1)[0]]
    found = search((changed, *rest))
    assert found.duplicates == []
    assert found.alike == found.candidates >= 1


def test_its_own_recall_counts_what_the_waveforms_do_not_confirm(study):
    copies = [*study[0][: COPIES - 3], *waves(5, 3)]
    assert search(study, copies=copies).planted_found == COPIES - 3


def test_arms_are_taken_until_the_planted_copies_are_found(study):
    _, features, planted, _ = study
    good = ArmFeatures(features, planted)
    rng = np.random.default_rng(3)
    # It sees no copy as near its original, so that its threshold lets everybody in.
    blind = ArmFeatures(rng.standard_normal((CLIPS, WIDTH)), rng.standard_normal((COPIES, WIDTH)))
    found = search(study, [blind, good])
    assert [arm.used for arm in found.arms] == [False, True]
    assert found.arms[0].candidates > found.arms[1].candidates
    # One that sees half of the copies only is joined by another.
    half = planted.copy()
    half[::2] = rng.standard_normal((COPIES // 2, WIDTH))
    found = search(study, [ArmFeatures(features, half), good])
    assert found.arms[1].used
    assert found.planted_found == COPIES


def test_more_neighbours_are_looked_at_where_five_show_too_few_copies(study):
    sounds, _, _, sides = study
    rng = np.random.default_rng(4)
    # A copy is no nearer to its original than to the nine others of its class.
    classes = rng.standard_normal((CLIPS // 10, WIDTH)).repeat(10, axis=0)
    features = classes + 0.05 * rng.standard_normal((CLIPS, WIDTH))
    planted = classes[:COPIES] + 0.05 * rng.standard_normal((COPIES, WIDTH))
    found = search((sounds, features, planted, sides))
    assert found.nearest > 5
    assert found.planted_found >= 0.95 * COPIES
    assert found.candidates > search(study).candidates


def test_failed_clips_are_near_nobody(study):
    sounds, features, planted, sides = study
    features, planted = features.copy(), planted.copy()
    features[0], planted[1] = np.nan, np.nan
    found = search((sounds, features, planted, sides))
    assert found.duplicates == []
    assert found.planted_found == COPIES - 2
    everything = search(study, [ArmFeatures(features * np.nan, planted)])
    assert (everything.candidates, everything.planted_found) == (0, 0)
    assert everything.arms[0].threshold is None


def test_progress_comes_to_its_end_and_a_caller_may_give_up(study):
    told = Counter()
    ends = {}

    def progress(stage, done, total, unit):
        told[stage] += 1
        ends[stage] = (done, total, unit)

    search(study, watch=Watch(progress=progress))
    assert ends["compare"] == (1, 1, "arms")
    assert ends["verify"][0] == ends["verify"][1] == told["verify"] - 1

    def check():
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        search(study, watch=Watch(check=check))


def test_arms_must_be_about_these_clips_and_copies(study):
    sounds, features, planted, _ = study
    heard, good = sounds.__getitem__, ArmFeatures(features, planted)
    for arm in (ArmFeatures(features[1:], planted), ArmFeatures(features, planted[1:])):
        with pytest.raises(InvalidRequestError, match="of arm 0"):
            search(study, [arm])
    with pytest.raises(InvalidRequestError, match="an arm"):
        near_duplicates([], ["a"], [0], hear=heard, hear_copy=heard, watch=Watch())
    with pytest.raises(InvalidRequestError, match="from 0 to 59"):
        near_duplicates([good], study[3], [60], hear=heard, hear_copy=heard, watch=Watch())


def values(tensor):
    reference = tensor["$t"]
    return np.frombuffer(base64.b64decode(reference["base64"]), reference["dtype"]).reshape(
        reference["shape"]
    )


def test_a_copy_in_another_container_softer_and_cut_is_found_over_the_wire(process, tmp_path):
    sounds = [wave * 0.1 for wave in waves(1, 12, seconds=1.0)]
    audios = []
    for at, wave in enumerate(sounds):
        audios.append(str(tmp_path / f"{at}.wav"))
        soundfile.write(audios[-1], wave, RATE)
    soundfile.write(tmp_path / "copy.flac", (sounds[3] * 0.5)[400:], RATE)
    audios.append(str(tmp_path / "copy.flac"))
    copies = []
    for at, path in enumerate(audios[:6]):
        copy = process.result("plant_copy", {"audio": path, "duration": 0.9, "seed": at})
        assert copy["sample_rate"] == RATE
        samples = values(copy["samples"])
        assert samples.shape == (1, round(0.85 * RATE))
        level = np.sqrt(np.mean(samples**2) / np.mean(sounds[at][800:14_400] ** 2))
        assert 20 * np.log10(level) == pytest.approx(-6, abs=0.1)
        copies.append(str(tmp_path / f"planted.{at}.wav"))
        soundfile.write(copies[-1], samples[0], RATE, "PCM_16")
    rng = np.random.default_rng(2)
    clips = rng.standard_normal((13, WIDTH))
    clips[12] = clips[3] + 0.1 * rng.standard_normal(WIDTH)
    planted = clips[:6] + 0.1 * rng.standard_normal((6, WIDTH))
    arms = [{"features": clips.tolist(), "planted": planted.tolist()}]
    asked = {"audios": audios, "sides": [str(at) for at in range(13)], "arms": arms}
    found = process.result(
        "near_duplicates", {**asked, "copies": copies, "originals": list(range(6)), "duration": 0.9}
    )
    [pair] = found["duplicates"]
    assert (pair["a"], pair["b"]) == (3, 12)
    assert pair["lag_seconds"] == pytest.approx(-0.025, abs=0.001)
    assert found["planted_found"] == found["planted"] == 6
