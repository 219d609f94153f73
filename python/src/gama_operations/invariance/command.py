"""What moves a model's embedding, and what does not: `python -m gama_operations.invariance MODEL`.

MODEL is a shipped model, a baseline (`fbank`, `mfcc-20`) or a folder. Each change of the audio, or of the way
it is given, is one row: how far the embedding moves at most, and what is expected of this family of models.
What cannot hold is measured as well, and stands there with its size and its reason.
Exit status: 0 what must hold does hold, 1 something does not, 2 no model or no clips.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gama_operations.audio import decode, resample
from gama_operations.errors import AudioNotFoundError, OperationError
from gama_operations.invariance.changes import Change, Pairs, changes
from gama_operations.invariance.expectations import expectation
from gama_operations.invariance.measure import Subject, measure
from gama_operations.invariance.report import text
from gama_operations.models.registry import WEIGHTS, load
from gama_operations.models.surface import AudioModel, Waveform

SAMPLES = WEIGHTS.parents[1] / "datasets" / "samples" / "audio"
SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}
CLIPS = 20  # more than GAMA encodes at once


def read_clips(folder: Path, count: int, sample_rate: int) -> list[Waveform]:
    """Clips at even distances through the files of a folder, at the model's rate.

    Raises:
        AudioNotFoundError: fewer than two audio files.
        OperationError: what `audio.decode` raises.
    """
    files = sorted(file for file in folder.glob("*") if file.suffix.lower() in SUFFIXES)
    if len(files) < 2:
        raise AudioNotFoundError(
            f"{folder} holds {len(files)} audio files ({', '.join(sorted(SUFFIXES))}); 2 are needed"
        )
    chosen = np.unique(np.linspace(0, len(files) - 1, count).round().astype(int))
    return [resample(decode(files[index]), sample_rate) for index in chosen]


def examine(
    model: AudioModel,
    clips: Sequence[Waveform],
    *,
    layer: str | None = None,
    narrow: AudioModel | None = None,
) -> dict[str, Any]:
    """The report of a model on clips [C, T]; `narrow` is the same model loaded as bfloat16.

    Raises:
        InvalidRequestError: no such layer.
    """
    info = model.info
    subject = Subject(model, clips, layer or info.default_layer)
    todo = [*changes(subject), *([_bfloat16(narrow)] if narrow else [])]
    rows = [
        measure(
            change.name,
            change.compared,
            subject,
            change.run(subject),
            expectation(change.name, info.family, subject.layer),
        )
        for change in todo
    ]
    seconds = [clip.shape[1] / info.sample_rate for clip in clips]
    return {
        "model": info.model_id,
        "revision": info.revision,
        "device": info.device,
        "dtype": info.dtype,
        "layer": subject.layer,
        "clips": len(clips),
        "seconds": [min(seconds), max(seconds)],
        "rows": [row.as_json() for row in rows],
    }


def _bfloat16(narrow: AudioModel) -> Change:
    def run(subject: Subject) -> Pairs:
        other = Subject(narrow, subject.clips, subject.layer)
        return list(zip(subject.alone, other.alone, strict=True))

    return Change("bfloat16", "weights as float32 with weights as bfloat16", run)


def _count(stated: str) -> int:
    count = int(stated)
    if count < 2:
        raise argparse.ArgumentTypeError(f"{count} is too few: distances are between clips, so it takes 2")
    return count


def main(arguments: list[str] | None = None) -> int:
    """Runs all changes and prints their table."""
    parser = argparse.ArgumentParser(prog="python -m gama_operations.invariance", description=__doc__)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--layer", help="default: the model's own")
    parser.add_argument(
        "--clips", type=Path, default=SAMPLES, metavar="DIR", help="default: the shipped samples"
    )
    parser.add_argument("--count", type=_count, default=CLIPS, help=f"clips to take, default {CLIPS}")
    parser.add_argument(
        "--device", default="cpu", help="as torch names it, default cpu, which tolerances are of"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the report for the model card")
    options = parser.parse_args(arguments)
    try:
        model = load(options.model, device=options.device, dtype="float32")
        # a model without weights has none to narrow
        narrow = (
            load(options.model, device=options.device, dtype="bfloat16") if model.info.parameters else None
        )
        clips = read_clips(options.clips, options.count, model.info.sample_rate)
        report = examine(model, clips, layer=options.layer, narrow=narrow)
    except OperationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    broken = [row["change"] for row in report["rows"] if row["holds"] is False]
    verdict = f"does not hold: {', '.join(broken)}" if broken else "what must hold holds"
    sys.stdout.write(f"{text(report)}\n\n{verdict}\n")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return 1 if broken else 0
