"""The seed's process, as its plan writes it: Python's own json, one line in, one line out.

Only the model is ours (`fbank`), so that the two ways differ in the bridge alone.
"""

import json
import sys
import time

import numpy as np

from gama_operations.models import registry

model = registry.load("fbank")
for line in sys.stdin:
    request = json.loads(line)
    start = time.perf_counter()
    waveform = np.array(request["data"]["audio"], dtype=np.float32)[np.newaxis]
    features = model.embed([waveform])[0].features.tolist()
    result = {"features": features, "processing_time": time.perf_counter() - start}
    sys.stdout.write(json.dumps({"id": request["id"], "result": result, "error": None}) + "\n")
    sys.stdout.flush()
