"""Nothing of the test split is ever in training, and the split is what it says."""

import numpy as np
import pytest

from training.render import fluid, speech
from training.render.classes import CLASSES, SPEECH, drawable
from training.render.effects import CONTINUOUS, COUNTABLE, source_of
from training.render.families import FAMILIES
from training.render.fluid import SOUND_FONT
from training.render.instruments import KIT_KEYS, presets
from training.render.soundfont import recordings
from training.render.split import TEST_SEEDS, TRAIN_SEEDS, parameter_vector
from training.render.voices import DIGITS, TEST_VARIANTS, TRAIN_VARIANTS

needs_font = pytest.mark.skipif(not SOUND_FONT.is_file(), reason=fluid.missing() or "sound font is here")


def test_no_preset_plays_in_both_splits() -> None:
    train = {preset for family in FAMILIES.values() for preset in family.train}
    test = {preset for family in FAMILIES.values() for preset in family.test}
    assert not train & test


@needs_font
def test_no_recording_of_the_sound_font_is_heard_in_both_splits() -> None:
    everything = recordings(SOUND_FONT)
    kits = recordings(SOUND_FONT, (min(KIT_KEYS), max(KIT_KEYS)))

    def heard(split: str) -> set[int]:
        names = [preset for family in FAMILIES for preset in presets(family, split)]
        return set().union(*((kits if name.startswith("128-") else everything)[name] for name in names))

    assert len(heard("train")) > 500
    assert not heard("train") & heard("test")


def test_no_voice_speaks_in_both_splits() -> None:
    train = {variant for variants in TRAIN_VARIANTS.values() for variant in variants}
    test = {variant for variants in TEST_VARIANTS.values() for variant in variants}
    assert not train & test
    assert min(len(variants) for variants in TEST_VARIANTS.values()) >= 6


def test_a_series_of_voices_stays_on_one_side() -> None:
    for series in ("steph", "klatt", "anika"):
        sides = [
            any(v.startswith(series) for v in side["man"] + side["woman"])
            for side in (TRAIN_VARIANTS, TEST_VARIANTS)
        ]
        assert sum(sides) == 1


@pytest.mark.parametrize("name", [*COUNTABLE, *CONTINUOUS])
def test_parameters_of_test_sources_lie_in_bands_that_training_never_enters(name: str) -> None:
    size = (COUNTABLE | CONTINUOUS)[name].size
    train = np.stack([parameter_vector(name, seed, size) for seed in TRAIN_SEEDS])
    test = np.stack([parameter_vector(name, seed, size) for seed in TEST_SEEDS])
    assert not ((train > 0.3) & (train < 0.45)).any()
    assert train.max() <= 0.8
    assert (((test >= 0.3) & (test <= 0.45)) | (test >= 0.8)).all()
    # outside the convex hull: one coordinate lies above everything that training has seen
    assert (test.max(axis=1) > train.max()).all()


def test_a_seed_of_neither_split_is_refused() -> None:
    with pytest.raises(ValueError, match="belongs to no split"):
        parameter_vector("dog", 700, 4)


def test_drawn_sources_carry_a_seed_of_their_split() -> None:
    rng = np.random.default_rng(0)
    for split, seeds in (("train", TRAIN_SEEDS), ("test", TEST_SEEDS)):
        drawn = {int(source_of("dog", split, rng).rsplit("-", 1)[1]) for _ in range(50)}
        assert drawn <= set(seeds)


def test_voices_drawn_for_a_split_are_its_own() -> None:
    rng = np.random.default_rng(0)
    test_names = set(TEST_VARIANTS["man"] + TEST_VARIANTS["woman"])
    drawn = {
        split: {speech.source_of(split, rng).split("+")[1] for _ in range(300)} for split in ("train", "test")
    }
    assert drawn["test"] == test_names
    assert not drawn["train"] & test_names


def test_families_without_a_held_out_preset_are_not_drawn_for_the_test_split() -> None:
    lost = set(drawable("train")) - set(drawable("test"))
    assert lost == {name for name, family in FAMILIES.items() if not family.test}
    assert set(drawable("train")) == set(CLASSES) - {SPEECH}


def test_the_ten_english_digits_are_spoken() -> None:
    assert len(set(DIGITS["english"])) == 10
