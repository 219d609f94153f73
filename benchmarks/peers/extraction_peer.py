"""Other ways to embed a set of clips, each as a user of transformers would write it.

For a measurement each has a process of its own: peak memory is the process's.

Every way decodes alike (soundfile, mean of the channels, soxr at `HQ`), takes the mean of one layer over
time, and computes as many threads as torch chooses.

- `loop`: one clip after another, as the seed does;
- `padded`: batches as they come, padded to the longest, without a mask (as the base models ask for);
- `pipeline`, `pipeline-batched`: transformers' audio classification, with a random head: its 8 logits.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import soundfile
import soxr
import torch

RATE = 16_000
BATCH = 16
PIPELINE_BATCH = 8
WARM_UP = 2
Rows = list[list[float]]


def make_set(folder: str, clips: int) -> float:
    """Clips of 0.5 to 30 s, their logarithm uniform, half of them at 44.1 kHz; the seconds of all."""
    generator = np.random.default_rng(0)
    seconds = np.exp(generator.uniform(np.log(0.5), np.log(30), clips))
    for index, length in enumerate(seconds):
        rate = (RATE, 44_100)[index % 2]
        t = np.arange(round(length * rate)) / rate
        tone = np.sin(2 * np.pi * generator.uniform(80, 800) * t) * np.exp(-(t % 1.3))
        noise = generator.standard_normal(len(t)) * 0.02
        soundfile.write(Path(folder) / f"{index:03}.wav", 0.3 * tone + noise, rate, subtype="FLOAT")
    return float(seconds.sum())


def make_encoder(folder: str, small: bool) -> str:
    """A wav2vec2 of the base size with random weights, or one of its kind for a quick run."""
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    sizes = {"hidden_size": 48, "num_hidden_layers": 2, "intermediate_size": 96, "conv_dim": [32] * 7}
    torch.manual_seed(0)
    Wav2Vec2Model(Wav2Vec2Config(**sizes if small else {})).save_pretrained(folder)
    return folder


def decode(path: str) -> np.ndarray:
    """Mono, at RATE."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return mono if rate == RATE else soxr.resample(mono, rate, RATE, quality="HQ")


class Transformers:
    """A folder's encoder and the frames that are padding in what it computed."""

    def __init__(self, folder: str, layer: int) -> None:
        from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2Model

        self.layer = layer
        self.model: Any = Wav2Vec2Model.from_pretrained(folder).eval()
        self.extractor = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False)
        self.computed = self.padding = 0

    def embed(self, waves: list[np.ndarray]) -> Rows:
        """One row a clip."""
        values = self.extractor(waves, sampling_rate=RATE, return_tensors="pt", padding=True)
        output = self.model(**values, output_hidden_states=True)
        last = self.layer == len(self.model.encoder.layers)
        states = output.last_hidden_state if last else output.hidden_states[self.layer]
        frame_count = self.model._get_feat_extract_output_lengths  # noqa: SLF001 # the pipelines' way
        counts = [int(frame_count(len(wave))) for wave in waves]
        self.computed += states.shape[0] * states.shape[1]
        self.padding += states.shape[0] * states.shape[1] - sum(counts)
        return [state[:count].mean(0).tolist() for state, count in zip(states, counts, strict=True)]


class Gama:
    """The bare modules of a GAMA; each clip is padded to its window, alone or not."""

    def __init__(self, name: str) -> None:
        from gama_operations.models.gama.embedding import heard_tokens, layer_tokens
        from gama_operations.models.registry import load

        self.loaded: Any = load(name, device="cpu")
        self.layer = self.loaded.info.default_layer
        self.tokens, self.heard = layer_tokens, heard_tokens
        self.computed = self.padding = 0

    def embed(self, waves: list[np.ndarray]) -> Rows:
        """One row a clip."""
        loaded = self.loaded
        fbank = loaded.frontend([wave[None] for wave in waves])
        rows: Rows = []
        for wave, tokens in zip(waves, self.tokens(loaded.model, fbank, self.layer), strict=True):
            frames = loaded.frontend.frames_heard(len(wave))
            self.computed += loaded.folder.gama.target_frames
            self.padding += loaded.folder.gama.target_frames - frames
            rows.append(tokens[: self.heard(loaded.folder.gama, self.layer, frames)].mean(0).tolist())
        return rows


def batches(paths: list[str], size: int) -> Iterator[list[np.ndarray]]:
    """Decoded, in the order given."""
    for start in range(0, len(paths), size):
        yield [decode(path) for path in paths[start : start + size]]


def pipeline_of(folder: str, batch_size: int) -> Callable[[list[str]], Rows]:
    """Paths to logits."""
    from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification, pipeline

    torch.manual_seed(0)
    model = Wav2Vec2ForSequenceClassification.from_pretrained(folder, num_labels=8)
    extractor = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False)
    classify: Any = pipeline(
        "audio-classification", model=model, feature_extractor=extractor, device="cpu", batch_size=batch_size
    )

    def run(paths: list[str]) -> Rows:
        clips = ({"raw": decode(path), "sampling_rate": RATE} for path in paths)
        found = classify(clips, top_k=8, function_to_apply="none")
        return [[one["score"] for one in sorted(scores, key=lambda one: one["label"])] for scores in found]

    return run


def open_way(way: str, folder: str, layer: int) -> tuple[Callable[[list[str]], Rows], Any]:
    """Paths to rows, and the model that counts its padding, where it does."""
    if way.startswith("pipeline"):
        return pipeline_of(folder, PIPELINE_BATCH if way == "pipeline-batched" else 1), None
    model = Gama(folder) if folder == "gama-tiny" else Transformers(folder, layer)
    size = 1 if way == "loop" else BATCH
    return lambda paths: [row for waves in batches(paths, size) for row in model.embed(waves)], model


def peak_bytes() -> int:
    """Highest resident memory since the mark was reset."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024


def run_pass(way: Callable[[list[str]], Rows], model: Any, paths: list[str]) -> dict[str, Any]:
    """One pass, measured."""
    if model is not None:
        model.computed = model.padding = 0
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins again
    began = time.perf_counter()
    with torch.inference_mode():
        rows = way(paths)
    seconds = time.perf_counter() - began
    share = None if model is None else model.padding / model.computed
    return {"seconds": seconds, "peak": peak_bytes(), "padding": share, "rows": rows}


def main() -> None:
    """Lines in, lines out."""
    wire = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    ways: dict[str, Any] = {}
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line)
        data = request["data"]
        match request["operation"]:
            case "make_set":
                result: Any = make_set(**data)
            case "make_encoder":
                result = make_encoder(**data)
            case "open":
                paths = data.pop("paths")
                ways[data["way"]] = open_way(**data)
                result = run_pass(*ways[data["way"]], paths[:WARM_UP])["seconds"]
            case _:
                result = run_pass(*ways[data["way"]], data["paths"])
        os.write(wire, msgspec.json.encode({"id": request["id"], "result": result}) + b"\n")


main()
