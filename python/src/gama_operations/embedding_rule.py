"""By which rule a clip becomes numbers: layer, pooling, windows, length; and one place where it is applied.

Layers are named, or numbered in the order of `layers` (from the end where negative), or `all`: those that are
as wide as the default layer, stacked. What is learnt (weights of layers, attention over frames) is no part of
the rule: it belongs to a probe, and to its training fold (`probe_learned.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import ExtractFeaturesData
from gama_operations.windows import SHORTEST_SECONDS

if TYPE_CHECKING:  # which imports numpy
    import numpy as np
    from numpy.typing import NDArray

    from gama_operations.models.surface import AudioModel, Embedding, ModelInfo, RunContext, Waveform

ALL = "all"
_TRIED_SECONDS = 0.5

_known_layers: "WeakKeyDictionary[AudioModel, tuple[str, ...]]" = WeakKeyDictionary()


def resolve_layer(info: "ModelInfo", layer: str | int | None) -> str:
    """The name of a layer, or `all`.

    Raises:
        InvalidRequestError: there is none of that name or number.
    """
    if layer is None:
        return info.default_layer
    if layer == ALL or layer in info.layers:
        return str(layer)
    count = len(info.layers)
    if isinstance(layer, int) and -count <= layer < count:
        return info.layers[layer]
    raise InvalidRequestError(
        f"{info.model_id} has no layer {layer!r}; it has {', '.join(info.layers)}. Give a name, a number "
        f"from 0 to {count - 1} (from -1 to -{count}: counted from the end), or `all`",
        layers=list(info.layers),
    )


def check_rule(info: "ModelInfo", data: ExtractFeaturesData) -> None:
    """Whether the parts of the rule fit each other and the model.

    Raises:
        InvalidRequestError: they do not; the message says what would.
    """
    if resolve_layer(info, data.layer) == ALL and data.pooling == "none":
        raise InvalidRequestError("Layer `all` is given pooled: with `pooling: none`, name one layer")
    if data.long_audio != "windows":
        if data.window_seconds is not None or data.hop_seconds is not None:
            raise InvalidRequestError(
                "`window_seconds` and `hop_seconds` are those of `long_audio: windows`: give it, too"
            )
        return
    limit = info.window_seconds
    window = data.window_seconds or limit
    if window is None:
        if data.hop_seconds is not None:
            raise InvalidRequestError(
                f"{info.model_id} hears a clip whole: `hop_seconds` needs a `window_seconds`"
            )
        return
    if not SHORTEST_SECONDS <= window <= (limit or window):
        raise InvalidRequestError(
            f"Expected `window_seconds` from {SHORTEST_SECONDS} to {limit or 'any length'}, which "
            f"{info.model_id} hears at once, got {window}"
        )
    if data.hop_seconds is not None and data.hop_seconds > window:
        raise InvalidRequestError(
            f"Expected `hop_seconds` of at most a window ({window} s), so that all is heard, got "
            f"{data.hop_seconds}"
        )


def window_and_hop(info: "ModelInfo", data: ExtractFeaturesData) -> tuple[float | None, float | None]:
    """Seconds of the windows and from one to the next; None where a clip goes whole."""
    if data.long_audio != "windows":
        return None, None
    window = data.window_seconds or info.window_seconds
    return window, data.hop_seconds or window


def embedded_layers(model: "AudioModel", data: ExtractFeaturesData) -> tuple[str, ...]:
    """The names of the layers that a request is about.

    Raises:
        InvalidRequestError: as `resolve_layer`.
    """
    layer = resolve_layer(model.info, data.layer)
    return (layer,) if layer != ALL else _all_layers(model)


def _all_layers(model: "AudioModel") -> tuple[str, ...]:
    """Layers as wide as the default one; a model does not say how wide the others are, so each is tried."""
    from gama_operations.models.surface import EmbedsLayers

    if isinstance(model, EmbedsLayers):
        return model.info.layers
    if model not in _known_layers:
        import numpy as np

        info = model.info
        silence = np.zeros((1, round(_TRIED_SECONDS * info.sample_rate)), dtype=np.float32)
        widths = {name: model.embed([silence], layer=name)[0].features.shape for name in info.layers}
        same = tuple(name for name in info.layers if widths[name] == widths[info.default_layer])
        _known_layers[model] = same
    return _known_layers[model]


def embed_by_rule(
    model: "AudioModel", waveforms: "Sequence[Waveform]", data: ExtractFeaturesData, context: "RunContext"
) -> "list[Embedding]":
    """One embedding for each waveform; [layers, D] where all layers are asked for.

    Raises:
        InvalidRequestError: no such layer.
    """
    found = _embed(model, waveforms, data, context)
    if data.l2:
        found = [replace(one, features=unit_length(one.features)) for one in found]
    return found


def _embed(
    model: "AudioModel", waveforms: "Sequence[Waveform]", data: ExtractFeaturesData, context: "RunContext"
) -> "list[Embedding]":
    import numpy as np

    from gama_operations.models.surface import EmbedsLayers

    layer = resolve_layer(model.info, data.layer)
    if layer != ALL:
        return model.embed(waveforms, layer=layer, pooling=data.pooling, context=context)
    if isinstance(model, EmbedsLayers):
        return model.embed_layers(waveforms, pooling=data.pooling, context=context)
    by_layer = [
        model.embed(waveforms, layer=name, pooling=data.pooling, context=context)
        for name in _all_layers(model)
    ]
    return [
        replace(of_clip[0], features=np.stack([one.features for one in of_clip]))
        for of_clip in zip(*by_layer, strict=True)
    ]


def unit_length(features: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Each row [D] divided by its length; zeros, which have no direction, stay zeros."""
    import numpy as np

    length = np.linalg.norm(features.astype(np.float64), axis=-1, keepdims=True)
    return (features / np.where(length == 0, 1, length)).astype(np.float32)
