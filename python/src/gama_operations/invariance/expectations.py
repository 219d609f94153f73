"""What each family of models owes under each change, with the reason.

Tolerances were measured on the shipped models and samples (CPU, float32, default layers), then stated with
room: `Measured` says the largest difference that was seen.
"""

from gama_operations.invariance.measure import Expectation

_EXACT, _WITHIN, _NO = "exact", "within", "no"
_Families = dict[str, Expectation]


def _all(expectation: Expectation) -> _Families:
    return dict.fromkeys(("gama", "wav2vec2", "statistics"), expectation)


_UNMIXED = Expectation(_WITHIN, "clips do not mix in a batch; sums of another order. Measured 2e-7", 1e-5)
_BY_ITSELF = Expectation(_EXACT, "clips are computed one by one")
_LOG_MEL = "log-mel features without normalisation of the clip: loudness is part of what is heard"
_MEAN = Expectation(_EXACT, "channels are mixed down to their mean")
_SAMPLES = Expectation(_EXACT, "all samples become the same float32")

EXPECTATIONS: dict[str, _Families] = {
    "repetition": _all(Expectation(_EXACT, "nothing is drawn at random")),
    "batch composition": {"gama": _UNMIXED, "wav2vec2": _UNMIXED, "statistics": _BY_ITSELF},
    "batch order": {"gama": _UNMIXED, "wav2vec2": _UNMIXED, "statistics": _BY_ITSELF},
    "padding": {"gama": _UNMIXED, "wav2vec2": _UNMIXED, "statistics": _BY_ITSELF},
    "silence tail": {
        "gama": Expectation(_NO, "silence is heard; only what pads the window afterwards is not"),
        "wav2vec2": Expectation(
            _NO, "silence is heard: it changes the clip's variance, and its frames enter the mean"
        ),
        "statistics": Expectation(_NO, "silence is heard: its frames enter mean and deviation"),
    },
    "gain -20 dB": {
        "gama": Expectation(_NO, _LOG_MEL),
        "wav2vec2": Expectation(
            _WITHIN,
            "unit variance, but for the 1e-7 added to it (more on quiet clips). Measured 1.3e-5",
            1e-3,
        ),
        "statistics": Expectation(_NO, _LOG_MEL),
    },
    "gain +6 dB": {
        "gama": Expectation(_NO, _LOG_MEL),
        "wav2vec2": Expectation(_WITHIN, "unit variance. Measured 2.3e-7", 1e-3),
        "statistics": Expectation(_NO, _LOG_MEL),
    },
    "either rate": {
        "gama": Expectation(_WITHIN, "the same band is left of both. Measured 1.3e-3", 0.01),
        "wav2vec2": Expectation(_WITHIN, "the same band is left of both. Measured 1.8e-4", 0.01),
        "statistics": Expectation(_WITHIN, "the same band is left of both. Measured 1.4e-3", 0.01),
    },
    "resample 48 kHz": {
        "gama": Expectation(
            _NO, "the filter empties the top bins, and the log of little is far from the log of none"
        ),
        "wav2vec2": Expectation(_WITHIN, "only the top of the band is lost. Measured 0.033", 0.1),
        "statistics": Expectation(_NO, "as GAMA's: the logs of the top bins fall"),
    },
    "resample 8 kHz": _all(Expectation(_NO, "half of the band is lost")),
    "doubled channel": {
        "gama": Expectation(_WITHIN, "channel 0 is heard, less the mean of all channels. Measured 0", 1e-5),
        "wav2vec2": _MEAN,
        "statistics": _MEAN,
    },
    "channel order": {
        "gama": Expectation(_NO, "channel 0 is heard and no other, as in the released code"),
        "wav2vec2": _MEAN,
        "statistics": _MEAN,
    },
    "int16 samples": _all(_SAMPLES),
    "float64 samples": _all(_SAMPLES),
    "beyond the window": {
        "gama": Expectation(
            _WITHIN, "nothing beyond the window is heard but the mean of all samples. Measured 0", 1e-4
        )
    },
    "window border": {
        "gama": Expectation(
            _NO, "the last two frames of a full window end 15 ms after it: padding, unless more follows"
        )
    },
    "chunk border": {
        "wav2vec2": Expectation(
            _NO,
            "longer clips are encoded in pieces: attention ends at the seam, group norm is each piece's own",
        ),
        "statistics": Expectation(
            _WITHIN, "chunks change no frame; there are two more. Measured 2.4e-4", 0.002
        ),
    },
    "no chunk border": {
        "wav2vec2": Expectation(
            _WITHIN, "what the frame itself does, without a seam. Measured 0.003 to 0.016", 0.05
        ),
        "statistics": Expectation(_WITHIN, "what the frame itself does. Measured 2.5e-4", 0.002),
    },
    "bfloat16": {
        "gama": Expectation(
            _EXACT, "the audio stack computes in float32 whatever the weights of the language model"
        ),
        "wav2vec2": Expectation(
            _WITHIN, "8 bits of precision in weights and arithmetic. Measured 0.0099", 0.05
        ),
    },
}
UNSTATED = Expectation("unstated", "nobody has said what this family owes")


_NARROW_WORDS = Expectation(
    _WITHIN, "8 bits of precision in the language model, which this layer is of. Measured 0.0035", 0.05
)


def expectation(change: str, family: str, layer: str) -> Expectation:
    """What is expected of a layer of a family under a change; `unstated` where nobody has said."""
    if (change, family) == ("bfloat16", "gama") and layer.partition(".")[0] == "lm":
        return _NARROW_WORDS
    return EXPECTATIONS.get(change, {}).get(family, UNSTATED)
