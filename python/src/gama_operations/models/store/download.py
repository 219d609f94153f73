"""A repository of the hub becomes a model of the store.

Nothing is fetched before it is known how much that is, and that it fits. What is fetched is of one commit:
the first attempt pins it, and later ones go on with it. Files that someone else puts into the unfinished
folder count as fetched, if they are the right ones: so a machine without network can be served by hand.
"""

import shlex
from collections.abc import Collection
from pathlib import Path

import msgspec

from gama_operations.errors import (
    HubUnreachableError,
    InvalidRequestError,
    ModelInvalidError,
    ModelNotFoundError,
)
from gama_operations.models.store.choose import choose_files, is_converted, refuse_doubles
from gama_operations.models.store.fetch import PART, compare, fetch
from gama_operations.models.store.finish import finish, settle
from gama_operations.models.store.hub import HubFile, Listing, Repository, list_repository
from gama_operations.models.store.manifest import MANIFEST, Digests, HubSource, Manifest, digest
from gama_operations.models.store.names import check_free
from gama_operations.models.store.place import (
    LISTING,
    discard,
    locked,
    model_folder,
    unfinished_folder,
)
from gama_operations.models.store.room import check_room
from gama_operations.models.store.watch import ByteCounter, Watch

_SHOWN = 20


class Download(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an unfinished download is of; lies beside what was fetched."""

    listing: Listing
    chosen: list[str]
    patterns: list[str] = []


def download(
    repo: str,
    revision: str | None = None,
    *,
    name: str | None = None,
    files: Collection[str] = (),
    watch: Watch,
) -> str:
    """Fetches a model, or finds it fetched.

    Args:
        repo: `owner/name`, or `spaces/owner/name`.
        revision: Branch, tag or commit; the default branch when None.
        name: What it is called here; by default as the repository, without its owner.
        files: Shell patterns of the files to fetch, instead of our choice.
        watch: Told of the stages list, download, hash, convert.

    Returns:
        Its name.

    Raises:
        InvalidRequestError: the name is taken by another model, revision or choice of files; or two of the
            files would become one.
        ModelNotFoundError: no such repository, revision or file.
        ModelGatedError: no access; the message says where to accept the licence.
        HubUnreachableError: no connection; `missing` names the files, `folder` says where to put them.
        DiskFullError: it does not fit; `needed` and `free` say by how much.
        ModelInvalidError: a file is not the one that the hub named.
    """
    repository = Repository.parse(repo, revision)
    name = name if name is not None else repository.repo.rpartition("/")[2]
    folder = model_folder(name)
    with locked(name):
        if (folder / MANIFEST).exists():
            _refuse_other(name, Manifest.read(folder), repository, files)
            return name
        check_free(name)
        unfinished = unfinished_folder(name)
        watch.report("list", 0, 1, "", "")
        work = _begin(unfinished, name, repository, files)
        watch.report("list", 1, 1, "", "")
        wanted = [file for file in work.listing.files if file.path in set(work.chosen)]
        digests = _fetch_all(work.listing, wanted, unfinished, watch)
        source = HubSource(
            repository.repo, repository.repo_type, work.listing.commit, repository.asked, work.patterns
        )
        places = {file.path: unfinished / file.path for file in wanted}
        files_of_it = finish(unfinished, places, known=digests, watch=watch)
        settle(unfinished, folder, source, files_of_it)
    return name


def _refuse_other(name: str, manifest: Manifest, repository: Repository, patterns: Collection[str]) -> None:
    source = manifest.source
    if isinstance(source, HubSource):
        of_it = (source.repo, source.repo_type) == (repository.repo, repository.repo_type)
        same = set(source.include) == set(patterns)
        if of_it and same and repository.means(source.asked, source.commit):
            return
        held = f"{source.address} at {source.commit[:12]}{_choice(source.include)}"
    else:
        held = f"the folder {source.path}"
    raise InvalidRequestError(
        f"the model {name!r} is here already, from {held}: remove it first, or give this one another name"
    )


def _begin(unfinished: Path, name: str, repository: Repository, patterns: Collection[str]) -> Download:
    """The download that lies there unfinished, or a new one."""
    file = unfinished / LISTING
    if file.exists():
        return _go_on(file, name, repository, patterns)
    try:
        listing = list_repository(repository)
    except HubUnreachableError as error:
        raise HubUnreachableError(
            f"{error}. Which files it has is not known here either: fetch it where there is a network "
            f"(`{_hub_command(repository, patterns)}`), bring the folder here, and "
            f"`grym-synth model add DIR --name {name}`",
            **error.details,
        ) from None
    chosen = choose_files((file.path for file in listing.files), patterns)
    if not chosen:
        raise ModelNotFoundError(
            f"{repository.page} at {listing.commit[:12]} has no file of a model"
            + (f" that matches {', '.join(patterns)}" if patterns else "")
        )
    _check_paths(chosen)
    refuse_doubles(chosen)
    work = Download(listing, chosen, list(patterns))
    if not unfinished.is_dir():
        discard(unfinished)
    unfinished.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(work))
    return work


def read_download(file: Path) -> Download:
    """What an unfinished download is of.

    Raises:
        ModelInvalidError: that cannot be read.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Download)
    except (OSError, msgspec.DecodeError) as error:
        remedy = f"`grym-synth model remove {file.parent.name}`"
        raise ModelInvalidError(f"{file} cannot be read: {error}; {remedy}") from error


def _choice(patterns: Collection[str]) -> str:
    return f", of which only {', '.join(patterns)}" if patterns else ""


def _hub_command(repository: Repository, patterns: Collection[str]) -> str:
    words = ["hf", "download", repository.repo]
    if repository.repo_type != "model":
        words += ["--repo-type", repository.repo_type]
    if repository.asked is not None:
        words += ["--revision", repository.asked]
    for pattern in patterns:
        words += ["--include", pattern]
    return shlex.join([*words, "--local-dir", "DIR"])


def _go_on(file: Path, name: str, repository: Repository, patterns: Collection[str]) -> Download:
    work = read_download(file)
    begun = work.listing.repository
    commit = work.listing.commit
    of_it = (begun.repo, begun.repo_type) == (repository.repo, repository.repo_type)
    if of_it and set(work.patterns) == set(patterns) and repository.means(begun.asked, commit):
        return work
    raise InvalidRequestError(
        f"a download of {begun.address} at {commit[:12]}{_choice(work.patterns)} is unfinished under "
        f"the name {name!r}: go on with it, or `grym-synth model remove {name}`"
    )


def _check_paths(paths: list[str]) -> None:
    """A repository's names become paths of this machine."""
    for path in paths:
        parts = path.split("/")
        if any(part in ("", ".", "..") for part in parts) or "\\" in path or path.endswith(PART):
            raise ModelInvalidError(f"the repository has a file {path!r}, which is no path below a folder")


def _fetch_all(listing: Listing, files: list[HubFile], folder: Path, watch: Watch) -> dict[str, Digests]:
    absent = [file for file in files if not (folder / file.path).exists()]
    kept = sum(_length(folder / f"{file.path}{PART}", file.size) for file in absent)
    # each pickle lies there twice until what is made from it is written
    made = sum(file.size for file in files if is_converted(file.path))
    check_room(folder, sum(file.size for file in absent) - kept + made, f"{listing.repository.repo}")
    counter = ByteCounter(watch, "download", sum(file.size for file in files))
    digests: dict[str, Digests] = {}
    for file in files:
        target = folder / file.path
        counter.file = file.path
        try:
            if target.exists():
                digests[file.path] = digest(target, counter.add)
                compare(listing, file, digests[file.path])
                target.with_name(f"{target.name}{PART}").unlink(missing_ok=True)
            else:
                digests[file.path] = fetch(listing, file, folder, counter)
        except HubUnreachableError as error:
            raise _with_missing(
                error, [file for file in absent if file.path not in digests], folder
            ) from None
    return digests


def _length(file: Path, most: int) -> int:
    length = file.stat().st_size if file.exists() else 0
    return length if length <= most else 0


def _with_missing(error: HubUnreachableError, missing: list[HubFile], folder: Path) -> HubUnreachableError:
    shown = ", ".join(f"{file.path} ({file.size:,} bytes)" for file in missing[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return HubUnreachableError(
        f"{error}. Missing are {shown}{more}: run the same again when there is a network, or put them into "
        f"{folder} by hand and run it then",
        missing=[file.path for file in missing],
        folder=str(folder),
        **error.details,
    )


def drop_unfinished(name: str) -> bool:
    """Deletes what an unfinished download or addition has left; whether there was something."""
    unfinished = unfinished_folder(name)
    return discard(unfinished)
