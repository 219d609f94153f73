"""The reference numbers of the official code, where they are at hand, as clips to ask about."""

import os
from pathlib import Path

import pytest

from gama_operations.models.gama.adapter import GamaModel, Identity
from gama_operations.models.gama.folder import load_official
from gama_operations.models.gama.prompt import TextCodec
from gama_operations.models.gama.reference import ReferenceFolder

ROOT = Path(__file__).parents[2]
FIXTURES = Path(os.environ.get("GRYM_FIXTURES", ROOT / "../shared/fixtures")).resolve()
OFFICIAL = FIXTURES / "gama-official-a"
needs_fixture = pytest.mark.skipif(
    not OFFICIAL.is_dir(), reason=f"no {OFFICIAL}: set GRYM_FIXTURES to the folder of reference numbers"
)
CASES = ("case0", "case1", "case2")


def official():
    """The model as users have it, and the folder with what the official code answered."""
    folder = ReferenceFolder.read(OFFICIAL)
    model = load_official(folder.description, OFFICIAL / "full_state.safetensors")
    identity = Identity("official", "a", "trained", "cpu", "float32")
    return GamaModel(model, folder.description, TextCodec.read(OFFICIAL / "base", 1), identity), folder


def case(folder, name):
    """Waveform [1, T], instruction and greedy ids without the end token of one case."""
    entry = folder.expected["cases"][name]
    waveform = folder.inputs[f"audio{entry['audio']}.waveform"].numpy()
    ids = [token for token in entry["greedy_new_ids"] if token != 2]
    return waveform.reshape(1, -1), entry["instruction"], ids
