"""Ids of what training reads, made of the code and the programs that make it.

Rendered clips, features, tokenizer and runs carry them in their names: whoever changes a renderer, a question
or a frontend gets new files, and nothing is ever trained on what older code left behind. Comments, docstrings
and layout of the code do not count.
"""

import ast
import ctypes
import ctypes.util
import hashlib
import importlib.metadata
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from training.render import fluid, speech

TRAINING = Path(__file__).parent
GAMA = TRAINING.parent / "src" / "gama_operations" / "models" / "gama"
DIGITS = 10

RENDERER = [file for file in sorted((TRAINING / "render").rglob("*.py")) if file.name != "__main__.py"]
FRONTEND = [GAMA / "frontend.py", GAMA / "config.py", TRAINING / "gama" / "features.py"]
LABELS = [TRAINING / "gama" / "labels.py", TRAINING / "gama" / "vocabulary.py"]
TEXTS = [
    *(TRAINING / name for name in ("questions.py", "wordings.py", "captions.py", "phrases.py")),
    *(TRAINING / "gama" / name for name in ("choose.py", "tokenizer.py", "packing.py")),
    GAMA / "prompt.py",
]


def short_hash(*parts: str) -> str:
    """First 10 hex digits of the SHA-256 of some texts, in order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()[:DIGITS]


def bare_code(source: str) -> str:
    """Python code without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # every bare string, not only the first: attributes are documented below themselves
            node.body = [line for line in body if not _is_text(line)] or [ast.Pass()]  # pyright: ignore[reportAttributeAccessIssue]  # nodes with a list as body can be given one
    return ast.unparse(tree)


def _is_text(line: ast.stmt) -> bool:
    constant = line.value if isinstance(line, ast.Expr) else None
    return isinstance(constant, ast.Constant) and isinstance(constant.value, str)


def code_id(files: Iterable[Path]) -> str:
    """Id of some Python files: names and bare code."""
    return short_hash(*(text for file in files for text in (file.name, bare_code(file.read_text()))))


def packages(*names: str) -> str:
    """Names and versions of Python packages."""
    return " ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def synthesizers() -> dict[str, str]:
    """Versions of the programs that sound, and the sound font's SHA-256.

    Raises:
        RuntimeError: one of them is missing.
    """
    absent = [reason for reason in (fluid.missing(), speech.missing()) if reason]
    if absent:
        raise RuntimeError("cannot tell which data this is: " + "; ".join(absent))
    library = ctypes.CDLL(ctypes.util.find_library("fluidsynth"))
    library.fluid_version_str.restype = ctypes.c_char_p
    espeak = subprocess.run(["espeak-ng", "--version"], capture_output=True, check=True, text=True)
    with fluid.SOUND_FONT.open("rb") as font:
        font_hash = hashlib.file_digest(font, "sha256").hexdigest()
    return {
        "fluidsynth": library.fluid_version_str().decode(),
        # the folder of its data says nothing about its sound
        "espeak-ng": espeak.stdout.partition("Data at")[0].strip(),
        "sound font": font_hash,
    }


@cache
def render_id() -> str:
    """Id of the rendered clips: the renderer, numerics and synthesizers.

    Raises:
        RuntimeError: a synthesizer is missing.
    """
    programs = (f"{name}: {version}" for name, version in synthesizers().items())
    return short_hash(code_id(RENDERER), packages("numpy", "scipy", "soxr"), *programs)


@cache
def features_id() -> str:
    """Id of the log-mel features: the clips, and the frontend that hears them."""
    return short_hash(render_id(), code_id(FRONTEND), packages("torch"))


@cache
def labels_id() -> str:
    """Id of what gama-tiny's encoder learns from: features and labels."""
    return short_hash(features_id(), code_id(LABELS))


@cache
def text_id() -> str:
    """Id of questions, answers and tokenizer, which are read off the clips' descriptions."""
    return short_hash(render_id(), code_id(TEXTS), packages("tokenizers"))
