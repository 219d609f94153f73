"""Greedy CTC decoding: the best symbol of each frame, repeats and blanks taken out, as words with times.

The decoding is that of transformers' own tokenizer (`decode(..., output_word_offsets=True)`); special tokens
are not skipped there, since one of them is the blank, without which "hello" loses an l and every offset its
place.

A word lasts from the first frame of its first character to the last frame of its last one. CTC models peak:
they say a character somewhere within its sound, so that times are good to some frames, not to one.

Confidence: exp of the mean, over the frames of the word (blanks between its characters included), of the
log-probability of the symbol that was best there. It ranks words; it is not calibrated.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gama_operations.models.ctc_windows import Framing
from gama_operations.models.surface import Word

if TYPE_CHECKING:
    from transformers import Wav2Vec2CTCTokenizer


def greedy_words(
    log_probabilities: NDArray[np.float32], tokenizer: "Wav2Vec2CTCTokenizer", framing: Framing
) -> tuple[Word, ...]:
    """The words of a clip.

    Args:
        log_probabilities: [L, K], of each symbol in each frame.
        tokenizer: What the symbols are.
        framing: When the frames are.
    """
    decoder: Any = tokenizer  # whose stub knows neither the option nor its result
    best = log_probabilities.argmax(axis=1)
    reached = log_probabilities.max(axis=1)
    found = decoder.decode(best.tolist(), output_word_offsets=True).word_offsets or []
    words: list[Word] = []
    for word in found:
        start, end = int(word["start_offset"]), int(word["end_offset"])
        text: str = word["word"].lower() if decoder.do_lower_case else word["word"]
        confidence = float(np.exp(reached[start:end].mean(dtype=np.float64)))
        words.append(Word(text, start * framing.seconds, end * framing.seconds, confidence))
    return tuple(words)
