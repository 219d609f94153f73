"""Command `python -m training.samples`: writes datasets/samples from seeds, run from the folder `python/`.

Every clip comes from a source of the test split, so that no model trained on the training split has heard it.
With the package versions of requirements.lock and the same fluidsynth and espeak-ng, the files come out the
same, byte for byte; `--check` renders into a temporary folder and compares.
"""

import argparse
import filecmp
import hashlib
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import soundfile

from training.phrases import NOUN_PHRASES
from training.render import fluid, speech
from training.render.acoustics import LOUDNESS, level, recorded, set_level
from training.render.classes import CLASSES, SPEECH
from training.render.dsp import SAMPLE_RATE, Rng, Wave, place, samples
from training.render.effects.registry import CONTINUOUS
from training.render.event import Event
from training.render.families import FAMILIES
from training.render.scene import SILENT_PEAK, render_background, render_source
from training.render.split import TEST_SEEDS
from training.render.voices import LANGUAGES, TEST_VARIANTS

FOLDER = Path(__file__).resolve().parents[2] / "datasets" / "samples"
SEED = 3
EFFECTS = (
    "dog", "cat", "bird", "knock", "church bell", "gunshot", "water drop", "alarm", "telephone", "siren",
    "rain", "engine",
)  # fmt: skip
INSTRUMENTS = ("mallets", "bass", "reed", "flute", "drum")
# 8-117 plays a recording of 0-117: one source, not two
SAME_RECORDING = ("8-117",)
EFFECT_SOURCES, EFFECT_CLIPS, INSTRUMENT_CLIPS = 8, 3, 4
BACKGROUND_SHARE = 0.25
LICENCES = {"instrument": "MIT", "effect": "CC0-1.0", "speech": "CC0-1.0"}


def plan() -> list[tuple[str, str, str]]:
    """Rows (class, source, cluster) of every clip; a speaker is one cluster in all languages."""
    rows: list[tuple[str, str, str]] = []
    for name in EFFECTS:
        sources = [f"dsp:{name}-{seed}" for seed in TEST_SEEDS[:EFFECT_SOURCES]]
        rows += [(name, source, source) for source in sources for _ in range(EFFECT_CLIPS)]
    for name in INSTRUMENTS:
        sources = [f"preset:{preset}" for preset in FAMILIES[name].test if preset not in SAME_RECORDING]
        rows += [(name, source, source) for source in sources for _ in range(INSTRUMENT_CLIPS)]
    for variant in TEST_VARIANTS["man"] + TEST_VARIANTS["woman"]:
        rows += [(SPEECH, f"voice:{codes[0]}+{variant}", f"voice:{variant}") for codes in LANGUAGES.values()]
    return rows


def _foreground(name: str, source: str, rng: Rng) -> tuple[Wave, Event]:
    seconds = rng.uniform(2.0, 2.8) if name in CONTINUOUS else 3.1
    event = render_source(name, source, rng, seconds)
    while np.abs(event.wave).max() < SILENT_PEAK:
        event = render_source(name, source, rng, seconds)
    # long ringing notes are let go softly
    edge = min(len(event.wave), samples(0.06))
    event.wave[-edge:] *= np.linspace(1, 0, edge) ** 2
    length = len(event.wave) / SAMPLE_RATE
    lead = 0.0 if name in CONTINUOUS else rng.uniform(0.03, 0.3)
    total = max(2.0, lead + length + (0.0 if name in CONTINUOUS else rng.uniform(0.05, 0.3)))
    return place(samples(total), [(lead, event.wave / level(event.wave))]), event


def render_sample(row: int, name: str, source: str) -> tuple[np.ndarray, dict[str, Any]]:
    """One clip of the samples and its labels; a pure function of its arguments.

    Returns:
        Waveform int16 [T] at 16 kHz, and the labels without those that do not apply.
    """
    rng = np.random.default_rng([SEED, row])
    wave, event = _foreground(name, source, rng)
    background = None
    if name not in CONTINUOUS and rng.random() < BACKGROUND_SHARE:
        background, behind = render_background("test", rng, len(wave), name, [])
        wave = wave[: len(behind)] + behind
    loudness = list(LOUDNESS)[row % len(LOUDNESS)]
    wave = set_level(recorded(wave, rng, speech=name == SPEECH), loudness, rng)
    labels = {"class": name, "kind": event.kind, "source": source, "loudness": loudness} | event.facts
    if event.facts.get("words"):
        labels["words"] = " ".join(event.facts["words"])
    if background:
        labels |= {"background": background.name, "backgroundSource": background.source}
    return np.round(wave * 32767).astype(np.int16), {k: v for k, v in labels.items() if v is not None}


def meta_of_labels(labels: dict[str, Any]) -> dict[str, Any]:
    """Labels of the manifest in the form that `training.questions.questions` reads."""
    keys = ("class", "kind", "source", "count", "direction", "register", "tempo", "language", "sex")
    event = {key: labels.get(key) for key in keys}
    event["words"] = labels["words"].split(" ") if "words" in labels else None
    return {"events": [event], "background": labels.get("background"), "loudness": labels["loudness"]}


def write_samples(folder: Path) -> list[dict[str, Any]]:
    """Render every clip of the plan into `folder`/audio; write `folder`/manifest.jsonl and phrases.json."""
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    manifest: list[dict[str, Any]] = []
    for row, (name, source, cluster) in enumerate(plan()):
        wave, labels = render_sample(row, name, source)
        path = f"audio/{row:04d}-{name.replace(' ', '-')}.flac"
        soundfile.write(folder / path, wave, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
        digest = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        manifest.append(
            {
                "id": f"sample-{row:04d}",
                "path": path,
                "sha256": digest,
                "labels": labels,
                "split": "test",
                "clusterId": cluster,
                "licence": LICENCES[labels["kind"]],
                "seconds": round(len(wave) / SAMPLE_RATE, 4),
            }
        )
    (folder / "manifest.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in manifest))
    phrases = {name: NOUN_PHRASES[name] for name in sorted({name for name, _, _ in plan()})}
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (folder / "phrases.json").write_bytes(orjson.dumps(phrases, option=options))
    return manifest


def _check() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        write_samples(Path(scratch))
        names = ["manifest.jsonl", "phrases.json", *(line for line in _paths(FOLDER / "manifest.jsonl"))]
        _, different, absent = filecmp.cmpfiles(FOLDER, scratch, names, shallow=False)
    print(f"{len(names) - len(different) - len(absent)} of {len(names)} files are the same, byte for byte")
    for name in (different + absent)[:10]:
        print(f"  differs: {name}")
    return 1 if different or absent else 0


def _paths(manifest: Path) -> list[str]:
    return [orjson.loads(line)["path"] for line in manifest.read_bytes().splitlines()]


def main() -> int:
    """Write the samples, or compare them with a fresh rendering."""
    parser = argparse.ArgumentParser(description="Write datasets/samples from seeds.")
    parser.add_argument("--check", action="store_true", help="render again elsewhere and compare bytes")
    options = parser.parse_args()
    absent = [reason for reason in (fluid.missing(), speech.missing()) if reason]
    if absent:
        print("cannot render: " + "; ".join(absent), file=sys.stderr)
        return 1
    if options.check:
        return _check()
    for old in (FOLDER / "audio").glob("*.flac"):
        old.unlink()
    manifest = write_samples(FOLDER)
    size = sum((FOLDER / line["path"]).stat().st_size for line in manifest) / 1e6
    classes = {line["labels"]["class"] for line in manifest}
    sources = {line["clusterId"] for line in manifest}
    print(
        f"{len(manifest)} clips, {len(classes)} of {len(CLASSES)} classes, "
        f"{len(sources)} sources, {size:.1f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
