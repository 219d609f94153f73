"""gama-tiny's tokenizer: byte-level BPE trained on the questions and answers of training clips."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from gama_operations.models.gama.prompt import instruction_prompt
from training.gama.choose import asked_as_typed
from training.questions import questions

SPECIAL = ["<unk>", "<s>", "</s>"]
"""Ids 0, 1, 2 as in the released GAMA: unknown and padding, begin, end."""
TEXT_CLIPS = 6_000


def _texts(metas: Iterable[dict[str, Any]], seed: int) -> Iterator[str]:
    generator = np.random.default_rng(seed)
    for meta in metas:
        for asked in questions(meta, generator, wording="varied"):
            yield instruction_prompt(asked_as_typed(asked.question, generator))
            yield asked.answer


def train_tokenizer(metas: list[dict[str, Any]], *, size: int, seed: int) -> Tokenizer:
    """Trains at most `size` tokens; a closed vocabulary may have no more to merge."""
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(metas[:TEXT_CLIPS], seed), trainer)
    return tokenizer


def load_tokenizer(path: Path, metas: list[dict[str, Any]], *, size: int, seed: int) -> Tokenizer:
    """The tokenizer in `path`, trained on the first call."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        train_tokenizer(metas, size=size, seed=seed).save(str(path))
    return Tokenizer.from_file(str(path))
