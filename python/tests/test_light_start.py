"""What a shipped model does not need is not imported: transformers takes 3 s and 145 MB."""

import json
import subprocess
import sys

USED = """
import json, sys
import numpy as np
from gama_operations.models.registry import load

clip = np.random.default_rng(0).standard_normal((1, 16000)).astype(np.float32) / 10

def imported():
    return [name for name in ("transformers", "huggingface_hub", "scipy") if name in sys.modules]

after = {}
load("wav2vec2-tiny", device="cpu").embed([clip])
after["wav2vec2-tiny"] = imported()
model = load("gama-tiny", device="cpu")
model.embed([clip])
model.describe([clip], [None])
model.score([clip], None, ["a dog", "rain"])
after["gama-tiny"] = imported()
print(json.dumps(after))
"""


def test_shipped_models_work_without_transformers():
    command = [sys.executable, "-c", USED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(done.stdout) == {"wav2vec2-tiny": [], "gama-tiny": []}
