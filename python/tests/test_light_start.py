"""What a shipped model does not need is not imported: transformers takes 3 s and 145 MB."""

import json
import subprocess
import sys

import pytest

USED = """
import json, sys
import numpy as np
from gama_operations.models.registry import load
model = load("{name}", device="cpu")
clip = np.random.default_rng(0).standard_normal((1, 16000)).astype(np.float32) / 10
{use}
heavy = ("transformers", "huggingface_hub", "scipy")
print(json.dumps(sorted(name for name in heavy if name in sys.modules)))
"""


ASKED = 'model.embed([clip]); model.describe([clip], [None]); model.score([clip], None, ["a dog", "rain"])'


@pytest.mark.parametrize(("name", "use"), [("wav2vec2-tiny", "model.embed([clip])"), ("gama-tiny", ASKED)])
def test_a_shipped_model_works_without_transformers(name, use):
    done = subprocess.run(
        [sys.executable, "-c", USED.format(name=name, use=use)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert json.loads(done.stdout) == []
