"""The operations on the store of models: they need no model, and some take hours."""

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gama_operations.call import Call
from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import (
    AddModelData,
    AddModelResult,
    DownloadModelData,
    DownloadModelResult,
    ListModelsData,
    ListModelsResult,
    RemoveModelData,
    RemoveModelResult,
    StoredModel,
    VerifyModelData,
    VerifyModelResult,
)
from gama_operations.session import Session

if TYPE_CHECKING:
    from gama_operations.models.store.entries import Entry
    from gama_operations.models.store.watch import Watch


def download_model(_session: Session, data: DownloadModelData, call: Call) -> DownloadModelResult:
    """Fetch a model from the hub, or find it fetched."""
    from gama_operations.models.store.download import download
    from gama_operations.models.store.entries import find_entry

    name = download(data.repo, data.revision, name=data.name, files=data.files, watch=_watch(call))
    return DownloadModelResult(_stored(find_entry(name)))


def add_model(_session: Session, data: AddModelData, call: Call) -> AddModelResult:
    """Make a model of a folder."""
    from gama_operations.models.store.add import add
    from gama_operations.models.store.entries import find_entry

    name = add(
        _path("folder", data.folder),
        data.name,
        base=None if data.base is None else _path("base", data.base),
        checkpoint=None if data.checkpoint is None else _path("checkpoint", data.checkpoint),
        watch=_watch(call),
    )
    return AddModelResult(_stored(find_entry(name)))


def verify_model(_session: Session, data: VerifyModelData, call: Call) -> VerifyModelResult:
    """Compare a model with its manifest, and its tensors with its config."""
    from gama_operations.models.store.verify import verify

    verdict = verify(data.name, hashes=data.hashes, watch=_watch(call))
    return VerifyModelResult(
        model=_stored(verdict.entry),
        problems=list(verdict.problems),
        bytes_read=verdict.bytes_read,
        tensors=verdict.tensors,
        structure=verdict.structure,
    )


def list_models(_session: Session, _data: ListModelsData, _call: Call) -> ListModelsResult:
    """What the store holds."""
    from gama_operations.models.store.entries import list_entries
    from gama_operations.models.store.place import models_folder

    folder = models_folder()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    models = [_stored(entry) for entry in list_entries()]
    return ListModelsResult(str(folder), models, shutil.disk_usage(there).free)


def remove_model(_session: Session, data: RemoveModelData, _call: Call) -> RemoveModelResult:
    """Delete a model of the store."""
    from gama_operations.models.store.entries import remove

    return RemoveModelResult(remove(data.name))


STORE: dict[str, Callable[[Session, Any, Call], msgspec.Struct]] = {
    "download_model": download_model,
    "add_model": add_model,
    "verify_model": verify_model,
    "list_models": list_models,
    "remove_model": remove_model,
}
"""By the names that the protocol gives them."""


def _path(field: str, text: str) -> Path:
    """An empty one would be the folder that this process happens to run in.

    Raises:
        InvalidRequestError: it is empty.
    """
    if text == "":
        raise InvalidRequestError(f"`{field}` is empty: name a path")
    return Path(text)


def _watch(call: Call) -> "Watch":
    from gama_operations.models.store.watch import Watch

    return Watch(report=call.progress, check=call.check)


def _stored(entry: "Entry") -> StoredModel:
    return StoredModel(**asdict(entry))
