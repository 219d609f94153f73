"""One file of a repository, from the hub to the disk.

`huggingface_hub`'s `hf_hub_download` has what we need but for three things (2.4.0): a partial file does not
outlive its call, the content is compared with its length only, and a full disk is a warning. So the file
that lies beside the target is ours, and the transfer is its `http_get`: ranges, redirects, retries.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx2
from huggingface_hub import hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers

from gama_operations.errors import HubUnreachableError, ModelInvalidError
from gama_operations.models.store.hub import HubFile, Listing, hub_errors, without_secrets
from gama_operations.models.store.manifest import Digests, digest
from gama_operations.models.store.room import running_out_is_told
from gama_operations.models.store.watch import ByteCounter

PART = ".part"
_TRIES = 5  # as `http_get`, for the errors that it does not try again
_PAUSE = 1.0  # seconds


def fetch(listing: Listing, file: HubFile, folder: Path, counter: ByteCounter) -> Digests:
    """Brings a file into the folder, going on where an earlier attempt ended.

    Raises:
        HubUnreachableError: the connection was cut, and could not be had again.
        ModelGatedError: no access.
        ModelInvalidError: what came has another hash, or is longer than the hub said; it is removed.
        DiskFullError: no room was left.
    """
    target = folder / file.path
    part = target.with_name(target.name + PART)
    target.parent.mkdir(parents=True, exist_ok=True)
    counter.file = file.path
    if part.exists() and part.stat().st_size > file.size:
        part.unlink()
    had = part.stat().st_size if part.exists() else 0
    counter.add(had)
    try:
        with hub_errors(listing.repository), running_out_is_told(folder):
            _transfer(listing, file, part, counter)
        found = digest(part, lambda _count: counter.add(0))
        compare(listing, file, found)
    except ModelInvalidError:
        part.unlink()
        raise
    part.rename(target)
    return found


def compare(listing: Listing, file: HubFile, found: Digests) -> None:
    """Is this the file that the hub named?

    Raises:
        ModelInvalidError: it is not.
    """
    kind, expected, got = (
        ("git's SHA-1", file.git_sha1, found.git_sha1)
        if file.sha256 is None
        else ("SHA-256", file.sha256, found.sha256)
    )
    if (found.size, got) != (file.size, expected):
        raise ModelInvalidError(
            f"{file.path} is not the file of {listing.repository.repo} at {listing.commit[:12]}: {kind} "
            f"{got} of {found.size:,} bytes, expected {expected} of {file.size:,}",
            file=file.path,
            expected=expected,
            got=got,
        )


def _transfer(listing: Listing, file: HubFile, part: Path, counter: ByteCounter) -> None:
    repository = listing.repository
    url = hf_hub_url(repository.repo, file.path, repo_type=repository.repo_type, revision=listing.commit)
    fruitless = 0
    while True:
        part.touch()
        before = part.stat().st_size
        try:
            with part.open("ab") as stream:
                # A redirect to another host takes no token along: the client sees to that.
                http_get(
                    url,
                    stream,
                    resume_size=before,
                    headers=build_hf_headers(),
                    expected_size=file.size,
                    displayed_filename=file.path,
                    tqdm_class=_bar(counter, stream.tell, file),
                )
        except (httpx2.HTTPError, OSError) as error:
            fruitless = 0 if part.stat().st_size > before else fruitless + 1
            if isinstance(error, httpx2.ReadError) and fruitless < _TRIES:
                time.sleep(_PAUSE)
                continue
            if isinstance(error, httpx2.TransportError):
                raise HubUnreachableError(
                    f"the connection to {repository.page} was cut at {part.stat().st_size:,} of "
                    f"{file.size:,} bytes of {file.path} ({type(error).__name__}: "
                    f"{without_secrets(str(error))}); they are kept, and the same call goes on there",
                    offline=False,
                ) from None
            if type(error) is not OSError or error.errno is not None:
                raise
            # `http_get` saw another length than the listing's, which `compare` tells with the hashes
            return
        else:
            return


def _bar(counter: ByteCounter, written: Callable[[], int], file: HubFile) -> Any:
    """What `http_get` takes for a progress bar, and asks before it writes."""

    class Bar:
        """Tells the counter instead of a terminal."""

        def __init__(self, *_arguments: Any, **_options: Any) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_exception: object) -> None:
            pass

        def update(self, count: float | None = 1) -> None:
            coming = int(count or 0)
            if written() + coming > file.size:
                raise ModelInvalidError(
                    f"{file.path} is not what the hub listed: more than its {file.size:,} bytes come",
                    file=file.path,
                )
            counter.add(coming)

    return Bar
