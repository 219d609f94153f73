"""What the hub says: which files a repository has at a commit, how long they are, and their hashes.

Talking to it is `huggingface_hub`'s: tokens (HF_TOKEN, `hf auth login`), HF_ENDPOINT, HF_HUB_OFFLINE, proxies
and retries are as everywhere. Its errors become ours here, without the addresses that they quote: the
hub sends large files through signed addresses, which are as good as a token for an hour.
"""

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import httpx2
import msgspec
from huggingface_hub import HfApi, KernelInfo, constants, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from gama_operations.errors import (
    HubUnreachableError,
    InvalidRequestError,
    ModelGatedError,
    ModelInvalidError,
    ModelNotFoundError,
    OperationError,
)
from gama_operations.models.store.manifest import PREFIXES, RepoType, address_of

API_TIMEOUT = 30.0
"""Seconds for the list of files."""

_COMMIT = re.compile(r"[0-9a-f]{7,40}")  # as short as git writes it: what is shorter is a branch or a tag
_QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']*")
_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{8,}|(?<=Bearer )\S+")


class HubFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a repository at one commit."""

    path: str
    size: int
    sha256: str | None
    """Of a large file."""
    git_sha1: str
    """Of a small one, as git hashes it; of a large one that of its pointer."""


class Repository(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A repository of the hub, as it is asked for."""

    repo: str
    repo_type: RepoType
    asked: str | None
    """Branch, tag or commit; None: the default branch."""

    @classmethod
    def parse(cls, repo: str, revision: str | None) -> "Repository":
        """`owner/name`, or `spaces/owner/name` as the hub's own addresses have it.

        Raises:
            InvalidRequestError: the revision is empty.
        """
        if revision == "":
            raise InvalidRequestError(f"the revision of {repo} is empty: leave it out for the default branch")
        for kind, prefix in PREFIXES.items():
            if repo.startswith(prefix):
                return cls(repo.removeprefix(prefix), kind, revision)
        return cls(repo, "model", revision)

    def means(self, asked: str | None, commit: str) -> bool:
        """Whether what was pinned as `commit` when `asked` was asked for is what is asked for here."""
        if self.asked is None or self.asked == asked:
            return True
        return _COMMIT.fullmatch(self.asked) is not None and commit.startswith(self.asked)

    @property
    def address(self) -> str:
        """What `parse` takes."""
        return address_of(self.repo, self.repo_type)

    @property
    def page(self) -> str:
        """Where a browser shows it."""
        return f"{constants.ENDPOINT}/{self.address}"


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All files of a repository at the commit that was pinned."""

    repository: Repository
    commit: str
    files: list[HubFile]


def list_repository(repository: Repository) -> Listing:
    """Asks the hub for the commit behind a revision, and for its files.

    Raises:
        InvalidRequestError: that is no name of a repository.
        ModelNotFoundError: no such repository or revision.
        ModelGatedError: its licence was not accepted, or the token is missing.
        HubUnreachableError: no connection, or HF_HUB_OFFLINE.
        ModelInvalidError: the hub does not tell how long a file is.
    """
    with hub_errors(repository):
        info = HfApi().repo_info(
            repository.repo,
            repo_type=repository.repo_type,
            revision=repository.asked,
            files_metadata=True,
            timeout=API_TIMEOUT,
        )
    files: list[HubFile] = []
    if isinstance(info, KernelInfo):
        raise TypeError(info)  # another type of repository, which was not asked for
    for sibling in info.siblings or []:
        size = sibling.lfs.size if sibling.lfs else sibling.size
        if size is None or sibling.blob_id is None or info.sha is None:
            raise ModelInvalidError(
                f"{repository.page}: the hub tells neither size nor hash of {sibling.rfilename}"
            )
        files.append(
            HubFile(sibling.rfilename, size, sibling.lfs.sha256 if sibling.lfs else None, sibling.blob_id)
        )
    return Listing(repository, cast("str", info.sha), files)


@contextmanager
def hub_errors(repository: Repository) -> Generator[None]:
    """Our errors in place of those of `huggingface_hub` and its HTTP client."""
    hide_secrets_in_logs()
    try:
        yield
    except OperationError:
        raise
    # `from None`: the traceback crosses the wire, and would quote signed addresses
    except HFValidationError as error:
        raise InvalidRequestError(f"{repository.repo!r} is no repository: {error}") from None
    except (httpx2.HTTPError, OfflineModeIsEnabled, OSError) as error:
        told = _told(repository, error)
        if told is None:
            raise
        raise told from None


def _told(repository: Repository, error: Exception) -> OperationError | None:
    where = repository.page
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if isinstance(error, OfflineModeIsEnabled):
        return HubUnreachableError(f"{where} is not asked: HF_HUB_OFFLINE is set", offline=True)
    if isinstance(error, RepositoryNotFoundError) and not isinstance(error, GatedRepoError):
        return ModelNotFoundError(
            f"the hub knows no {repository.repo_type} {repository.repo!r} ({where}); if it is private, log "
            "in first: `hf auth login`, or HF_TOKEN"
        )
    if status in (401, 403):
        return _gated(repository, status, gated=isinstance(error, GatedRepoError))
    if isinstance(error, RevisionNotFoundError | RemoteEntryNotFoundError):
        what = "file of that name" if isinstance(error, RemoteEntryNotFoundError) else "revision"
        return ModelNotFoundError(f"{where} has no {what} at {repository.asked or 'its default branch'}")
    if isinstance(error, httpx2.HTTPError):
        return HubUnreachableError(
            f"{where}: {type(error).__name__}: {without_secrets(str(error))}", offline=False
        )
    return None


def _gated(repository: Repository, status: int, *, gated: bool) -> ModelGatedError:
    licence = f"accept its licence at {repository.page} with your account, then " if gated else ""
    known = get_token() is not None
    login = (
        "check that the token belongs to that account and may read gated repositories"
        if known
        else "log in here (`hf auth login`, or HF_TOKEN)"
    )
    return ModelGatedError(
        f"{repository.page} gives no access ({status}{', it is gated' if gated else ''}): {licence}{login}, "
        "and run the same again. What was fetched before is kept",
        status=status,
        page=repository.page,
        logged_in=known,
    )


def without_secrets(text: str) -> str:
    """The text without tokens, and without the signatures of addresses."""
    return _TOKEN.sub("<token>", _QUERY.sub(r"\1?<signature>", text))


class _WithoutSecrets(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), ()
        return True


_hides = _WithoutSecrets()


def hide_secrets_in_logs() -> None:
    """From now on what is logged about downloads quotes no signed address; repeated calls change nothing."""
    for name in ("huggingface_hub.file_download", "huggingface_hub.utils._http", "httpx2"):
        logging.getLogger(name).addFilter(_hides)  # adds it once
