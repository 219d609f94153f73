"""A line that is no request: what is said about it."""

import pytest

from gama_operations.requests import UnreadableLineError, read_request


def test_half_a_character_is_named_and_a_whole_one_or_a_cut_line_is_not_taken_for_it():
    with pytest.raises(UnreadableLineError, match="half a character") as caught:
        read_request(rb'{"id":7,"operation":"process_audio","data":{"prompt":"a \ud800"}}')
    assert caught.value.id == 7
    with pytest.raises(UnreadableLineError, match="truncated"):
        read_request(rb'{"id":7,"operation":"pi')
    whole = read_request(rb'{"id":7,"operation":"process_audio","data":{"prompt":"\ud83d\ude00"}}')
    assert whole.id == 7
