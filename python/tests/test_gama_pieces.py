"""Answers while they are written: pieces that, joined, are the whole answer."""

import pytest
import torch
from tokenizers import Tokenizer, decoders, models

from gama_official import CASES, OFFICIAL, case, needs_fixture, official
from gama_operations.errors import CancelledError, CapabilityError
from gama_operations.models.gama.pieces import TextPieces
from gama_operations.models.gama.prompt import TextCodec
from gama_operations.models.registry import load
from gama_operations.models.surface import Generation, RunContext
from gama_tiny import noise, tokenizer, write_folder

BYTES = [f"<0x{value:02X}>" for value in range(256)]
LLAMA = {
    token: number for number, token in enumerate(["<unk>", "<s>", "</s>", *BYTES, "▁a", "▁dog", "s", "."])
}


def llama_like():
    """A tokenizer with a token for each byte, as Llama's."""
    built = Tokenizer(models.BPE(LLAMA, [], unk_token="<unk>", byte_fallback=True))  # noqa: S106 # no password
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    built.decoder = decoders.Sequence(steps)
    return TextCodec(built, 1)


def pieces_of(codec, ids):
    pieces = TextPieces(codec)
    found = [pieces.add(ids[: count + 1]) for count in range(len(ids))]
    return [*found, pieces.end(codec.decode(ids))]


def test_characters_wait_for_their_last_byte_and_spaces_for_what_follows():
    codec = llama_like()
    euro = [LLAMA[f"<0x{value:02X}>"] for value in "€".encode()]
    ids = [LLAMA["▁a"], *euro, LLAMA["▁dog"], LLAMA["<0x0A>"], LLAMA["s"], LLAMA["<0x20>"], LLAMA["<0x20>"]]
    assert pieces_of(codec, ids) == ["a", "", "", "", "€ dog", "", "\ns", "", "", ""]


def test_a_byte_that_does_not_fit_changes_those_before_it_and_nothing_that_was_sent():
    codec = llama_like()
    ids = [LLAMA["▁a"], LLAMA["<0xC3>"], LLAMA["<0xA9>"], LLAMA["<0xC3>"], LLAMA["▁dog"]]
    assert codec.decode(ids[:3]) == "aé"
    assert codec.decode(ids) == "a\ufffd\ufffd\ufffd dog"
    assert pieces_of(codec, ids) == ["a", "", "", "", "\ufffd\ufffd\ufffd dog", ""]


def test_bytes_that_make_no_character_come_at_the_end():
    codec = llama_like()
    assert pieces_of(codec, [LLAMA["▁a"], LLAMA["<0xE2>"]]) == ["a", "", "\ufffd"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("make", [llama_like, lambda: TextCodec(tokenizer(), 1)], ids=["llama", "byte level"])
def test_any_tokens_make_pieces_that_are_the_answer(make, seed):
    codec = make()
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, codec.tokenizer.get_vocab_size(), (60,), generator=generator).tolist()
    found = pieces_of(codec, ids)
    assert "".join(found) == codec.decode(ids)
    assert sum(map(bool, found)) > 3 or make is llama_like  # most of Llama's tokens here are bytes


def test_a_tokenizer_that_changes_its_words_is_refused_at_the_end():
    words = Tokenizer(models.WordLevel(vocab={"do": 0, "g": 1, "?": 2}, unk_token="?"))  # noqa: S106 # no password
    words.decoder = decoders.Sequence([decoders.Fuse(), decoders.Replace("dog", "cat")])
    codec = TextCodec(words, None)
    assert [codec.decode([0]), codec.decode([0, 1])] == ["do", "cat"]
    with pytest.raises(CapabilityError, match="changes earlier words"):
        pieces_of(codec, [0, 1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("models") / "gama-pieces", default_prompt="What is it?")


CLIP = noise(9_000, 2)
DRAWN = Generation(max_new_tokens=30, do_sample=True, seed=3)


def taken(pieces):
    found = []
    while True:
        try:
            found.append(next(pieces))
        except StopIteration as end:
            return found, end.value


@pytest.mark.parametrize("generation", [Generation(max_new_tokens=30), DRAWN], ids=["greedy", "sampled"])
def test_pieces_are_those_of_the_answer_that_comes_whole(folder, generation):
    model = load(str(folder), device="cpu")
    (whole,) = model.describe([CLIP], [None], generation=generation, cache=False)
    pieces, answer = taken(model.describe_in_pieces(CLIP, None, generation=generation, cache=False))
    assert answer == whole
    assert "".join(pieces) == whole.text
    assert len(pieces) > 2
    assert all(pieces)


def test_a_caller_who_gives_up_stops_it_at_the_next_token(folder):
    model = load(str(folder), device="cpu")
    gone = []

    def check():
        if gone:
            raise CancelledError("enough")

    pieces = model.describe_in_pieces(CLIP, None, context=RunContext(check=check))
    next(pieces)
    assert not torch.is_inference_mode_enabled()
    steps = []
    model.model.language_model.register_forward_hook(lambda *_: steps.append(1))
    gone.append(True)
    with pytest.raises(CancelledError):
        next(pieces)
    assert steps == []


def test_an_encoder_has_no_pieces():
    with pytest.raises(CapabilityError, match="fbank cannot describe"):
        load("fbank").describe_in_pieces(CLIP, None)


@needs_fixture
def test_pieces_of_the_official_tokenizer_are_the_official_answers():
    model, folder = official()
    for name in CASES:
        clip, instruction, ids = case(folder, name)
        generation = Generation(max_new_tokens=len(ids))
        pieces, answer = taken(model.describe_in_pieces(clip, instruction, generation=generation))
        assert "".join(pieces) == answer.text == model.codec.decode(ids)
    assert (OFFICIAL / "base/tokenizer.json").is_file()


def ask(process, folder, request_id, credit, samples=CLIP, **envelope):
    data = {
        "audio": [float(value) for value in samples[0]],
        "model": str(folder),
        "options": {"max_new_tokens": 20},
        "long_audio": "windows",
    }
    if credit is not None:
        envelope |= {"credit": credit}
    process.send_line({"id": request_id, "operation": "process_audio", "data": data, **envelope})


def stream(process, request_id):
    parts = []
    while (message := process.receive()).get("id") != request_id or "event" in message:
        if message.get("event") == "part":
            parts.append(message["data"]["value"])
    return parts, message["result"]


def without_costs(result):
    return {
        key: value
        for key, value in result.items()
        if key not in {"processing_time", "memory_usage", "cached"}
    }


def test_on_the_wire_pieces_come_by_window_and_the_result_has_the_whole(process, folder):
    long = noise(50_000, 3)
    ask(process, folder, "whole", None, long)
    whole = process.answer("whole")["result"]
    ask(process, folder, "pieces", 1000, long)
    parts, result = stream(process, "pieces")
    assert without_costs(result) == without_costs(whole)
    assert [part["indices"] for part in parts] == [[index] for index in range(len(parts))]
    for number, window in enumerate(whole["windows"]):
        assert "".join(part["text"] for part in parts if part["window"] == number) == window["text"]
    phases = [phase["phase"] for phase in result["memory_usage"]["phases"]]
    assert phases == ["decode", "generate"]  # what the whole answer's call has kept is not encoded again


def test_pieces_that_the_client_has_of_a_process_before_do_not_come_again(process, folder):
    ask(process, folder, "all", 1000)
    parts, result = stream(process, "all")
    ask(process, folder, "rest", 1000, done=[0, 1, 2])
    rest, again = stream(process, "rest")
    assert rest == parts[3:]
    assert without_costs(again) == without_costs(result)


def test_a_stream_of_text_waits_for_credit_and_can_be_cancelled(process, folder):
    ask(process, folder, "slow", 1)
    while "event" not in process.receive():
        pass
    while process.result("ping")["busy"]:
        pass
    assert process.result("status")["models"]  # others are answered meanwhile
    process.send("cancel", {"id": "slow"})
    assert process.answer("slow")["error"]["code"] == "cancelled"
