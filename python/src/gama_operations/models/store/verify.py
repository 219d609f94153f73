"""Is a model of the store what it was, and do its files make a model?

Three questions, each asked where the one before found nothing: are the files there, with the hashes of the
manifest; are the safetensors whole; do their names and shapes make the model that config.json describes. No
number is loaded.
"""

from dataclasses import dataclass
from pathlib import Path

from gama_operations.errors import ModelInvalidError, OperationError
from gama_operations.models.family.catalogue import ENCODERS, MODULES
from gama_operations.models.registry import read_config
from gama_operations.models.store.entries import Entry, find_entry
from gama_operations.models.store.manifest import Manifest, ModelFile, digest
from gama_operations.models.store.place import model_folder
from gama_operations.models.store.watch import ByteCounter, Watch


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found."""

    entry: Entry
    problems: tuple[str, ...]
    """What is wrong, and what to do; empty when nothing is."""
    bytes_read: int
    tensors: int
    """Of the safetensors files."""
    structure: str | None
    """What names and shapes make; None where a problem stood before, the family is unknown, or the files are
    no model as they are."""


def verify(name: str, *, hashes: bool = True, watch: Watch) -> Verdict:
    """Compares a model's files with its manifest, and their names and shapes with its config.

    Args:
        name: Of the model.
        hashes: Whether to read the files and compare their hashes, else sizes only.
        watch: Told of the stages hash and structure.

    Raises:
        ModelNotFoundError: the store has no model of that name.
        ModelInvalidError: its manifest cannot be read.
    """
    entry = find_entry(name)
    folder = model_folder(name)
    manifest = Manifest.read(folder)
    problems, read = _compare(folder, manifest, hashes, watch)
    watch.report("structure", 0, 1, "", "")
    tensors, structure = 0, None
    if not problems:
        try:
            tensors = _check_headers(folder, manifest)
            structure = _check_structure(folder, manifest)
        except OperationError as error:
            problems.append(str(error))
    watch.report("structure", 1, 1, "", "")
    return Verdict(entry, tuple(problems), read, tensors, structure)


def _compare(folder: Path, manifest: Manifest, hashes: bool, watch: Watch) -> tuple[list[str], int]:
    counter = ByteCounter(watch, "hash", sum(file.size for file in manifest.files) if hashes else 0)
    problems: list[str] = []
    read = 0
    for file in manifest.files:
        counter.file = file.path
        problem = _size_problem(folder / file.path, file)
        if problem is None and hashes:
            found = digest(folder / file.path, counter.add)
            read += found.size
            if found.sha256 != file.sha256:
                problem = f"{file.path} has changed: SHA-256 {found.sha256}, expected {file.sha256}"
        if problem is not None:
            put = "put the file back, or " if file.linked else ""
            again = manifest.source.command(folder.name)
            problems.append(f"{problem}; {put}remove the model and `{again}`")
    return problems, read


def _size_problem(place: Path, file: ModelFile) -> str | None:
    try:
        size = place.stat().st_size
    except OSError:
        gone = f": {place.readlink()}, which it links to, was moved or deleted" if place.is_symlink() else ""
        return f"{file.path} is missing{gone}"
    return None if size == file.size else f"{file.path} has {size:,} bytes, expected {file.size:,}"


def _check_headers(folder: Path, manifest: Manifest) -> int:
    from gama_operations.models.store.headers import check_index, read_header

    paths = [file.path for file in manifest.files]
    count = sum(len(read_header(folder / path)) for path in paths if path.endswith(".safetensors"))
    for path in paths:
        if path.endswith(".safetensors.index.json"):
            check_index(folder / path, {folder / one for one in paths})
    return count


def _check_structure(folder: Path, manifest: Manifest) -> str | None:
    """What the config makes of names and shapes; None where the files are no model, and do not say so.

    Raises:
        ModelInvalidError: tensors are missing, surplus or misshapen: they are named; or there are none.
    """
    paths = [file.path for file in manifest.files]
    if "config.json" not in paths:
        return None
    if not any(path.endswith(".safetensors") for path in paths):
        raise ModelInvalidError(f"{folder.name} has a config.json and no weights")
    config = read_config(folder)
    family = config["model_type"]
    if family == "gama":
        from gama_operations.models.store.structure import check_gama

        return check_gama(folder)
    if family in ENCODERS:
        from gama_operations.models.store.structure import check_encoder

        return check_encoder(folder)
    if family in MODULES:
        from gama_operations.models.store.structure import check_member

        return check_member(folder, config)
    if "auto_map" in config and not _is_of_transformers(family):
        raise ModelInvalidError(
            f"{folder.name}: config.json names code of its own (auto_map), which is not run here, and "
            f"transformers has no {family}"
        )
    return None


def _is_of_transformers(family: str) -> bool:
    from transformers import CONFIG_MAPPING

    return family in CONFIG_MAPPING
