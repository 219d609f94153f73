"""An audio language model that would not hear the clip gives an error, and no answer."""

import pytest

from family_models import SPEAKERS, load, noise, save
from gama_operations.errors import ModelInvalidError

CLIP = noise(0.7)
every_model = pytest.mark.parametrize("kind", SPEAKERS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: save(tmp_path_factory.mktemp(kind) / kind, kind) for kind in SPEAKERS}


@pytest.fixture
def own(folders, kind):
    """A model of the test's own, which it may break."""
    return load(folders[kind])


@every_model
def test_a_template_without_a_place_for_the_audio_or_with_two_gives_an_error_and_no_answer(own):
    token = own.processor.audio_token
    for template, places in (("{{ messages[0].content[1].text }}", 0), (f"{token} and {token}", 2)):
        own.processor.chat_template = template
        for ask in (
            lambda: own.describe([CLIP], ["What?"]),
            lambda: own.score([CLIP], "What?", ["a", "b"]),
            lambda: own.embed([CLIP]),
        ):
            with pytest.raises(ModelInvalidError, match=f"makes {places} placeholders .* for 1 clip"):
                ask()
    own.processor.chat_template = "{{ raise_exception('roles must alternate') }}"
    with pytest.raises(ModelInvalidError, match="cannot put a question: roles must alternate"):
        own.describe([CLIP], ["What?"])


class DroppingProcessor:
    """A real processor that is not given the audio, or whose features are lost."""

    def __init__(self, real, *, loses):
        self.real, self.loses = real, loses

    def __getattr__(self, name):
        return getattr(self.real, name)

    def __call__(self, *, audio, **options):
        if self.loses == "audio":
            return self.real(**options)
        made = self.real(audio=audio, **options)
        if self.loses == "places":
            made["input_ids"] = made["input_ids"].masked_fill(
                made["input_ids"] == self.real.audio_token_id, 1
            )
        else:
            del made["input_features"]
        return made


@every_model
@pytest.mark.parametrize("loses", ["audio", "features", "places"])
def test_a_processor_that_drops_the_audio_gives_an_error_and_no_answer(own, kind, loses):
    own.processor = DroppingProcessor(own.processor, loses=loses)
    for ask in (
        lambda: own.describe([CLIP], ["What?"]),
        lambda: own.score([CLIP], "What?", ["a", "b"]),
        lambda: own.embed([CLIP]),
    ):
        with pytest.raises(ModelInvalidError, match=f"{kind} would not hear the audio"):
            ask()


@every_model
def test_a_model_whose_answers_do_not_move_with_the_audio_gives_none(own, kind):
    for parameter in own.model.model.multi_modal_projector.parameters():
        parameter.zero_()
    with pytest.raises(ModelInvalidError, match=f"{kind} does not hear: its answer .* is the same"):
        own.describe([CLIP], ["What?"])
    with pytest.raises(ModelInvalidError, match="does not hear"):
        own.score([CLIP], "What?", ["a", "b"])


@every_model
def test_a_forward_pass_that_ignores_the_features_gives_an_error_and_no_answer(own):
    real = own.model.model.forward

    def deaf(*arguments, **inputs):
        return real(*arguments, **inputs | {"input_features": None})

    own.model.model.forward = deaf
    with pytest.raises(ModelInvalidError, match="its placeholders were not replaced"):
        own.describe([CLIP], ["What?"])
