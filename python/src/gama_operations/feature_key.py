"""The names of features: content, model and code (`cache_key.py`), and the rule that is asked for.

The rule: layer, pooling, windows, length 1.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from gama_operations.cache_key import KEY_BYTES, arithmetic, model_key
from gama_operations.embedding_rule import resolve_layer, window_and_hop
from gama_operations.protocol import ExtractFeaturesData

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import ModelInfo


def request_key(info: "ModelInfo", data: ExtractFeaturesData) -> bytes | None:
    """The part of the key that all clips of a request share; None where features are not to be kept.

    Statistics of mel features take as long to find clip by clip as to compute; a whole call is found sooner.
    """
    if info.family == "statistics" and data.composition == "any":
        return None
    layer = resolve_layer(info, data.layer)
    asked = (layer, data.pooling, data.l2, data.long_audio, *window_and_hop(info, data))
    return model_key(info) + repr(asked).encode()


def call_keys(clips: Sequence[str], info: "ModelInfo", data: ExtractFeaturesData) -> list[str]:
    """The names of features that must be equal to the bit, for each of the clips that share a call."""
    digest = blake2b(repr(list(clips)).encode(), digest_size=KEY_BYTES)
    digest.update(repr((data.batch_size, *arithmetic(info))).encode())
    call = digest.digest()
    places = (index.to_bytes(8) for index in range(len(clips)))
    return [blake2b(call + place, digest_size=KEY_BYTES).hexdigest() for place in places]
