"""What config.json of a GAMA folder may hold, checked before anything is built of it."""

import math
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import msgspec

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.config import GamaConfig

DEFAULT_PROMPT = "Write an audio caption describing the sound."


class Embedding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How `embed` answers where nothing is asked for."""

    layer: str | msgspec.UnsetType = msgspec.UNSET


class Stated(msgspec.Struct, frozen=True):
    """The fields beside sizes and parts; those of others (a card, a tool) are let through."""

    name: str | None = None
    revision: str | None = None
    default_prompt: str = DEFAULT_PROMPT
    offers: tuple[str, ...] = ()
    embedding: Embedding = Embedding()
    questions: dict[str, str] = {}


def read_stated(file: Path, values: dict[str, Any]) -> Stated:
    """The fields that say what a model is and answers.

    Raises:
        ModelInvalidError: one is of another type than it must be, or a question is no regular expression.
    """
    try:
        stated = msgspec.convert(values, Stated)
        for pattern in stated.questions.values():
            re.compile(pattern)
    except msgspec.ValidationError as error:
        raise ModelInvalidError(f"{file}: {error}") from error
    except re.error as error:
        raise ModelInvalidError(
            f"{file}: {error.pattern!r} in `questions` is no regular expression: {error}"
        ) from error
    return stated


def read_sizes(file: Path, values: object) -> GamaConfig:
    """The sizes of the model; absent fields are the released model's.

    Raises:
        ModelInvalidError: a field is unknown, of another type or range, or sizes contradict each other.
    """
    try:
        config = msgspec.convert(values, GamaConfig)
        GamaConfig.from_dict(cast("dict[str, Any]", values))  # which names the fields that are unknown
    except msgspec.ValidationError as error:
        raise ModelInvalidError(f"{file}: {error}, in `gama`") from error
    endless = [field.name for field in fields(config) if _is_endless(getattr(config, field.name))]
    if endless:
        raise ModelInvalidError(f"{file}: {', '.join(endless)} in `gama` must be finite")
    if config.lora is not None and config.lora.r < 1:
        raise ModelInvalidError(f'{file}: r of lora in `gama` must be at least 1; `"lora": null` is none')
    return config


def _is_endless(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
