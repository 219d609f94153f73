"""The last steps of every model of the store: pickles converted, manifest written, then it is whole."""

from pathlib import Path

from gama_operations.models.store.choose import is_converted, refuse_doubles
from gama_operations.models.store.manifest import (
    Digests,
    FolderSource,
    HubSource,
    Manifest,
    ModelFile,
    Original,
    describe_file,
    digest,
    weights_revision,
)
from gama_operations.models.store.place import LISTING
from gama_operations.models.store.room import check_room, running_out_is_told
from gama_operations.models.store.watch import ByteCounter, Watch


def finish(
    unfinished: Path, places: dict[str, Path], *, known: dict[str, Digests], watch: Watch
) -> list[ModelFile]:
    """Converts what has to be, links what lies elsewhere, and describes every file.

    Args:
        unfinished: Where the model is put together.
        places: Path in the model → where the file lies.
        known: Digests of files that were read already.
        watch: Told of the stages hash and convert.

    Raises:
        ModelInvalidError: a pickle is damaged, or holds more than tensors.
        InvalidRequestError: two files would become one.
        DiskFullError: what is made from the pickles does not fit.
    """
    refuse_doubles(places)
    pickles = {path: file for path, file in places.items() if is_converted(path)}
    check_room(unfinished, sum(file.stat().st_size for file in pickles.values()), "Converting the pickles")
    digests = known | _hash({path: places[path] for path in places.keys() - known.keys()}, watch)
    made: dict[str, str] = {}
    if pickles:
        from gama_operations.models.store.convert import convert_all  # which imports torch

        with running_out_is_told(unfinished):
            made = convert_all([(file, path) for path, file in pickles.items()], unfinished, watch)
    fresh = _hash({path: unfinished / path for path in made.values()}, watch)
    files: list[ModelFile] = []
    for path, place in sorted(places.items()):
        if path in made:
            read = digests[path]
            original = Original(path, read.size, read.sha256)
            files.append(describe_file(unfinished, made[path], fresh[made[path]], made_from=original))
            (unfinished / path).unlink(missing_ok=True)  # a pickle that was fetched; never the user's
            continue
        linked = place != unfinished / path
        if linked:
            (unfinished / path).parent.mkdir(parents=True, exist_ok=True)
            (unfinished / path).symlink_to(place)
        files.append(describe_file(unfinished, path, digests[path], linked=linked))
    return files


def settle(unfinished: Path, whole: Path, source: HubSource | FolderSource, files: list[ModelFile]) -> None:
    """Writes the manifest, and gives the model its place: from now on it is whole."""
    commit = source.commit[:12] if isinstance(source, HubSource) else weights_revision(files)
    Manifest(1, source, commit, files).write(unfinished)
    (unfinished / LISTING).unlink(missing_ok=True)
    unfinished.rename(whole)


def _hash(files: dict[str, Path], watch: Watch) -> dict[str, Digests]:
    counter = ByteCounter(watch, "hash", sum(file.stat().st_size for file in files.values()))
    digests: dict[str, Digests] = {}
    for path, file in files.items():
        counter.file = path
        digests[path] = digest(file, counter.add)
    return digests
