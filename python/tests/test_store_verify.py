"""Verifying names what changed in a model of the store, and what to do."""

import json
import re
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from gama_operations.models.store.add import add
from gama_operations.models.store.verify import verify
from gama_tiny import write_folder
from store_fixtures import UNWATCHED
from wav2vec2_models import edit

pytestmark = pytest.mark.usefixtures("store")


def change_byte(file):
    """Other content of the same length."""
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (change_byte, "model.safetensors has changed: SHA-256"),
        (lambda file: file.write_bytes(file.read_bytes()[:-7]), "bytes, expected"),
        (Path.unlink, "model.safetensors is missing: .*, which it links to, was moved or deleted"),
    ],
)
def test_verifying_names_what_changed_and_what_to_do(encoder, fault, told):
    add(encoder, watch=UNWATCHED)
    assert verify("encoder", watch=UNWATCHED).problems == ()
    fault(encoder / "model.safetensors")
    [problem] = verify("encoder", watch=UNWATCHED).problems
    assert re.search(told, problem)
    assert f"`grym-synth model add {encoder} --name encoder`" in problem


def test_verifying_without_hashes_reads_sizes_headers_and_shapes_only(encoder):
    add(encoder, watch=UNWATCHED)
    change_byte(encoder / "model.safetensors")
    quick = verify("encoder", hashes=False, watch=UNWATCHED)
    assert (quick.problems, quick.bytes_read) == ((), 0)
    assert quick.structure.startswith("wav2vec2 of ")
    assert quick.tensors == len(load_file(encoder / "model.safetensors"))


def spoil_header(file):
    content = file.read_bytes()
    file.write_bytes((1 << 60).to_bytes(8, "little") + content[8:])


def test_a_header_that_is_none_is_told_before_anything_believes_it(encoder):
    spoil_header(encoder / "model.safetensors")
    add(encoder, watch=UNWATCHED)
    [problem] = verify("encoder", watch=UNWATCHED).problems
    assert "is no whole safetensors file" in problem


def test_config_and_tensors_that_do_not_fit_are_named_without_loading_a_number(encoder, tmp_path):
    tensors = load_file(encoder / "model.safetensors")
    gone = sorted(tensors)[3]
    save_file(
        {name: tensor for name, tensor in tensors.items() if name != gone}, encoder / "model.safetensors"
    )
    add(encoder, "lacking", watch=UNWATCHED)
    assert gone in verify("lacking", watch=UNWATCHED).problems[0]
    gama = write_folder(tmp_path / "gama")
    edit(
        gama / "config.json",
        gama=json.loads((gama / "config.json").read_text())["gama"] | {"query_tokens": 5},
    )
    add(gama, watch=UNWATCHED)
    assert "query_tokens" in verify("gama", watch=UNWATCHED).problems[0]
