"""Many clips in one table, with a model that misbehaves."""

from types import SimpleNamespace

import numpy as np
import pytest

from gama_operations.call import Call, ProgressReporter
from gama_operations.errors import NonFiniteResultError
from gama_operations.extraction import extract_many, extract_one
from gama_operations.models.surface import Embedding
from gama_operations.protocol import ExtractFeaturesData
from gama_operations.tensors import Arenas, CallTensors


class Overflowing:
    """A model in 16 bits whose features overflow for loud clips."""

    info = SimpleNamespace(
        model_id="narrow", dtype="float16", sample_rate=16_000, window_seconds=None, default_layer="only"
    )

    def embed(self, waveforms, **_options):
        return [Embedding(np.float32([1, np.inf if clip.max() > 0.5 else 2]), 1.0) for clip in waveforms]


def test_features_that_overflow_fail_their_clip_and_never_pass_as_numbers():
    call = Call(ProgressReporter(lambda _report: True), CallTensors(Arenas(None, None, "json")))
    loud, quiet = [0.9] * 100, [0.1] * 100
    data = ExtractFeaturesData(audios=[quiet, loud], reply="tensor")
    extraction = extract_many(Overflowing(), [quiet, loud], data, call)
    assert [(failure.index, failure.code) for failure in extraction.failures] == [(1, "internal")]
    assert "float16" in extraction.failures[0].message
    assert extraction.features[0].tolist() == [1, 2]
    assert np.isnan(extraction.features[1]).all()
    with pytest.raises(NonFiniteResultError, match="narrow gave features"):
        extract_one(Overflowing(), loud, data, call)
