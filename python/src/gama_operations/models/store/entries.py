"""What lies in the store: listed, sized, removed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gama_operations.errors import InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models.ctc_kind import is_ctc, unused_head
from gama_operations.models.family.catalogue import CAPABILITIES
from gama_operations.models.store.download import drop_unfinished, read_download
from gama_operations.models.store.manifest import HubSource, Manifest
from gama_operations.models.store.names import is_shipped
from gama_operations.models.store.place import (
    LISTING,
    UNFINISHED,
    discard,
    is_name,
    locked,
    model_folder,
    models_folder,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the store."""

    name: str
    state: Literal["whole", "unfinished", "damaged"]
    """`unfinished`: its download goes on when asked for again; `damaged`: its manifest cannot be read."""
    folder: str
    family: str | None
    """`model_type` of its config.json."""
    capabilities: tuple[str, ...]
    """Of models of that type, and of its CTC head; none where they cannot be loaded here."""
    source: str
    """`hub:owner/name`, `hub:spaces/owner/name`, or the folder that was added."""
    revision: str | None
    size: int
    """Bytes of its files here."""
    linked_size: int
    """Bytes of its files that lie in the folder that was added."""
    files: int


def list_entries() -> list[Entry]:
    """All models of the store by name, unfinished ones too."""
    folder = models_folder()
    whole, unfinished = _folders(folder), _folders(folder / UNFINISHED)
    return sorted([*map(entry_of, whole), *map(_unfinished, unfinished)], key=lambda entry: entry.name)


def find_entry(name: str) -> Entry:
    """The model of that name, if it is whole.

    Raises:
        ModelNotFoundError: there is none.
    """
    folder = model_folder(name)
    _refuse_shipped(name)
    if not folder.is_dir():
        raise ModelNotFoundError(
            f"the store has no model {name!r}: `grym-synth model list` shows what there is",
            folder=str(models_folder()),
        )
    return entry_of(folder)


def entry_of(folder: Path) -> Entry:
    """What the manifest of a folder says."""
    try:
        manifest = Manifest.read(folder)
    except ModelInvalidError:
        return Entry(folder.name, "damaged", str(folder), None, (), "", None, *_measured(folder))
    source = manifest.source
    family = _family(folder)
    linked = sum(file.size for file in manifest.files if file.linked)
    return Entry(
        name=folder.name,
        state="whole",
        folder=str(folder),
        family=family,
        capabilities=(*CAPABILITIES.get(family or "", ()), *_transcribes(folder)),
        source=f"hub:{source.address}" if isinstance(source, HubSource) else source.path,
        revision=manifest.revision,
        size=sum(file.size for file in manifest.files) - linked,
        linked_size=linked,
        files=len(manifest.files),
    )


def _transcribes(folder: Path) -> tuple[str, ...]:
    try:
        config = json.loads((folder / "config.json").read_text())
        return ("transcribe",) if is_ctc(config) and unused_head(folder, config) is None else ()
    except (OSError, ValueError, AttributeError, ModelInvalidError):  # no config that can be read
        return ()


def remove(name: str) -> int:
    """Deletes a model, or what is left of an unfinished one; never what it links to.

    Returns:
        Bytes that became free.

    Raises:
        ModelNotFoundError: there is none of that name.
        InvalidRequestError: another process works on it, or other models link to its files.
    """
    folder = model_folder(name)
    _refuse_shipped(name)
    with locked(name):
        users = [other.name for other in _folders(models_folder()) if _links_into(folder, other)]
        if users:
            raise InvalidRequestError(
                f"{' and '.join(sorted(users))} would lose files that lie in {name!r}: remove that first"
            )
        mine = [entry for entry in list_entries() if entry.name == name]
        before = sum(entry.size for entry in mine if not Path(entry.folder).is_symlink())
        dropped = drop_unfinished(name)
        if not discard(folder) and not dropped:
            raise ModelNotFoundError(f"the store has no model {name!r}", folder=str(models_folder()))
    return before


def _refuse_shipped(name: str) -> None:
    if is_shipped(name):
        raise ModelNotFoundError(
            f"{name!r} ships with grym-synth and is no model of the store: it has no manifest, and cannot be "
            "removed",
            folder=str(models_folder()),
        )


def _links_into(folder: Path, other: Path) -> bool:
    if other == folder or folder.is_symlink():
        return False
    place = folder.resolve()
    links = (file for file in other.rglob("*") if file.is_symlink())
    return any((link.parent / link.readlink()).is_relative_to(place) for link in links)


def _folders(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return [place for place in found if is_name(place.name) and place.is_dir()]


def _unfinished(folder: Path) -> Entry:
    try:
        listing = read_download(folder / LISTING).listing
    except ModelInvalidError:
        source = commit = None
    else:
        source, commit = f"hub:{listing.repository.address}", listing.commit[:12]
    return Entry(folder.name, "unfinished", str(folder), None, (), source or "", commit, *_measured(folder))


def _measured(folder: Path) -> tuple[int, int, int]:
    """Bytes here, bytes behind links, files."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    here = sum(file.stat().st_size for file in files if not file.is_symlink())
    return here, sum(file.stat().st_size for file in files if file.is_symlink()), len(files)


def _family(folder: Path) -> str | None:
    try:
        config = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return None
    family = config.get("model_type") if isinstance(config, dict) else None
    return family if isinstance(family, str) else None
